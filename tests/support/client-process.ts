// A client in a process of its own, which a test can stop and kill as the kernel does: it takes messages of a
// consumer and settles none.

import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { connect } from '@sluice/client'

const self = new URL(import.meta.url).pathname

/** Resolves when its first message has come. Killed after the test. */
export async function holderFor(
  test: TestContext,
  address: string,
  [stream, consumer, window]: readonly [stream: string, consumer: string, window: number],
): Promise<ChildProcess> {
  const child = fork(self, [address, stream, consumer, String(window)])
  test.after(() => child.kill('SIGKILL'))
  await once(child, 'message')
  return child
}

async function hold([address, stream, name, window]: readonly string[]): Promise<void> {
  const client = await connect({ servers: [address!] })
  const consumer = await client.consumers.get(stream!, name!)
  let count = 0
  for await (const _ of consumer.messages({ window: Number(window) }))
    if (++count === 1) process.send!('first')
}

if (process.argv[1] === self && process.send !== undefined) await hold(process.argv.slice(2))
