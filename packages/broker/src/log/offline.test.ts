// Looking at closed data directories: what is found, and that nothing is changed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { FileSystem, Io } from '../io/io.ts'
import { DataDirectory } from './data-directory.ts'
import { Journal } from './journal.ts'
import { Log } from './log.ts'
import { batchOf, contentOf, logOptions, memoryIo, putFile, snapshotOf } from './log.fixture.ts'
import { dumpLog, verifyDirectory } from './offline.ts'
import type { DumpRow, LogFinding, VerifySummary } from './offline.ts'

const partition = '/data/streams/1/0'
const firstSegment = `${partition}/00000000000000000000.log`

/**
 * Two partitions of a stream, a catalog and a progress journal; six records in three segments in
 * the first one.
 */
async function filled(isClean: boolean): Promise<Io> {
  const io = memoryIo()
  const directory = await DataDirectory.open(io, '/data')
  const log = await Log.open(io, partition, logOptions({ indexIntervalBytes: 70 }))
  for (let index = 0; index < 6; index++) {
    log.append(batchOf([`v${index}`], 1000 + index), 3)
    if (index % 2 === 1) log.roll()
  }
  await log.durable()
  await log.close()
  await (await Log.open(io, '/data/streams/1/1', logOptions())).close()
  for (const path of ['/data/catalog', '/data/progress/fsync']) {
    const journal = await Journal.open(io, path, { ...logOptions(), compactBytesMin: 1e6 })
    journal.record(Buffer.from('key'), Buffer.from('value'))
    await journal.durable()
    await journal.close()
  }
  await directory.close(isClean)
  return io
}

async function verified(io: Io): Promise<{ findings: LogFinding[]; summary: VerifySummary }> {
  const before = await snapshotOf(io.files, '/data')
  const findings: LogFinding[] = []
  const summary = await verifyDirectory(io, '/data', (finding) => findings.push(finding))
  assert.deepEqual(await snapshotOf(io.files, '/data'), before, 'nothing is changed')
  return { findings, summary }
}

async function change(
  files: FileSystem,
  path: string,
  how: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  await putFile(files, path, how(await contentOf(files, path)))
}

test('a sound directory: everything is counted, nothing is found', async () => {
  for (const isClean of [true, false]) {
    const { findings, summary } = await verified(await filled(isClean))
    assert.deepEqual(findings, [])
    const { sizeBytes, ...counts } = summary
    assert.equal(sizeBytes > 500, true)
    assert.deepEqual(counts, {
      logs: 4,
      segments: 6,
      batches: 8,
      records: 8,
      wasClosedCleanly: isClean,
      damages: 0,
      otherFindings: 0,
    })
  }
})

test('a flipped bit is named with its file, its position and its offsets', async () => {
  const io = await filled(true)
  await change(io.files, firstSegment, (bytes) => {
    bytes[70] ^= 1
    return bytes
  })
  const { findings, summary } = await verified(io)
  const [{ sizeBytes, ...found }] = findings
  assert.deepEqual([findings.length, summary.damages, summary.records], [1, 1, 7])
  assert.equal(sizeBytes > 60, true)
  assert.deepEqual(found, {
    directory: partition,
    file: firstSegment,
    position: 0,
    baseOffset: 0,
    nextOffset: 1,
    kind: 'damaged-batch',
    isDamage: true,
  })
})

test('what a crash leaves is no damage; the same after a clean end is', async () => {
  for (const [isClean, kind] of [
    [false, 'torn-tail'],
    [true, 'damaged-tail'],
  ] as const) {
    const io = await filled(isClean)
    await change(io.files, `${partition}/00000000000000000004.log`, (bytes) =>
      bytes.subarray(0, bytes.length - 5),
    )
    const { findings, summary } = await verified(io)
    assert.equal(findings[0].kind, kind)
    assert.equal(summary.damages, isClean ? 1 : 0)
  }
})

test('a missing segment, a useless index and a damaged log start are found', async () => {
  const io = await filled(true)
  await io.files.remove(`${partition}/00000000000000000002.log`)
  await change(io.files, `${partition}/00000000000000000000.index`, (bytes) => bytes.fill(7))
  await putFile(io.files, '/data/catalog/log-start', Buffer.from('{}'))
  const { findings } = await verified(io)
  assert.deepEqual(
    findings.map(({ kind, isDamage }) => [kind, isDamage]),
    [
      ['unusable-index', false],
      ['missing-segment', true],
      ['damaged-log-start', true],
    ],
  )
  assert.deepEqual([findings[1].baseOffset, findings[1].nextOffset], [2, 4])
})

test('a partition of which no segment is left is found', async () => {
  const io = await filled(true)
  for (const offset of [0, 2, 4]) await io.files.remove(`${partition}/0000000000000000000${offset}.log`)
  const { findings } = await verified(io)
  assert.deepEqual(
    findings.map(({ kind, directory }) => [kind, directory]),
    [['missing-segment', partition]],
  )
})

test('a directory in use, one of somebody else, and none at all are refused', async () => {
  const io = await filled(true)
  const directory = await DataDirectory.open(io, '/data')
  const codeOf = (path: string): Promise<unknown> =>
    verifyDirectory(io, path, () => {}).catch((error: unknown) =>
      error instanceof BrokerError ? error.code : error,
    )
  assert.equal(await codeOf('/data'), 'data-directory-locked')
  await directory.close(true)
  await io.files.makeDirectory('/other')
  assert.equal(await codeOf('/other'), 'data-directory-invalid')
  assert.equal(await codeOf('/none'), 'io-failed')
  assert.equal((await verified(io)).summary.damages, 0, 'the lock was given back')
})

async function dumped(io: Io, options = {}): Promise<DumpRow[]> {
  const rows: DumpRow[] = []
  for await (const row of dumpLog(io, partition, options)) rows.push(row)
  return rows
}

test('a dump tells of every batch, and of its records if asked', async () => {
  const io = await filled(true)
  const rows = await dumped(io, { records: true })
  assert.equal(rows.length, 6)
  rows.forEach((row, offset) => {
    assert.equal(row.kind, 'batch')
    if (row.kind !== 'batch') return
    const { baseOffset, nextOffset, leaderEpoch, recordCount, maxTimestamp, records } = row
    assert.deepEqual([baseOffset, nextOffset, leaderEpoch, recordCount], [offset, offset + 1, 3, 1])
    assert.equal(maxTimestamp, 1000 + offset)
    assert.equal(Buffer.from(records?.[0].data ?? []).toString(), `v${offset}`)
  })
  const [first] = await dumped(io)
  assert.equal(first.kind === 'batch' && first.records === undefined, true)
})

test('a dump from an offset to another, with what is damaged between', async () => {
  const io = await filled(true)
  await change(io.files, `${partition}/00000000000000000002.log`, (bytes) => {
    bytes[70] ^= 1
    return bytes
  })
  const rows = await dumped(io, { fromOffset: 1, toOffset: 5, wasClosedCleanly: true })
  const told = rows.map((row) => (row.kind === 'batch' ? row.baseOffset : row.finding.kind))
  assert.deepEqual(told, [1, 'damaged-batch', 3, 4])
})

test('the records of a dump stay what they are while it goes on', async () => {
  const io = memoryIo()
  const log = await Log.open(io, partition, logOptions({ segmentBytes: 8 * 1024 * 1024 }))
  const size = 300_000
  for (let index = 0; index < 12; index++) log.append(batchOf([Buffer.alloc(size, index)]), 0)
  await log.durable()
  await log.close()
  const rows = await dumped(io, { records: true })
  assert.equal(rows.length, 12)
  rows.forEach((row, index) => {
    const data = row.kind === 'batch' ? row.records![0]!.data! : new Uint8Array(0)
    assert.ok(Buffer.alloc(size, index).equals(data), `the record at ${index}`)
  })
})
