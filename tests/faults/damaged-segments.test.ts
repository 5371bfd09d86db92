// Damage in the files of a stopped broker: it is named with its file and position, by `sluice log verify` and
// by the next start, left out, and everything else is served; consumers count it and get past it.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import type { Client } from '@sluice/client'
import { brokerFor } from '../support/broker-process.ts'
import type { BrokerProcess } from '../support/broker-process.ts'
import { batchesIn, flipBit, segmentsOf, verify } from '../support/stored-files.ts'
import type { StoredBatch } from '../support/stored-files.ts'

const recordsPerBatch = 10
const batchCount = 24
const total = recordsPerBatch * batchCount
/** Where in a batch the bit is, and so the streams: numbered from 1, in the order of their creation. */
const places = { length: 10, header: 59, record: 500 } as const
const streams = Object.keys(places)

interface Setup {
  readonly broker: BrokerProcess
  readonly client: Client
}

/** Three streams of four segments each, with a consumer that has settled the first batch. */
async function setUp(t: TestContext): Promise<Setup> {
  const broker = await brokerFor(t, { flags: ['--segment-bytes', '65536', '--log-format', 'json'] })
  const client = await broker.connect()
  t.after(() => client.close())
  for (const stream of streams) {
    await client.streams.create(stream)
    await client.consumers.create(stream, { name: 'c', rules: [{ match: 's.*', limit: 5 }] })
    await Promise.all(Array.from({ length: batchCount }, (_, batch) => publishOne(client, stream, batch)))
    await settle(client, stream, recordsPerBatch)
  }
  return { broker, client }
}

async function publishOne(client: Client, stream: string, batch: number): Promise<void> {
  const messages = Array.from({ length: recordsPerBatch }, (_, index) => ({
    subject: `s.${index}`,
    data: `${batch * recordsPerBatch + index} `.padEnd(1000, 'x'),
  }))
  await client.publishBatch(stream, messages)
}

/** Acks so many messages of the consumer, and gives their offsets. */
async function settle(client: Client, stream: string, count: number): Promise<number[]> {
  const consumer = await client.consumers.get(stream, 'c')
  const offsets: number[] = []
  for await (const message of consumer.messages({ window: 10, signal: AbortSignal.timeout(20_000) })) {
    assert.equal(Number.parseInt(message.data!.toString()), message.offset)
    await message.ack()
    offsets.push(message.offset)
    if (offsets.length === count) break
  }
  assert.equal(offsets.length, count, 'the consumer does not get past the damage')
  return offsets.sort((a, b) => a - b)
}

async function read(client: Client, stream: string): Promise<number[]> {
  const offsets: number[] = []
  for await (const { records } of client.log(stream).read({ from: 'first' })) {
    for (const { offset, data } of records) {
      assert.equal(Number.parseInt(data!.toString()), offset)
      offsets.push(offset)
    }
  }
  return offsets
}

function allBut(lost: readonly StoredBatch[], end = total): number[] {
  const isLost = (offset: number): boolean =>
    lost.some(({ baseOffset, recordCount }) => offset >= baseOffset && offset < baseOffset + recordCount)
  return Array.from({ length: end }, (_, offset) => offset).filter((offset) => !isLost(offset))
}

function assertNamed(broker: BrokerProcess, { file, position }: StoredBatch): void {
  const lines = broker.errorText.split('\n').filter((line) => line.includes(`"${file}"`))
  const isNamed = lines.some((line) => line.includes(`"position":${position}`))
  assert.ok(isNamed, `${file} at ${position} is not named in the log:\n${broker.errorText}`)
}

async function assertServed(client: Client, stream: string, lost: readonly StoredBatch[]): Promise<void> {
  const served = allBut(lost)
  assert.deepEqual(await read(client, stream), served)
  const [info] = (await client.streams.get(stream)).partitions
  assert.equal(info!.quarantined, recordsPerBatch * lost.length)
  assert.equal(info!.highWatermark, total)
  const rest = served.slice(recordsPerBatch)
  assert.deepEqual(await settle(client, stream, rest.length), rest)
  const stats = await (await client.consumers.get(stream, 'c')).stats()
  assert.equal(stats.quarantined, recordsPerBatch * lost.length)
  assert.equal(stats.partitions[0]!.floor, total)
  const { offset } = await client.publish(stream, 's.1', String(total).padEnd(10))
  assert.equal(offset, total, 'publishing goes on behind')
}

for (const end of ['kill', 'stop'] as const) {
  test(`bits flip after a ${end}, in sealed and active segments`, { timeout: 60_000 }, async (t) => {
    const { broker, client } = await setUp(t)
    await broker[end]()
    const lost = streams.map((_, index) => {
      const segments = segmentsOf(broker.dataDir, index + 1)
      return [batchesIn(segments[1]!)[2]!, batchesIn(segments.at(-1)!)[1]!]
    })
    Object.values(places).forEach((place, index) => {
      for (const { file, position } of lost[index]!) flipBit(file, position + place)
    })
    const { exitCode, findings, damages } = await verify(broker.dataDir)
    assert.equal(exitCode, 5)
    assert.equal(damages, 6)
    for (const { file, position, baseOffset } of lost.flat()) {
      const finding = findings.find((other) => other.file === file)
      assert.deepEqual([finding?.position, finding?.baseOffset], [position, baseOffset])
    }
    await broker.start()
    for (const [index, stream] of streams.entries()) await assertServed(client, stream, lost[index]!)
    for (const batch of lost.flat()) assertNamed(broker, batch)
    // A second start finds the same, and loses nothing more.
    await broker.stop()
    await broker.start()
    for (const [index, stream] of streams.entries())
      assert.deepEqual(await read(client, stream), allBut(lost[index]!, total + 1))
  })
}

test('the end of the active segment is cut off, after a kill and after a stop', async (t) => {
  const { broker, client } = await setUp(t)
  for (const [end, streamId, stream] of [
    ['kill', 1, streams[0]!],
    ['stop', 2, streams[1]!],
  ] as const) {
    await broker[end]()
    const last = batchesIn(segmentsOf(broker.dataDir, streamId).at(-1)!).at(-1)!
    truncateSync(last.file, last.position + 100)
    await broker.start()
    assertNamed(broker, last)
    assert.deepEqual(await read(client, stream), allBut([last]))
    const { offset } = await client.publish(stream, 's.0', String(total))
    assert.ok(offset >= last.baseOffset)
    const rest = allBut([last]).length - recordsPerBatch + 1
    assert.equal((await settleAny(client, stream, rest)).length, rest)
  }
})

/** As `settle`, where the data does not say the offset. */
async function settleAny(client: Client, stream: string, count: number): Promise<number[]> {
  const offsets: number[] = []
  const consumer = await client.consumers.get(stream, 'c')
  for await (const message of consumer.messages({ signal: AbortSignal.timeout(20_000) })) {
    await message.ack()
    if (offsets.push(message.offset) === count) break
  }
  return offsets
}

test('deleted index files are made anew', async (t) => {
  const { broker, client } = await setUp(t)
  await broker.stop()
  const folder = dirname(segmentsOf(broker.dataDir, 1)[0]!)
  const indexes = readdirSync(folder).filter((name) => /\.(index|timeindex)$/.test(name))
  assert.ok(indexes.length >= 2)
  for (const name of indexes) rmSync(join(folder, name))
  await broker.start()
  assert.deepEqual(await read(client, streams[0]!), allBut([]))
  for await (const { records } of client.log(streams[0]!).read({ from: { time: Date.now() - 3_600_000 } })) {
    assert.equal(records[0]!.offset, 0)
    break
  }
  for await (const { records } of client.log(streams[0]!).read({ from: { offset: 123 } })) {
    assert.equal(records[0]!.offset, 123)
    break
  }
  await broker.stop()
  assert.equal((await verify(broker.dataDir)).exitCode, 0)
})

test('a deleted segment in the middle is named, and the rest is served', async (t) => {
  const { broker, client } = await setUp(t)
  await broker.stop()
  const [, second] = segmentsOf(broker.dataDir, 1)
  const lost = batchesIn(second!)
  rmSync(second!)
  const { exitCode, findings } = await verify(broker.dataDir)
  assert.equal(exitCode, 5)
  assert.equal(findings.find(({ isDamage }) => isDamage)?.baseOffset, lost[0]!.baseOffset)
  await broker.start()
  assert.ok(broker.errorText.includes(second!), 'the missing segment is named')
  const served = allBut(lost)
  assert.deepEqual(await read(client, streams[0]!), served)
  const rest = served.slice(recordsPerBatch)
  assert.deepEqual(await settle(client, streams[0]!, rest.length), rest)
  const stats = await (await client.consumers.get(streams[0]!, 'c')).stats()
  assert.equal(stats.quarantined, total - served.length)
  assert.equal(stats.partitions[0]!.floor, total)
})

test('the folder of a stream that is gone is refused at the start, by name', async (t) => {
  const { broker } = await setUp(t)
  await broker.stop()
  const folder = dirname(segmentsOf(broker.dataDir, 1)[0]!)
  rmSync(folder, { recursive: true })
  await assert.rejects(broker.start())
  assert.match(broker.errorText, /length/)
  assert.equal(existsSync(folder), false, 'nothing is made in its place')
})

test('damage that happens under a running broker is not served', async (t) => {
  const { broker, client } = await setUp(t)
  await broker.stop()
  await broker.start()
  const lost = batchesIn(segmentsOf(broker.dataDir, 1)[1]!)[2]!
  flipBit(lost.file, lost.position + 500)
  assert.ok(statSync(lost.file).size > 0)
  await assertServed(client, streams[0]!, [lost])
  assertNamed(broker, lost)
})
