// Damage that is thought up: what is cut, what is named, and that all the rest is served.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FileSystem } from '../io/io.ts'
import { placeBatch } from '@sluice/protocol/record/record-batch'
import { Log } from './log.ts'
import {
  batchOf,
  contentOf,
  listeningLogger,
  logOptions,
  memoryIo,
  putFile,
  readAll,
  snapshotOf,
} from './log.fixture.ts'
import { segmentPath } from './segment/segment-names.ts'

const directory = '/log'
const io = memoryIo

function pathOf(base: number): string {
  return segmentPath(directory, base, 'log')
}

/** Closed in order; three records in each segment. */
async function threeSegments(files: FileSystem): Promise<void> {
  const log = await Log.open(io(files), directory, logOptions({ indexIntervalBytes: 70 }))
  for (let index = 0; index < 9; index++) {
    log.append(batchOf([`v${index}`], 1000 + index), 0)
    if (index % 3 === 2) log.roll()
  }
  await log.durable()
  await log.close()
}

async function oneSegment(files: FileSystem, count: number): Promise<Uint8Array> {
  const log = await Log.open(io(files), directory, logOptions())
  for (let index = 0; index < count; index++) log.append(batchOf([`v${index}`]), 0)
  await log.durable()
  await log.close()
  return contentOf(files, pathOf(0))
}

async function offsetsOf(log: Log): Promise<number[]> {
  return (await readAll(log)).map(({ offset }) => offset)
}

/** Opens, reads all, appends one more record, and gives what was seen; a second opening must see the same. */
async function recovered(files: FileSystem, wasClosedCleanly: boolean) {
  const logger = listeningLogger()
  const options = logOptions({ wasClosedCleanly, logger, indexIntervalBytes: 70 })
  const log = await Log.open(io(files), directory, options)
  const offsets = await offsetsOf(log)
  const quarantined = log.quarantined.map(({ file, ...range }) => ({ ...range, file: file.slice(-6, -4) }))
  const next = log.append(batchOf(['new']), 0)
  await log.durable()
  assert.deepEqual(await offsetsOf(log), [...offsets, next])
  await log.close()
  for (const isClean of [false, true]) {
    const again = await Log.open(
      io(files),
      directory,
      logOptions({ wasClosedCleanly: isClean, indexIntervalBytes: 70 }),
    )
    assert.deepEqual(await offsetsOf(again), [...offsets, next], 'the next start sees the same')
    assert.equal(again.quarantined.length, quarantined.length)
    await again.close()
  }
  return { offsets, quarantined, next, lines: logger.lines }
}

test('a write torn at any byte: the rest is cut and saved, nothing else is lost', async () => {
  const { files } = io()
  const whole = await oneSegment(files, 5)
  const batchBytes = whole.length / 5
  for (let kept = 4 * batchBytes; kept < whole.length; kept++) {
    const { files: copy } = io()
    await copy.makeDirectory(directory)
    await putFile(copy, pathOf(0), whole.subarray(0, kept))
    const { offsets, quarantined, next, lines } = await recovered(copy, false)
    assert.deepEqual(offsets, [0, 1, 2, 3])
    assert.deepEqual(quarantined, [])
    assert.equal(next, 4)
    const torn = whole.subarray(4 * batchBytes, kept)
    if (torn.length === 0) continue
    const isZero = torn.every((byte) => byte === 0)
    assert.equal(lines.length, 1)
    assert.equal(lines[0].level, isZero ? 'info' : 'warn')
    if (isZero) continue
    const saved = await contentOf(copy, `${directory}/quarantine/0-${4 * batchBytes}`)
    assert.equal(Buffer.compare(saved, torn), 0)
  }
})

test('zeros behind the last batch are cut', async () => {
  const { files } = io()
  const whole = await oneSegment(files, 3)
  for (const zeros of [1, 60, 61, 4096, 3_000_000]) {
    await putFile(files, pathOf(0), Buffer.concat([whole, new Uint8Array(zeros)]))
    const { offsets, quarantined, next } = await recovered(files, false)
    assert.deepEqual([offsets, quarantined, next], [[0, 1, 2], [], 3])
  }
})

test('garbage behind the last batch is cut and saved, also if it is large', async () => {
  const { files } = io()
  const whole = await oneSegment(files, 3)
  const garbage = Buffer.alloc(2_500_000, 'garbage \u0002 ')
  await putFile(files, pathOf(0), Buffer.concat([whole, garbage]))
  const { offsets, next } = await recovered(files, false)
  assert.deepEqual([offsets, next], [[0, 1, 2], 3])
  const saved = await contentOf(files, `${directory}/quarantine/0-${whole.length}`)
  assert.equal(Buffer.compare(saved, garbage), 0)
})

test('a second torn end at the same place is saved beside the first', async () => {
  const { files } = io()
  const whole = await oneSegment(files, 2)
  for (const garbage of ['one', 'two']) {
    await putFile(files, pathOf(0), Buffer.concat([whole, Buffer.from(garbage)]))
    const log = await Log.open(io(files), directory, logOptions())
    assert.equal(log.logEnd, 2)
  }
  const saved = [...(await snapshotOf(files, `${directory}/quarantine`)).values()]
  assert.deepEqual(saved.map((content) => Buffer.from(content, 'base64').toString()).sort(), ['one', 'two'])
})

test('after a clean close a torn end is damage: named, never cut, its offset not given again', async () => {
  const { files } = io()
  const whole = await oneSegment(files, 5)
  const batchBytes = whole.length / 5
  for (const kept of [whole.length - 1, 4 * batchBytes + 61, 4 * batchBytes + 10, 4 * batchBytes + 1]) {
    const { files: copy } = io()
    await copy.makeDirectory(directory)
    await putFile(copy, pathOf(0), whole.subarray(0, kept))
    const { offsets, quarantined, next } = await recovered(copy, true)
    assert.deepEqual(offsets, [0, 1, 2, 3])
    assert.equal(quarantined[0].reason, 'damaged-tail')
    assert.equal(quarantined[0].position, 4 * batchBytes)
    assert.equal(quarantined[0].baseOffset, 4)
    assert.equal(next >= 5, true, 'offset 4 was given to the damaged record')
    assert.equal(Buffer.compare(await contentOf(copy, pathOf(0)), whole.subarray(0, kept)), 0)
  }
})

test('what was named damage before is not cut by a start after a crash', async () => {
  const { files } = io()
  const whole = await oneSegment(files, 3)
  await putFile(files, pathOf(0), whole.subarray(0, whole.length - 1))
  const log = await Log.open(io(files), directory, logOptions({ wasClosedCleanly: true }))
  const { logEnd } = log
  assert.equal(log.quarantined.length, 1)
  const again = await Log.open(io(files), directory, logOptions())
  assert.equal(again.quarantined.length, 1)
  assert.equal(again.logEnd, logEnd)
  assert.equal((await contentOf(files, pathOf(0))).length, whole.length - 1)
})

for (const isClean of [true, false]) {
  const how = isClean ? 'a clean close' : 'a crash'

  test(`one flipped bit anywhere, after ${how}: named, and the rest is served`, async () => {
    const { files } = io()
    const whole = await oneSegment(files, 5)
    const index = await snapshotOf(files, directory)
    const batchBytes = whole.length / 5
    for (let position = 0; position < whole.length; position++) {
      const place = position % batchBytes
      // The leader epoch is covered by no checksum, and harms no record.
      if (place >= 12 && place < 16) continue
      const bit = (position * 7) % 8
      const { files: copy } = io()
      await copy.makeDirectory(directory)
      for (const [path, content] of index) await putFile(copy, path, Buffer.from(content, 'base64'))
      const flipped = Uint8Array.from(whole)
      flipped[position] ^= 1 << bit
      await putFile(copy, pathOf(0), flipped)
      const damaged = Math.floor(position / batchBytes)
      const others = [0, 1, 2, 3, 4].filter((offset) => offset !== damaged)
      const what = `byte ${place} bit ${bit} of batch ${damaged}`
      const { offsets, quarantined, next, lines } = await recovered(copy, isClean)
      assert.deepEqual(offsets, others, what)
      if (damaged === 4 && !isClean && place >= 8) {
        // Nothing tells a flipped bit in the last batch from a torn write, but its bytes are saved and it
        // is told.
        assert.equal(
          lines.some(({ level }) => level === 'warn'),
          true,
          what,
        )
        continue
      }
      assert.equal(next >= 5, true, what)
      assert.equal(quarantined.length, 1, what)
      const [{ position: named, sizeBytes, baseOffset, nextOffset }] = quarantined
      assert.deepEqual({ named, sizeBytes }, { named: damaged * batchBytes, sizeBytes: batchBytes }, what)
      assert.equal(baseOffset, damaged, what)
      if (damaged < 4) assert.equal(nextOffset, damaged + 1, what)
      assert.equal(
        lines.some(({ level }) => level === 'error'),
        true,
        what,
      )
    }
  })
}

test('a whole batch inside of a damaged one is not mistaken for the next', async () => {
  const { files } = io()
  let log = await Log.open(io(files), directory, logOptions())
  const inner = batchOf(['forged'])
  placeBatch(inner, 0, 1, 0)
  log.append(batchOf(['a']), 0)
  log.append(batchOf([inner, inner, 'x'.repeat(2000)]), 0)
  log.append(batchOf(['b']), 0)
  await log.durable()
  await log.close()
  const whole = await contentOf(files, pathOf(0))
  const outerPosition = batchOf(['a']).length
  for (const place of [8, 9, 10, 11, 16, 17, 30, 62, 1500]) {
    const flipped = Uint8Array.from(whole)
    flipped[outerPosition + place] ^= 1
    const { files: copy } = io()
    await copy.makeDirectory(directory)
    await putFile(copy, pathOf(0), flipped)
    log = await Log.open(io(copy), directory, logOptions())
    assert.deepEqual(
      (await readAll(log)).map(({ offset, value }) => `${offset}${value}`),
      ['0a', '4b'],
      `byte ${place}`,
    )
    assert.equal(log.quarantined.length, 1)
  }
})

test('two damaged batches with a good one between: both are named, the good one is served', async () => {
  const { files } = io()
  const whole = await oneSegment(files, 6)
  const batchBytes = whole.length / 6
  for (const place of [9, 17, 40, 70]) {
    const flipped = Uint8Array.from(whole)
    flipped[batchBytes + place] ^= 4
    flipped[3 * batchBytes + place] ^= 4
    await putFile(files, pathOf(0), flipped)
    const { offsets, quarantined } = await recovered(files, false)
    assert.deepEqual(offsets.slice(0, 4), [0, 2, 4, 5])
    assert.equal(quarantined.length, 2)
    const { files: fresh } = io()
    Object.assign(files, fresh)
  }
})

test('a missing segment is named, whichever; the rest is served', async () => {
  for (const lost of [0, 3]) {
    const { files } = io()
    await threeSegments(files)
    await files.remove(pathOf(lost))
    const { offsets, quarantined, next, lines } = await recovered(files, lost === 0)
    assert.deepEqual(offsets, lost === 0 ? [3, 4, 5, 6, 7, 8] : [0, 1, 2, 6, 7, 8])
    assert.deepEqual(quarantined, [
      {
        file: `0${lost}`,
        position: 0,
        sizeBytes: 0,
        baseOffset: lost,
        nextOffset: lost + 3,
        reason: 'missing-segment',
      },
    ])
    assert.equal(next, 9)
    assert.equal(
      lines.some(({ level }) => level === 'error'),
      true,
    )
  }
})

test('a segment that lost its end in the middle of the log: named up to the next segment', async () => {
  for (const isClean of [true, false]) {
    const { files } = io()
    await threeSegments(files)
    const whole = await contentOf(files, pathOf(3))
    await putFile(files, pathOf(3), whole.subarray(0, whole.length - 20))
    const { offsets, quarantined } = await recovered(files, isClean)
    assert.deepEqual(offsets, [0, 1, 2, 3, 4, 6, 7, 8])
    const position = (whole.length / 3) * 2
    const sizeBytes = whole.length / 3 - 20
    const range = { position, sizeBytes, baseOffset: 5, nextOffset: 6, reason: 'damaged-tail', file: '03' }
    assert.deepEqual(quarantined, [range])
  }
})

test('an empty segment in the middle of the log is missing records, not a torn write', async () => {
  const { files } = io()
  await threeSegments(files)
  await putFile(files, pathOf(3), new Uint8Array(0))
  const { offsets, quarantined } = await recovered(files, false)
  assert.deepEqual(offsets, [0, 1, 2, 6, 7, 8])
  assert.equal(quarantined.length, 1)
  assert.deepEqual([quarantined[0].baseOffset, quarantined[0].nextOffset], [3, 6])
})

test('segments that repeat others are named and not served twice', async () => {
  const { files } = io()
  await threeSegments(files)
  const [first, second] = [await contentOf(files, pathOf(0)), await contentOf(files, pathOf(3))]
  await putFile(files, pathOf(0), Buffer.concat([first, second]))
  const whole = await recovered(files, false)
  assert.deepEqual(whole.offsets, [0, 1, 2, 3, 4, 5, 6, 7, 8], 'all of the second repeats the first')
  assert.equal(whole.quarantined[0].reason, 'overlap')
  const { files: other } = io()
  await threeSegments(other)
  await putFile(other, pathOf(0), Buffer.concat([first, second.subarray(0, second.length / 3)]))
  const part = await recovered(other, true)
  assert.deepEqual(part.offsets, [0, 1, 2, 3, 4, 5, 6, 7, 8], 'one of the second repeats the first')
  assert.deepEqual(
    part.quarantined.map(({ reason, position, file }) => [reason, position, file]),
    [['overlap', 0, '03']],
  )
})

test('swapped segments: nothing is served under an offset that it does not have', async () => {
  const { files } = io()
  await threeSegments(files)
  const [first, second] = [await contentOf(files, pathOf(0)), await contentOf(files, pathOf(3))]
  await putFile(files, pathOf(0), second)
  await putFile(files, pathOf(3), first)
  const log = await Log.open(io(files), directory, logOptions())
  for (const { offset, value } of await readAll(log)) assert.equal(value, `v${offset}`)
  assert.equal(log.quarantined.length > 0, true)
  assert.equal(log.logEnd, 9)
})

test('indexes that are missing, cut, flipped, of another segment or garbage are made anew', async () => {
  const { files } = io()
  await threeSegments(files)
  const stored = await snapshotOf(files, directory)
  const damages: ((bytes: Uint8Array) => Uint8Array | undefined)[] = [
    () => undefined,
    () => new Uint8Array(0),
    (bytes) => bytes.subarray(0, bytes.length - 1),
    (bytes) => bytes.subarray(0, bytes.length / 3),
    (bytes) => new Uint8Array(bytes.length),
    (bytes) => Buffer.alloc(bytes.length * 4, 0xa5),
    (bytes) => Uint8Array.from(bytes).reverse(),
    ...Array.from({ length: 36 * 8 }, (_, at) => (bytes: Uint8Array) => {
      const flipped = Uint8Array.from(bytes)
      if (at >> 3 < flipped.length) flipped[at >> 3] ^= 1 << (at & 7)
      return flipped
    }),
  ]
  for (const kind of ['index', 'timeindex'] as const) {
    for (const base of [0, 6]) {
      for (const [number, damage] of damages.entries()) {
        const { files: copy } = io()
        await copy.makeDirectory(directory)
        for (const [path, content] of stored) await putFile(copy, path, Buffer.from(content, 'base64'))
        const path = segmentPath(directory, base, kind)
        const changed = damage(await contentOf(copy, path))
        if (changed === undefined) await copy.remove(path)
        else await putFile(copy, path, changed)
        const log = await Log.open(
          io(copy),
          directory,
          logOptions({ wasClosedCleanly: true, indexIntervalBytes: 70 }),
        )
        const what = `${kind} ${base} damage ${number}`
        for (let offset = 0; offset < 9; offset++) {
          assert.equal((await readAll(log, offset)).length, 9 - offset, what)
          assert.equal(await log.offsetForTime(1000 + offset), offset, what)
        }
        assert.equal(await log.offsetForTime(2000), 9, what)
        assert.deepEqual(log.quarantined, [], what)
      }
    }
  }
})

test('damage that comes while the log is open is met by the read and named for good', async () => {
  const { files } = io()
  await threeSegments(files)
  const logger = listeningLogger()
  const log = await Log.open(io(files), directory, logOptions({ wasClosedCleanly: true, logger }))
  assert.deepEqual(log.quarantined, [])
  for (const base of [3, 6]) {
    const bytes = await contentOf(files, pathOf(base))
    bytes[bytes.length / 3 + 40] ^= 1
    await putFile(files, pathOf(base), bytes)
  }
  assert.deepEqual(await offsetsOf(log), [0, 1, 2, 3, 5, 6, 8])
  assert.deepEqual(
    log.quarantined.map(({ baseOffset, nextOffset, reason }) => ({ baseOffset, nextOffset, reason })),
    [
      { baseOffset: 4, nextOffset: 5, reason: 'damaged-batch' },
      { baseOffset: 7, nextOffset: 8, reason: 'damaged-batch' },
    ],
  )
  assert.equal(logger.lines.filter(({ level }) => level === 'error').length, 2)
  assert.equal((await log.read(4, 1000)).nextOffset > 5, true, 'a quarantined offset leads behind it')
  log.append(batchOf(['new']), 0)
  await log.durable()
  assert.deepEqual((await offsetsOf(log)).at(-1), 9)
  await log.close()
  const again = await Log.open(io(files), directory, logOptions({ wasClosedCleanly: true }))
  assert.equal(again.quarantined.length, 2)
})

test('a damaged list of damage is not believed', async () => {
  const { files } = io()
  const whole = await oneSegment(files, 5)
  const flipped = Uint8Array.from(whole)
  flipped[whole.length / 5 + 40] ^= 1
  await putFile(files, pathOf(0), flipped)
  let log = await Log.open(io(files), directory, logOptions())
  assert.equal(log.quarantined.length, 1)
  await log.close()
  const path = segmentPath(directory, 0, 'quarantine')
  const sidecar = await contentOf(files, path)
  for (let position = 0; position < sidecar.length; position++) {
    const changed = Uint8Array.from(sidecar)
    changed[position] ^= 1
    await putFile(files, path, changed)
    log = await Log.open(io(files), directory, logOptions({ wasClosedCleanly: true }))
    assert.deepEqual(await offsetsOf(log), [0, 2, 3, 4], `byte ${position}`)
    assert.equal(log.quarantined.length, 1)
    await log.close()
  }
})

test('a truncation that was interrupted is finished at the next start', async () => {
  const { files } = io()
  await threeSegments(files)
  const before = await snapshotOf(files, directory)
  const log = await Log.open(io(files), directory, logOptions())
  await log.truncateStart(6)
  const start = await contentOf(files, `${directory}/log-start`)
  const { files: copy } = io()
  await copy.makeDirectory(directory)
  for (const [path, content] of before) await putFile(copy, path, Buffer.from(content, 'base64'))
  await putFile(copy, `${directory}/log-start`, start)
  const { offsets, quarantined } = await recovered(copy, false)
  assert.deepEqual([offsets, quarantined], [[6, 7, 8], []])
})

test('an unreadable last batch behind one with a wrong offset: neither offset is given again', async () => {
  const { files } = io()
  const whole = await oneSegment(files, 2)
  const batchBytes = whole.length / 2
  const damaged = Uint8Array.from(whole)
  damaged[0] ^= 1
  damaged[batchBytes + 8] ^= 1
  await putFile(files, pathOf(0), damaged)
  const { offsets, next } = await recovered(files, true)
  assert.deepEqual(offsets, [])
  assert.equal(next >= 2, true)
})
