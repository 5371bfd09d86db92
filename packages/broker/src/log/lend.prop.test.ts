// Lent bytes: nobody else's until they are released, and checked once, or again where somebody doubts them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { batchSizeOf } from '@sluice/protocol/record/record-batch'
import { memoryFiles } from '../io/memory-files.ts'
import { Log } from './log.ts'
import type { LogSlice } from './log.ts'
import { batchOf, logOptions, memoryIo } from './log.fixture.ts'
import { segmentPath } from './segment/segment-names.ts'

const directory = '/log'
const valueBytes = 30_000
const batchCount = 60

async function filledLog(files = memoryFiles(), segmentBytes = 900_000): Promise<Log> {
  await files.makeDirectory(directory)
  const log = await Log.open(memoryIo(files), directory, logOptions({ segmentBytes }))
  for (let index = 0; index < batchCount; index++)
    log.append(batchOf([new Uint8Array(valueBytes).fill(index)]), 0)
  await log.durable()
  return log
}

/** The offsets of a slice whose records are what was published there. */
function checkedOffsets({ bytes, start, end }: LogSlice, offset: number): number[] {
  const offsets: number[] = []
  for (let at = start; at < end; at += batchSizeOf(bytes, at), offset++) {
    const last = at + batchSizeOf(bytes, at) - 2
    assert.deepEqual([bytes[last], bytes[last - valueBytes + 1]], [offset, offset])
    offsets.push(offset)
  }
  return offsets
}

interface Held {
  readonly slice: LogSlice
  readonly offset: number
}

test('what is lent stays as it is until it is released, whatever is read meanwhile', async (t) => {
  const log = await filledLog()
  t.after(() => log.close())
  const read = fc.record({
    offset: fc.integer({ min: 0, max: batchCount - 1 }),
    bytesMax: fc.integer({ min: 1, max: 1_200_000 }),
    /** Which of those that are held is given back, if any, and how often. */
    released: fc.nat({ max: 6 }),
    times: fc.integer({ min: 1, max: 2 }),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(read, { minLength: 1, maxLength: 4 }), { maxLength: 8 }),
      async (turns) => {
        const held: Held[] = []
        for (const reads of turns) {
          const slices = await Promise.all(
            reads.map(({ offset, bytesMax }) => log.lend(offset, bytesMax, false)),
          )
          for (const [index, slice] of slices.entries()) held.push({ slice, offset: reads[index]!.offset })
          for (const { released, times } of reads) {
            const [given] = held.splice(released, 1)
            if (given?.slice.release === undefined) continue
            // What a reader that forgot itself would find.
            given.slice.bytes.fill(0xee)
            for (let time = 0; time < times; time++) given.slice.release()
          }
          for (const { slice, offset } of held) assert.ok(checkedOffsets(slice, offset).length > 0)
        }
      },
    ),
    { numRuns: 60 },
  )
})

test('a buffer that was released serves the next read', async (t) => {
  const log = await filledLog()
  t.after(() => log.close())
  const first = await log.lend(0, 500_000, false)
  const second = await log.lend(0, 500_000, false)
  assert.notEqual(first.bytes.buffer, second.bytes.buffer)
  first.release!()
  const third = await log.lend(5, 500_000, false)
  assert.equal(third.bytes.buffer, first.bytes.buffer)
  const kept = await log.read(5, 500_000)
  assert.equal(kept.release, undefined)
})

test('checksums are checked once by who trusts, always by who keeps, and again by who doubts', async (t) => {
  const files = memoryFiles()
  const log = await filledLog(files, 64 * 1024 * 1024)
  t.after(() => log.close())
  const size = batchSizeOf((await log.read(0, 1)).bytes, 0)
  const file = await files.open(segmentPath(directory, 0, 'log'), { create: false })
  const flip = (batch: number): Promise<void> => file.write([Uint8Array.of(0xee)], batch * size + 5_000)
  const lent = (from: number, isDoubted: boolean): Promise<LogSlice> => log.lend(from, 5 * size, isDoubted)
  // Never read before: found at once.
  await flip(1)
  const before = await lent(0, false)
  assert.deepEqual([checkedOffsets(before, 0), before.nextOffset], [[0], 1])
  assert.deepEqual([checkedOffsets(await lent(1, false), 2), log.quarantined.length], [[2, 3, 4, 5, 6], 1])
  // Read before: whoever gets it sees by the checksum that it is damaged, and doubts it.
  await flip(4)
  const damaged = await lent(3, false)
  assert.equal(damaged.bytes[damaged.start + size + 5_000], 0xee)
  assert.equal(log.quarantined.length, 1)
  assert.deepEqual(checkedOffsets(await lent(3, true), 3), [3])
  assert.deepEqual(checkedOffsets(await lent(4, true), 5), [5, 6, 7, 8, 9])
  assert.equal(log.quarantined.length, 2)
  await flip(8)
  assert.deepEqual(checkedOffsets(await log.read(8, 3 * size), 9), [9, 10, 11])
  await file.close()
})
