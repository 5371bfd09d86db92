// The program of docs/guides/client.md, run as it stands in a process of its own, against one node and two.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { promisify } from 'node:util'
import { brokerFor } from '../support/broker-process.ts'

const guide = readFileSync(new URL('../../docs/guides/client.md', import.meta.url), 'utf8')
const root = new URL('../..', import.meta.url).pathname
const run = promisify(execFile)

function program(address: string): string {
  const pieces = Array.from(guide.matchAll(/^```ts\n(.*?)^```$/gms), ([, piece]) => piece!)
  const text = pieces.join('\n')
  assert.ok(pieces.length >= 6 && text.includes("'127.0.0.1:9898'"), 'the guide has its pieces')
  return text.replace("'127.0.0.1:9898'", `'${address}'`)
}

for (const shards of ['1', '2']) {
  test(`the guide to the client is a program that runs, with ${shards} shards`, async (t) => {
    const { address } = await brokerFor(t, { flags: ['--shards', shards] })
    const args = ['--input-type=module-typescript', '--eval', program(address)]
    const { stdout } = await run(process.execPath, args, { cwd: root, timeout: 60_000 })
    const lines = stdout.split('\n')
    assert.match(lines[0]!, /^orders\.(eu\.acme|us\.zeta) (one|undefined) 1$/)
    assert.equal(lines.at(-2), 'true')
  })
}
