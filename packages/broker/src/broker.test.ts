// The whole broker through its own door, on real files.

import assert from 'node:assert/strict'
import {
  closeSync,
  fstatSync,
  globSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect } from '@sluice/client'
import { Broker } from './broker.ts'
import { realIo } from './io/real-io.ts'
import { verifyDirectory } from './log/offline.ts'

const root = mkdtempSync(join(tmpdir(), 'sluice-broker-'))
after(() => rmSync(root, { recursive: true, force: true }))
let folderCount = 0
const newFolder = (): string => join(root, String(++folderCount))

test('a broker in memory is up at once and needs no port', async () => {
  const startedMs = performance.now()
  const broker = await Broker.start({ memory: true })
  const client = await broker.connect()
  await client.streams.create('S', {})
  assert.deepEqual(await client.publish('S', 'a.b', 'hello'), { partition: 0, offset: 0 })
  assert.ok(performance.now() - startedMs < 1000)
  assert.equal(broker.address, undefined)
  await broker.close()
})

test('a broker in memory does not pretend to be durable', async () => {
  const broker = await Broker.start({ memory: true })
  const client = await broker.connect()
  assert.equal((await client.streams.create('S', {})).config.durability, 'memory')
  await assert.rejects(client.streams.create('T', { durability: 'fsync' }), { code: 'invalid-stream-config' })
  await broker.close()
})

test('streams, messages and consumers survive a restart; the boot epoch grows', async () => {
  const dataDir = newFolder()
  const first = await Broker.start({ dataDir })
  const client = await first.connect()
  await client.streams.create('S', { partitions: 2 })
  await client.consumers.create('S', { name: 'c', rules: [{ match: 'a.>', limit: 1 }] })
  await client.publish('S', 'a.b', 'hello')
  await first.close()
  const second = await Broker.start({ dataDir, listen: { port: 0 } })
  const again = await connect({ servers: [`127.0.0.1:${second.address!.port}`] })
  const { partitions } = await again.streams.get('S')
  assert.equal(
    partitions.reduce((sum, { highWatermark }) => sum + highWatermark, 0),
    1,
  )
  assert.equal((await again.consumers.get('S', 'c')).info.config.rules[0]!.limit, 1)
  await again.close()
  await second.close()
})

test('past the page cache and through it, the same is stored and read', async () => {
  const dataDir = newFolder()
  const size = (index: number): number => (index * 997) % 9000
  const offsets = Array.from({ length: 200 }, (_, index) => index)
  for (const [life, directIo] of (['on', 'off', 'on'] as const).entries()) {
    const limits = { directIo, tailCacheBytes: 0, segmentBytes: 100_000 }
    const broker = await Broker.start({ dataDir, limits })
    const client = await broker.connect()
    if (life === 0) await client.streams.create('S', {})
    const published = offsets.slice(life * 50, life * 50 + 100)
    await Promise.all(published.map((index) => client.publish('S', 'a', Buffer.alloc(size(index), index))))
    const read: [number, number, boolean][] = []
    for await (const { records } of client.log('S').read({ batchBytes: 50_000 }))
      for (const { offset, data } of records)
        read.push([offset, data!.length, data!.every((byte) => byte === data![0])])
    assert.equal(read.length, (life + 1) * 100)
    assert.deepEqual(
      read.slice(-100),
      published.map((index, at) => [life * 100 + at, size(index), true]),
    )
    await broker.close()
    const findings: unknown[] = []
    const summary = await verifyDirectory(realIo(), dataDir, (finding) => findings.push(finding))
    assert.deepEqual([findings, summary.wasClosedCleanly], [[], true], 'nothing but batches is in the files')
  }
})

test('bytes that go bad after they were read are found by their reader, named and left out', async () => {
  const dataDir = newFolder()
  const broker = await Broker.start({ dataDir, listen: { port: 0 }, limits: { tailCacheBytes: 0 } })
  const client = await connect({ servers: [`127.0.0.1:${broker.address!.port}`] })
  await client.streams.create('S', {})
  for (let index = 0; index < 20; index++) await client.publish('S', 'a', Buffer.alloc(50_000, index))
  const offsets = async (): Promise<number[]> => {
    const found: number[] = []
    for await (const { records } of client.log('S').read({ batchBytes: 200_000 }))
      for (const { offset, data } of records) if (data!.every((byte) => byte === offset)) found.push(offset)
    return found
  }
  const all = Array.from({ length: 20 }, (_, index) => index)
  assert.deepEqual(await offsets(), all)
  const path = globSync(`${dataDir}/streams/**/*.log`)[0]!
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.from([99]), 0, 1, 7 * (fstatSync(file).size / 20) + 25_000)
  closeSync(file)
  const others = all.filter((offset) => offset !== 7)
  assert.deepEqual(await offsets(), others)
  assert.equal((await client.streams.get('S')).partitions[0]!.quarantined, 1)
  assert.deepEqual(await offsets(), others)
  await client.close()
  await broker.close()
})

test('two brokers cannot share a folder, and the second leaves the first alone', async () => {
  const dataDir = newFolder()
  const first = await Broker.start({ dataDir })
  await assert.rejects(Broker.start({ dataDir }), { code: 'data-directory-locked' })
  const client = await first.connect()
  await client.streams.create('S', {})
  await first.close()
  const second = await Broker.start({ dataDir })
  assert.equal((await (await second.connect()).streams.list()).length, 1)
  await second.close()
})

test('a folder of a newer format and a folder of someone else are refused', async () => {
  const newer = newFolder()
  await (await Broker.start({ dataDir: newer })).close()
  writeFileSync(join(newer, 'format'), '{"format":2}')
  await assert.rejects(Broker.start({ dataDir: newer }), { code: 'data-directory-newer' })
  const foreign = root
  await assert.rejects(Broker.start({ dataDir: foreign }), { code: 'data-directory-invalid' })
})

test('a port in use fails the start, and leaves the folder free', async () => {
  const first = await Broker.start({ memory: true, listen: { port: 0 } })
  const dataDir = newFolder()
  await assert.rejects(Broker.start({ dataDir, listen: { port: first.address!.port } }), {
    code: 'io-failed',
  })
  await (await Broker.start({ dataDir })).close()
  await first.close()
})

for (const options of [
  {},
  { dataDir: '' },
  { memory: false },
  { dataDir: '/x', memory: true },
  { dataDir: 5 },
]) {
  test(`refuses to start with ${JSON.stringify(options)}`, async () => {
    await assert.rejects(Broker.start(options as never), {
      code: 'invalid-config',
      message: /dataDir or memory/,
    })
  })
}

test('unknown limits are refused', async () => {
  const started = Broker.start({ memory: true, limits: { segmentsBytes: 5 } as object })
  await assert.rejects(started, { code: 'invalid-config', message: /perhaps segmentBytes/ })
})

test('closing twice is closing once; what was published before is confirmed', async () => {
  const dataDir = newFolder()
  const broker = await Broker.start({ dataDir })
  const client = await broker.connect()
  await client.streams.create('S', {})
  const published = Array.from({ length: 50 }, (_, index) => client.publish('S', 'a', String(index)))
  await new Promise((resolve) => setTimeout(resolve, 5))
  const closing = [broker.close(), broker.close()]
  const outcomes = await Promise.allSettled(published)
  await Promise.all(closing)
  const confirmed = outcomes.filter(({ status }) => status === 'fulfilled').length
  const again = await Broker.start({ dataDir })
  const { partitions } = await (await again.connect()).streams.get('S')
  assert.ok(partitions[0]!.highWatermark >= confirmed)
  await again.close()
  await assert.rejects(broker.connect())
})
