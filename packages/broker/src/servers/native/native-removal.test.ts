// Records that leave streams, asked for over real sockets, in a broker on real files.

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { StreamInfo } from '@sluice/protocol/model/stream'
import { opcodes } from '@sluice/protocol/native/frame'
import { readFrom, readReadResult, writePublish, writeRead } from '@sluice/protocol/native/publish-messages'
import { decodeRecords } from '@sluice/protocol/record/log-record'
import { batchSizeOf } from '@sluice/protocol/record/record-batch'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { Broker } from '../../broker.ts'
import { realIo } from '../../io/real-io.ts'
import { verifyDirectory } from '../../log/offline.ts'
import { RawPeer } from './raw-peer.contract.ts'

const root = mkdtempSync(join(tmpdir(), 'sluice-removal-'))
let folderCount = 0
const brokers: Broker[] = []

after(async () => {
  // Why here too: one that a failed test leaves open keeps the process alive.
  await Promise.all(brokers.map((broker) => broker.close()))
  rmSync(root, { recursive: true, force: true })
})

interface Opened {
  readonly broker: Broker
  readonly peer: RawPeer
}

async function opened(dataDir: string, limits: object = {}): Promise<Opened> {
  const broker = await Broker.start({ dataDir, listen: { port: 0 }, limits })
  brokers.push(broker)
  return { broker, peer: await RawPeer.greeted(broker.address!.port) }
}

async function closed({ broker, peer }: Opened): Promise<void> {
  peer.destroy()
  await broker.close()
}

async function publish(peer: RawPeer, subjects: readonly string[], partition = 0): Promise<void> {
  const builder = new RecordBatchBuilder()
  for (const subject of subjects) builder.add(Date.now(), subject, `secret of ${subject}`)
  const parts = [{ partition, batch: builder.take() }]
  const { error } = await peer.ask(opcodes.publish, (writer) => writePublish(writer, { stream: 'S', parts }))
  if (error !== undefined) throw error
}

/** Answer after answer, each of about one batch, as `<offset><subject>`. */
async function readAll(peer: RawPeer, partition = 0): Promise<string[]> {
  const found: string[] = []
  for (let value = 0; ;) {
    const request = { stream: 'S', partition, from: readFrom.offset, value, bytesMax: 1, waitMs: 0 }
    const { error, body } = await peer.ask(opcodes.read, (writer) => writeRead(writer, request))
    if (error !== undefined) throw error
    const { batches, nextOffset, highWatermark } = readReadResult(body)
    for (let at = 0; at < batches.length; at += batchSizeOf(batches, at)) {
      for (const { offset, subject } of decodeRecords(batches, at)) {
        if (offset >= value) found.push(`${offset}${subject}`)
      }
    }
    if (nextOffset >= highWatermark) return found
    assert.equal(nextOffset > value, true)
    value = nextOffset
  }
}

function isOnDisk(dataDir: string, text: string): boolean {
  const names = readdirSync(join(dataDir, 'streams'), { recursive: true, encoding: 'utf8' })
  return names.some(
    (name) => name.endsWith('.log') && readFileSync(join(dataDir, 'streams', name)).includes(text),
  )
}

async function damagesOf(dataDir: string): Promise<unknown[]> {
  const findings: unknown[] = []
  await verifyDirectory(realIo(), dataDir, (finding) => findings.push(finding))
  return findings
}

test('messages are deleted and purged: readers, facts, files and the next start agree', async () => {
  const dataDir = join(root, `${++folderCount}`)
  let at = await opened(dataDir)
  await at.peer.call('streams.create', { name: 'S', config: { partitions: 2 } })
  for (let round = 0; round < 3; round++) await publish(at.peer, ['a.x', 'b.x', `c.${round}`])
  await publish(at.peer, ['a.x', 'b.y'], 1)
  const messages = [
    { partition: 0, offset: 2 },
    { partition: 0, offset: 4 },
    { partition: 1, offset: 1 },
  ]
  assert.deepEqual(await at.peer.call('streams.deleteMessages', { name: 'S', messages }), { removed: 3 })
  assert.deepEqual(await at.peer.call('streams.deleteMessages', { name: 'S', messages }), { removed: 0 })
  assert.deepEqual([isOnDisk(dataDir, 'secret of c.0'), isOnDisk(dataDir, 'secret of c.1')], [false, true])
  assert.deepEqual(await at.peer.call('streams.purge', { name: 'S', match: 'a.*' }), { removed: 4 })
  const left = ['1b.x', '5c.1', '7b.x', '8c.2']
  for (const life of ['this one', 'the next']) {
    assert.deepEqual([await readAll(at.peer), await readAll(at.peer, 1)], [left, []], life)
    await closed(at)
    assert.deepEqual(await damagesOf(dataDir), [])
    at = await opened(dataDir)
  }
  assert.deepEqual(await at.peer.call('streams.purge', { name: 'S', partition: 0, before: 6 }), {
    removed: 2,
  })
  const { partitions } = (await at.peer.call('streams.get', { name: 'S' })) as StreamInfo
  assert.deepEqual([partitions[0]!.logStart, partitions[0]!.highWatermark], [6, 9])
  assert.deepEqual(await at.peer.call('streams.purge', { name: 'S' }), { removed: 2 })
  await publish(at.peer, ['d'])
  await closed(at)
  assert.deepEqual(await damagesOf(dataDir), [])
  at = await opened(dataDir)
  assert.deepEqual(await readAll(at.peer), ['9d'])
  await closed(at)
})

test('calls that cannot be are refused by name, and change nothing', async () => {
  const at = await opened(join(root, `${++folderCount}`))
  const { peer } = at
  await peer.call('streams.create', { name: 'S', config: {} })
  await publish(peer, ['a', 'b'])
  const place = (offset: unknown, partition: unknown = 0): object => ({ partition, offset })
  const many = (count: number): object[] => Array.from({ length: count }, (_, offset) => place(offset % 2))
  const refused: [string, object, string][] = [
    ['streams.purge', { name: 'T' }, 'unknown-stream'],
    ['streams.purge', { name: 'S', before: 1 }, 'invalid-request'],
    ['streams.purge', { name: 'S', partition: 0, before: 3 }, 'offset-out-of-range'],
    ['streams.purge', { name: 'S', partition: 0, before: -1 }, 'invalid-request'],
    ['streams.purge', { name: 'S', partition: 7 }, 'unknown-partition'],
    ['streams.purge', { name: 'S', match: 'a..b' }, 'invalid-pattern'],
    ['streams.purge', { name: 'S', all: true }, 'invalid-request'],
    ['streams.deleteMessages', { name: 'S', messages: [place(2)] }, 'offset-out-of-range'],
    ['streams.deleteMessages', { name: 'S', messages: [place(0), place(0, 1)] }, 'unknown-partition'],
    ['streams.deleteMessages', { name: 'S', messages: [place(0.5)] }, 'invalid-request'],
    ['streams.deleteMessages', { name: 'S', messages: many(10_001) }, 'invalid-request'],
    ['streams.alter', { name: 'S', config: { maxAgeMs: -1 } }, 'invalid-stream-config'],
  ]
  for (const [method, params, code] of refused)
    await assert.rejects(peer.call(method, params), { code }, method)
  assert.deepEqual(await readAll(peer), ['0a', '1b'])
  assert.deepEqual(await peer.call('streams.deleteMessages', { name: 'S', messages: [] }), { removed: 0 })
  assert.deepEqual(await peer.call('streams.deleteMessages', { name: 'S', messages: many(10_000) }), {
    removed: 2,
  })
  await closed(at)
})

test('what a stream keeps can be altered live, and holds without further calls', async () => {
  const at = await opened(join(root, `${++folderCount}`), { retentionCheckMs: 100, segmentBytes: 64 * 1024 })
  const { peer } = at
  await peer.call('streams.create', { name: 'S', config: {} })
  const subjects = Array.from({ length: 1000 }, (_, index) => `a.${index}`)
  for (let round = 0; round < 10; round++) await publish(peer, subjects)
  const { partitions } = (await peer.call('streams.alter', {
    name: 'S',
    config: { maxBytes: 200_000 },
  })) as StreamInfo
  assert.equal(partitions[0]!.sizeBytes <= 200_000 && partitions[0]!.logStart > 0, true)
  await peer.call('streams.alter', { name: 'S', config: { maxBytes: 0, maxAgeMs: 300 } })
  const started = performance.now()
  for (;;) {
    const [{ logStart, sizeBytes }] = ((await peer.call('streams.get', { name: 'S' })) as StreamInfo)
      .partitions
    if (logStart === 10_000 && sizeBytes === 0) break
    assert.equal(performance.now() - started < 20_000, true, 'everything is older by now')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await publish(peer, ['new'])
  assert.deepEqual(await readAll(peer), ['10000new'])
  await closed(at)
})
