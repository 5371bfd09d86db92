// Records that leave a log, on whole disks: what is served afterwards, what is told, what is on disk.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compressed } from '@sluice/protocol/record/compression/compressed-batches.contract'
import { decodeRecords } from '@sluice/protocol/record/log-record'
import { compressionOf, isChecksumRight, recordCountOf } from '@sluice/protocol/record/record-batch'
import type { Io } from '../../io/io.ts'
import { Log } from '../log.ts'
import type { LogOptions, Removed } from '../log.ts'
import { batchOf, contentOf, logOptions, memoryIo, putFile, readAll, resealed } from '../log.fixture.ts'
import { dumpLog } from '../offline.ts'
import { TailCache } from '../tail-cache.ts'

const directory = '/log'

/** Five segments of two batches with three records each: 30 records, the value of each is its offset. */
async function startedLog(io: Io, changes: Partial<LogOptions> = {}): Promise<Log> {
  const log = await Log.open(io, directory, logOptions(changes))
  for (let batch = 0; batch < 10; batch++) {
    if (batch % 2 === 0) log.roll()
    const values = [0, 1, 2].map((index) => `<${batch * 3 + index}>`)
    log.append(batchOf(values, 1000 + batch), 7)
  }
  await log.durable()
  return log
}

function listen(log: Log): Removed[] {
  const heard: Removed[] = []
  log.onRemoved((removed) => heard.push(removed))
  return heard
}

async function offsetsOf(log: Log): Promise<number[]> {
  const records = await readAll(log)
  for (const { offset, value } of records) assert.equal(value, `<${offset}>`)
  return records.map(({ offset }) => offset)
}

const range = (from: number, end: number): number[] =>
  Array.from({ length: end - from }, (_, at) => from + at)

async function reopened(io: Io, log: Log, changes: Partial<LogOptions> = {}): Promise<Log> {
  await log.close()
  return Log.open(io, directory, logOptions(changes))
}

/** Whether the bytes stand anywhere in the folder. */
async function isOnDisk(io: Io, text: string): Promise<boolean> {
  for (const { name, isDirectory } of await io.files.list(directory)) {
    if (isDirectory) continue
    if (Buffer.from(await contentOf(io.files, `${directory}/${name}`)).includes(text)) return true
  }
  return false
}

async function sizesOf(io: Io): Promise<number> {
  let sum = 0
  for (const { name } of await io.files.list(directory)) {
    if (name.endsWith('.log')) sum += (await contentOf(io.files, `${directory}/${name}`)).length
  }
  return sum
}

for (const tailBytes of [0, 100_000]) {
  const tail = (): TailCache => new TailCache(tailBytes)

  test(`a purge is exact, also within a batch, and holds after a restart (cache ${tailBytes})`, async () => {
    const io = memoryIo()
    let log = await startedLog(io, { tail: tail() })
    const heard = listen(log)
    let start = 0
    for (const below of [1, 4, 6, 19]) {
      assert.equal(await log.removeBelow(below), below - start)
      start = below
      assert.equal(log.logStart, below)
      assert.deepEqual(await offsetsOf(log), range(below, 30))
      await assert.rejects(log.read(below - 1, 100), { code: 'offset-out-of-range' })
      assert.equal(log.readCached(below - 1), undefined)
      log = await reopened(io, log)
      assert.deepEqual([log.logStart, log.logEnd, log.quarantined], [below, 30, []])
      assert.deepEqual(await offsetsOf(log), range(below, 30))
    }
    assert.deepEqual(heard, [{ below: 1 }])
    assert.equal(log.sizeBytes, await sizesOf(io))
    await log.close()
  })

  test(`after a purge of everything offsets go on, and no byte is left (cache ${tailBytes})`, async () => {
    const io = memoryIo()
    let log = await startedLog(io, { tail: tail() })
    await log.removeBelow(30)
    assert.deepEqual([log.logStart, log.logEnd, log.sizeBytes, await sizesOf(io)], [30, 30, 0, 0])
    assert.equal(await isOnDisk(io, '<29>'), false)
    log = await reopened(io, log, { tail: tail() })
    assert.deepEqual([log.logStart, log.logEnd, log.quarantined], [30, 30, []])
    assert.equal(log.append(batchOf(['<30>']), 7), 30)
    await log.durable()
    assert.deepEqual(await offsetsOf(log), [30])
    await log.removeBelow(31)
    await log.removeBelow(31)
    assert.deepEqual([log.logStart, log.logEnd, log.sizeBytes], [31, 31, 0])
    await log.close()
  })

  test(`single records leave, the others keep their offsets (cache ${tailBytes})`, async () => {
    const io = memoryIo()
    let log = await startedLog(io, { tail: tail() })
    const heard = listen(log)
    const gone = [1, 6, 7, 8, 13, 29]
    assert.equal(await log.deleteRecords([29, 1, 8, 7, 6, 13, 13, 1]), 6)
    assert.deepEqual(heard, [{ offsets: [1] }, { offsets: [6, 7, 8] }, { offsets: [13] }, { offsets: [29] }])
    const left = range(0, 30).filter((offset) => !gone.includes(offset))
    assert.deepEqual(await offsetsOf(log), left)
    for (const offset of gone) assert.equal(await isOnDisk(io, `<${offset}>`), false, `${offset}`)
    assert.equal(await log.deleteRecords(gone), 0, 'they are gone already')
    assert.equal(log.append(batchOf(['<30>']), 7), 30)
    await log.durable()
    for (const isClean of [true, false]) {
      log = await reopened(io, log, { wasClosedCleanly: isClean })
      assert.deepEqual(await offsetsOf(log), [...left, 30])
      assert.deepEqual([log.logStart, log.logEnd, log.quarantined], [0, 31, []])
      assert.equal(log.sizeBytes, await sizesOf(io))
    }
    await log.close()
  })
}

test('segments at the start of which every record was deleted are dropped', async () => {
  const io = memoryIo()
  const log = await startedLog(io)
  const heard = listen(log)
  await log.deleteRecords([...range(6, 12), ...range(13, 18), 24])
  assert.deepEqual([log.logStart, await sizesOf(io)], [0, log.sizeBytes])
  await log.deleteRecords(range(0, 6))
  assert.equal(log.logStart, 12)
  assert.deepEqual(heard.at(-1), { below: 12 })
  assert.equal((await io.files.list(directory)).filter(({ name }) => name.endsWith('.log')).length, 4)
  await log.deleteRecords([12, ...range(18, 30)])
  assert.deepEqual([log.logStart, log.logEnd, log.sizeBytes], [30, 30, 0])
  await log.close()
})

test('a log of which every record but the first was deleted reads as empty behind it', async () => {
  const io = memoryIo()
  let log = await startedLog(io)
  assert.equal(await log.deleteRecords(range(1, 30)), 29)
  assert.deepEqual(await offsetsOf(log), [0])
  log = await reopened(io, log)
  assert.deepEqual(await offsetsOf(log), [0])
  assert.deepEqual([log.logEnd, log.quarantined], [30, []])
  const { end, start } = await log.read(0, 1)
  assert.equal(log.sizeBytes, end - start + 5 * 61, 'the batches of a segment are joined into one header')
  await log.close()
})

test('a time leads past what was deleted', async () => {
  const log = await startedLog(memoryIo())
  await log.deleteRecords([6, 7, 8, 9])
  assert.equal(await log.offsetForTime(1002), 10)
  assert.equal(await log.offsetForTime(1001), 3)
  await log.removeBelow(5)
  assert.equal(await log.offsetForTime(0), 5)
  await log.removeBelow(7)
  assert.equal(await log.offsetForTime(0), 10)
  await log.deleteRecords(range(10, 30))
  assert.equal(await log.offsetForTime(0), 30)
  await log.close()
})

test('a purge counts records, not offsets, of segments and of parts, also after a restart', async () => {
  const io = memoryIo()
  let log = await startedLog(io)
  await log.deleteRecords([1, 2, 6, 9, 10, 13])
  log = await reopened(io, log)
  assert.equal(await log.removeBelow(2), 1)
  assert.equal(await log.removeBelow(8), 4)
  log = await reopened(io, log)
  assert.equal(await log.removeBelow(14), 3)
  assert.equal(await log.removeBelow(30), 16)
  await log.close()
})

test('offsets that were never given are refused, and nothing is removed', async () => {
  const log = await startedLog(memoryIo())
  for (const offset of [30, 31, -1, Number.NaN]) {
    await assert.rejects(log.deleteRecords([3, offset]), { code: 'offset-out-of-range' })
  }
  await assert.rejects(log.removeBelow(31), { code: 'offset-out-of-range' })
  assert.deepEqual(await offsetsOf(log), range(0, 30))
  await log.close()
})

for (const codec of [1, 2, 3, 4] as const) {
  test(`records leave a batch of compression ${codec}, and the others stay as they were`, async () => {
    const log = await startedLog(memoryIo())
    log.append(compressed(batchOf(['<30>', '<31>', '<32>']), codec), 7)
    await log.durable()
    assert.equal(await log.deleteRecords([31]), 1)
    const { bytes, start } = await log.read(30, 1)
    const left = decodeRecords(bytes, start).map(({ offset }) => offset)
    assert.deepEqual([left, compressionOf(bytes, start), isChecksumRight(bytes, start)], [[30, 32], 0, true])
    await log.close()
  })
}

test('of a batch that cannot be decompressed no record is removed', async () => {
  const io = memoryIo()
  const log = await startedLog(io)
  const compressed = batchOf(['<30>', '<31>'])
  compressed[22] = 4
  log.append(resealed(compressed), 7)
  await log.durable()
  await assert.rejects(log.deleteRecords([3, 30]), { code: 'batch-not-decodable' })
  assert.equal(await log.deleteRecords([3, 29]), 2, 'its segment can be thinned all the same')
  const slice = await log.read(30, 1)
  assert.deepEqual([compressionOf(slice.bytes, slice.start), recordCountOf(slice.bytes, slice.start)], [4, 2])
  await log.removeBelow(32)
  assert.equal(log.sizeBytes, 0)
  await log.close()
})

test('what is damaged keeps its name and its bytes when its segment is written anew', async () => {
  const io = memoryIo()
  let log = await Log.open(io, directory, logOptions())
  for (let batch = 0; batch < 6; batch++) log.append(batchOf([`<${batch}>`]), 7)
  await log.durable()
  await log.close()
  const path = `${directory}/00000000000000000000.log`
  const bytes = await contentOf(io.files, path)
  const size = bytes.length / 6
  bytes[2 * size + 70] ^= 1
  await putFile(io.files, path, bytes)
  log = await Log.open(io, directory, logOptions())
  assert.equal(await log.deleteRecords([0, 2, 4]), 2, 'nobody can tell whether offset 2 was there')
  const damage = bytes.slice(2 * size, 3 * size)
  for (const life of ['the same', 'the next']) {
    assert.deepEqual(await offsetsOf(log), [1, 3, 5])
    const [named, ...more] = log.quarantined
    assert.deepEqual([named.baseOffset, named.nextOffset, named.position, more], [2, 3, 61 + size, []], life)
    const now = await contentOf(io.files, path)
    assert.deepEqual(now.slice(named.position, named.position + named.sizeBytes), damage)
    if (life === 'the same') log = await reopened(io, log)
  }
  await log.close()
})

test('reads that are under way see the old records or the new, whole', async () => {
  const io = memoryIo()
  const log = await startedLog(io)
  const reads: Promise<number[]>[] = []
  for (let round = 0; round < 20; round++) reads.push(offsetsOf(log))
  const deleting = log.deleteRecords([2, 10, 20])
  for (let round = 0; round < 20; round++) reads.push(offsetsOf(log))
  await deleting
  for (const offsets of await Promise.all(reads)) {
    const missing = range(0, 30).filter((offset) => !offsets.includes(offset))
    assert.equal(
      missing.every((offset) => [2, 10, 20].includes(offset)),
      true,
      JSON.stringify(missing),
    )
  }
  assert.equal((await offsetsOf(log)).length, 27)
  await log.close()
})

test('removals that are asked for at once are carried out one after the other', async () => {
  const io = memoryIo()
  const log = await startedLog(io)
  const removals = [
    log.deleteRecords([5, 9]),
    log.removeBelow(8),
    log.deleteRecords([3, 9, 12]),
    log.removeBelow(2),
  ]
  assert.deepEqual(await Promise.all(removals), [2, 7, 1, 0])
  assert.deepEqual(await offsetsOf(log), [8, 10, 11, ...range(13, 30)])
  await log.close()
})

test('a dump shows what is left and calls no gap damage', async () => {
  const io = memoryIo()
  const log = await startedLog(io)
  await log.deleteRecords([0, 1, 2, 7])
  await log.removeBelow(4)
  await log.close()
  const offsets: number[] = []
  for await (const row of dumpLog(io, directory, { records: true, wasClosedCleanly: true })) {
    assert.equal(row.kind, 'batch')
    if (row.kind === 'batch') offsets.push(...row.records!.map(({ offset }) => offset))
  }
  assert.deepEqual(offsets, [4, 5, 6, ...range(8, 30)])
})
