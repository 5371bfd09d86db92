// `sluice serve` as a process: what it prints, how it ends, and what a SIGKILL leaves.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { connect } from '@sluice/client'
import { RawPeer } from './servers/native/raw-peer.contract.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
const root = mkdtempSync(join(tmpdir(), 'sluice-serve-'))
const running = new Set<ChildProcess>()
after(() => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})
let folderCount = 0
const newFolder = (): string => join(root, String(++folderCount))

interface Served {
  readonly child: ChildProcess
  out: string
  error: string
  readonly exit: Promise<{ code: number | null; signal: string | null }>
}

function start(args: readonly string[], environment: Record<string, string> = {}): Served {
  const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, ...environment } })
  running.add(child)
  const exit = once(child, 'close').then(([code, signal]) => {
    running.delete(child)
    return { code, signal }
  })
  const served: Served = { child, out: '', error: '', exit }
  child.stdout!.on('data', (text: Buffer) => (served.out += text.toString()))
  child.stderr!.on('data', (text: Buffer) => (served.error += text.toString()))
  return served
}

async function portOf(served: Served): Promise<number> {
  while (!served.out.includes('\n')) {
    await Promise.race([once(served.child.stdout!, 'data'), served.exit])
    assert.ok(running.has(served.child), `it ended: ${served.error}`)
  }
  return Number(/:(\d+)/.exec(served.out.slice(served.out.indexOf('127.0.0.1')))?.[1])
}

const listen = ['--listen', '127.0.0.1:0', '--kafka-listen', '127.0.0.1:0']

test('says when it is ready, ends in order on SIGTERM, and tells its clients', async () => {
  const dataDir = newFolder()
  const served = start(['serve', '--data-dir', dataDir, ...listen])
  const peer = await RawPeer.greeted(await portOf(served))
  assert.match(served.out, /^sluice ready on 127\.0\.0\.1:\d+, for Kafka on 127\.0\.0\.1:\d+, data in \S+\n$/)
  assert.equal(existsSync(dataDir), true)
  served.child.kill('SIGTERM')
  assert.equal((await peer.goodbye()).error?.code, 'stopping')
  assert.deepEqual(await served.exit, { code: 0, signal: null })
  assert.match(served.error, /stopping signal=SIGTERM\n.*stopped\n/)
})

test('with --json every line is an object', async () => {
  const served = start(['serve', '--data-dir', newFolder(), ...listen, '--json', '--name', 'n1'])
  await once(served.child.stdout!, 'data')
  const { port, ...ready } = JSON.parse(served.out)
  assert.equal(ready.ready, true)
  assert.equal(ready.name, 'n1')
  assert.ok(port > 0)
  served.child.kill('SIGINT')
  assert.equal((await served.exit).code, 0)
  for (const line of served.error.trim().split('\n')) assert.equal(typeof JSON.parse(line).message, 'string')
})

test('a file, the environment and flags configure it', async () => {
  const file = join(root, 'sluice.yaml')
  const dataDir = newFolder()
  writeFileSync(file, `dataDir: ${dataDir}\nlisten: 127.0.0.1:1\nname: from-file\n`)
  const served = start(['serve', '--config', file, ...listen], { SLUICE_NAME: 'from-environment' })
  await portOf(served)
  assert.match(served.out, /^from-environment ready/)
  assert.ok(served.out.includes(dataDir))
  served.child.kill('SIGTERM')
  await served.exit
})

for (const [args, text] of [
  [['serve', '--segment-byte', '5'], /perhaps --segment-bytes is meant/],
  [['serve', '--config', '/none.yaml'], /cannot be read/],
  [['serve', '--listen', 'x'], /must be host:port/],
  [['serve', '--segment-bytes', 'many'], /whole number/],
  [['serve', '--shards', 'all'], /whole number from 1 to 64, or auto/],
  [['serve', '--shards', '65'], /whole number from 1 to 64, or auto/],
  [['serve', '--listen', '127.0.0.1:65534', '--shards', '2'], /2 shards need the 2 ports above it/],
] as const) {
  test(`${args.join(' ')} is a mistake of whoever calls: 2`, async () => {
    const served = start(args)
    assert.equal((await served.exit).code, 2)
    assert.match(served.error, text)
    assert.ok(!served.error.includes('    at '), 'no stack for a plain mistake')
  })
}

test('a folder that another broker holds is a conflict: 4, and the other goes on', async () => {
  const dataDir = newFolder()
  const first = start(['serve', '--data-dir', dataDir, ...listen])
  const port = await portOf(first)
  const second = start(['serve', '--data-dir', dataDir, ...listen])
  assert.equal((await second.exit).code, 4)
  assert.match(second.error, /Stop the other broker first/)
  const client = await connect({ servers: [`127.0.0.1:${port}`] })
  await client.streams.create('S', {})
  await client.close()
  first.child.kill('SIGTERM')
  await first.exit
})

test('what was confirmed before a SIGKILL is there after it, again and again', async () => {
  const dataDir = newFolder()
  let confirmed = 0
  for (let life = 0; life < 4; life++) {
    const served = start(['serve', '--data-dir', dataDir, ...listen])
    const client = await connect({ servers: [`127.0.0.1:${await portOf(served)}`], connectTimeoutMs: 20_000 })
    await client.streams.create('S', {})
    const [partition] = (await client.streams.get('S')).partitions
    assert.ok(partition!.highWatermark >= confirmed, `${partition!.highWatermark} of ${confirmed} are left`)
    const publishing = (async () => {
      for (;;) confirmed = (await client.publish('S', 'a.b', 'x'.repeat(100))).offset + 1
    })()
    await Promise.race([
      new Promise((resolve) => setTimeout(resolve, 150 + life * 30)),
      publishing.catch(() => {}),
    ])
    served.child.kill('SIGKILL')
    await served.exit
    await client.close()
    await publishing.catch(() => {})
  }
  assert.ok(confirmed > 20, `${confirmed} messages were confirmed`)
})

test('shards are reached through one port and end in order', async () => {
  const dataDir = newFolder()
  const served = start(['serve', '--data-dir', dataDir, ...listen, '--shards', '2'])
  const port = await portOf(served)
  const client = await connect({ servers: [`127.0.0.1:${port}`], connectTimeoutMs: 20_000 })
  await client.streams.create('S', { partitions: 2 })
  const { partitions } = await client.streams.get('S')
  assert.deepEqual(new Set(partitions.map(({ node }) => node)), new Set([0, 1]))
  await client.close()
  served.child.kill('SIGTERM')
  assert.deepEqual(await served.exit, { code: 0, signal: null })
  assert.equal(existsSync(join(dataDir, 'clean-shutdown')), true)
})
