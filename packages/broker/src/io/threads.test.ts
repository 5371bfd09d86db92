import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { memoryThreads } from './memory-threads.ts'
import { availableCores, realThreads } from './real-threads.ts'
import { channelContract } from './threads.contract.ts'
import type { Threads } from './threads.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-threads-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const entry = join(folder, 'entry.mjs')
const realThreadsModule = new URL('real-threads.ts', import.meta.url).href
writeFileSync(
  entry,
  `import { threadStart, openPort } from ${JSON.stringify(realThreadsModule)}
const { setup, end } = threadStart()
const channel = openPort(end)
channel.start({
  received: (message) => {
    if (message === 'fail') throw new Error('it was told to')
    channel.post({ setup, message })
  },
  closed: () => {},
})
`,
)

const real = (): Threads => realThreads(pathToFileURL(entry))
const inMemory = (): Threads =>
  memoryThreads(({ setup, end }, threads, fail) => {
    const channel = threads.open(end)
    channel.start({
      received: (message) => {
        if (message === 'fail') fail(new Error('it was told to'))
        else channel.post({ setup, message })
      },
      closed: () => {},
    })
  })

for (const [kind, threads] of [
  ['real', real],
  ['in memory', inMemory],
] as const) {
  channelContract(kind, threads)

  test(`${kind}: a thread answers, and its failure is told after its channel has closed`, async () => {
    const world = threads()
    const [ours, theirs] = world.channel()
    const events: unknown[] = []
    const [ended, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    world.start({ setup: { node: 3 }, end: theirs }, (error) => {
      events.push(error?.message)
      ended.resolve()
    })
    const channel = world.open(ours)
    channel.start({
      received: (message) => {
        events.push(message)
        channel.post('fail')
      },
      closed: () => {
        events.push('closed')
        closed.resolve()
      },
    })
    channel.post('hello')
    await Promise.all([ended.promise, closed.promise])
    assert.deepEqual(events[0], { setup: { node: 3 }, message: 'hello' })
    assert.deepEqual(new Set(events.slice(1)), new Set(['closed', 'it was told to']))
  })

  test(`${kind}: a thread that is ended has no error`, async () => {
    const world = threads()
    const [ours, theirs] = world.channel()
    const ended = new Promise<Error | undefined>((resolve) => {
      const thread = world.start({ setup: null, end: theirs }, resolve)
      const channel = world.open(ours)
      channel.start({ received: () => thread.terminate(), closed: () => {} })
      channel.post('hello')
    })
    assert.equal(await ended, undefined)
  })
}

test('there is a core', () => assert.ok(availableCores() >= 1))

for (const [what, keepsAlive] of [
  ['is kept alive until it is let go', true],
  ['ends without', false],
] as const) {
  test(`a process without threads ${what}`, async () => {
    const script = `import { realThreads } from ${JSON.stringify(realThreadsModule)}
const letGo = ${keepsAlive} ? realThreads(new URL('file:///none')).keepAlive() : () => {}
const startedMs = Date.now()
setTimeout(letGo, 300).unref()
process.on('exit', () => process.stdout.write(Date.now() - startedMs >= 290 ? 'later' : 'at once'))`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script])
    let out = ''
    child.stdout.on('data', (text: Buffer) => (out += text.toString()))
    await once(child, 'close')
    assert.equal(out, keepsAlive ? 'later' : 'at once')
  })
}
