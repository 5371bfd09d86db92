// What a log remembers of its producers over clean ends, ends in the middle, full disks and damage.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { File, FileSystem, Io } from '../../io/io.ts'
import { IoError } from '../../io/io.ts'
import { memoryFiles } from '../../io/memory-files.ts'
import { Log } from '../log.ts'
import type { LogOptions } from '../log.ts'
import { batchOf, logOptions, memoryIo, putFile } from '../log.fixture.ts'
import { producerBatch } from './producer-batches.fixture.ts'

const directory = '/log'

function open(io: Io, changes: Partial<LogOptions> = {}): Promise<Log> {
  return Log.open(io, directory, logOptions({ producerExpirationMs: 86_400_000, ...changes }))
}

async function write(log: Log, id: number, from: number, end: number): Promise<void> {
  for (let sequence = from; sequence < end; sequence++) {
    const batch = producerBatch({ id, sequence })
    assert.equal(log.producers!.judge(batch, 0).kind, 'next')
    log.append(batch, 1)
  }
  await log.durable()
}

function judged(log: Log, id: number, sequence: number): string | number {
  const verdict = log.producers!.judge(producerBatch({ id, sequence }), 0)
  return verdict.kind === 'repeated' ? verdict.baseOffset : verdict.kind
}

const judgedAll = (log: Log): (string | number)[] =>
  [3, 4, 5, 9, 10, 11].map((sequence) => judged(log, 7, sequence))
const expected = ['out-of-order', 'out-of-order', 6, 10, 'next', 'out-of-order']

async function written(io: Io, changes: Partial<LogOptions> = {}): Promise<Log> {
  const log = await open(io, changes)
  log.append(batchOf(['plain']), 1)
  await write(log, 7, 0, 10)
  return log
}

test('after a clean end the last five are known, and the log is not read', async () => {
  const files = memoryFiles()
  const log = await written(memoryIo(files))
  await log.close()
  let logBytes = 0
  const watched = watchedFiles(files, (path, bytes) => {
    if (path.endsWith('.log')) logBytes += bytes
  })
  const again = await open(memoryIo(watched), { wasClosedCleanly: true })
  assert.deepEqual(judgedAll(again), expected)
  assert.ok(logBytes < 500, `${logBytes} bytes of the log were read`)
  await again.close()
})

test('without a clean end they are found in the last segment, and in what was kept before it', async () => {
  const files = memoryFiles()
  const log = await written(memoryIo(files))
  assert.deepEqual(judgedAll(log), expected)
  const again = await open(memoryIo(files))
  assert.deepEqual(judgedAll(again), expected)
  again.roll()
  again.append(batchOf(['in a new segment']), 1)
  await again.durable()
  const names = (await files.list(directory)).map(({ name }) => name)
  assert.deepEqual(
    names.filter((name) => name.endsWith('.producers')),
    ['00000000000000000011.producers'],
  )
  const third = await open(memoryIo(files))
  assert.deepEqual(judgedAll(third), expected)
  await write(third, 7, 10, 12)
  const fourth = await open(memoryIo(files))
  assert.deepEqual(
    [judged(fourth, 7, 11), judged(fourth, 7, 6), judged(fourth, 7, 12)],
    [13, 'out-of-order', 'next'],
  )
})

test('a clean end is not believed where it is another one than the log has', async () => {
  const files = memoryFiles()
  const log = await written(memoryIo(files))
  await log.close()
  const path = `${directory}/00000000000000000000.log`
  const file = await files.open(path, { create: false })
  const bytes = new Uint8Array(await file.size())
  await file.read(bytes, 0)
  bytes[bytes.length - 1]! ^= 1
  await file.write([bytes], 0)
  await file.close()
  const again = await open(memoryIo(files), { wasClosedCleanly: true })
  assert.deepEqual([judged(again, 7, 8), judged(again, 7, 9)], [9, 'next'])
})

test('what a full disk refuses is not remembered, also where a new epoch began with it', async () => {
  const files = memoryFiles()
  let isFull = false
  const io = memoryIo(
    watchedFiles(
      files,
      () => {},
      () => {
        if (isFull) throw new IoError('full', 'a log', 'no space')
      },
    ),
  )
  const log = await written(io)
  isFull = true
  for (let sequence = 10; sequence < 20; sequence++) log.append(producerBatch({ id: 7, sequence }), 1)
  log.append(producerBatch({ id: 7, epoch: 1, sequence: 0 }), 1)
  log.append(producerBatch({ id: 8, sequence: 0 }), 1)
  await assert.rejects(log.durable(), { code: 'disk-full' })
  assert.deepEqual(judgedAll(log), expected)
  assert.equal(log.producers!.latest().length, 1)
  isFull = false
  await write(log, 7, 10, 11)
  await log.close()
})

test('a new segment does not begin where the producers before it cannot be kept', async () => {
  const files = memoryFiles()
  let isFull = false
  const io = memoryIo(
    watchedFiles(
      files,
      () => {},
      (path) => {
        if (isFull && path.includes('.producers')) throw new IoError('full', path, 'no space')
      },
    ),
  )
  const log = await written(io)
  isFull = true
  log.roll()
  log.append(producerBatch({ id: 7, sequence: 10 }), 1)
  await assert.rejects(log.durable(), { code: 'disk-full' })
  assert.deepEqual(judgedAll(log), expected)
  await assert.rejects(log.close(), { code: 'disk-full' })
  assert.deepEqual(judgedAll(await open(memoryIo(files))), expected)
})

test('damaged memory of producers is said, and they begin anew', async () => {
  const files = memoryFiles()
  const log = await written(memoryIo(files))
  await log.close()
  await putFile(
    files,
    `${directory}/00000000000000000011.producers`,
    Buffer.from('{"checksum":1,"facts":[[1]]}'),
  )
  const options = logOptions({ producerExpirationMs: 1000, wasClosedCleanly: true })
  const again = await Log.open(memoryIo(files), directory, options)
  assert.equal(judged(again, 7, 55), 'next')
  assert.match(JSON.stringify((options.logger as unknown as { lines: unknown }).lines), /begin anew/)
})

test('purging everything leaves the producers as they are', async () => {
  const files = memoryFiles()
  const log = await written(memoryIo(files))
  await log.removeBelow(11)
  assert.deepEqual(judgedAll(log), expected)
  assert.deepEqual(judgedAll(await open(memoryIo(files))), expected)
})

test('a log without producers keeps nothing of them', async () => {
  const files = memoryFiles()
  const log = await open(memoryIo(files))
  log.append(batchOf(['a']), 1)
  await log.durable()
  log.roll()
  log.append(batchOf(['b']), 1)
  await log.close()
  assert.equal(
    (await files.list(directory)).some(({ name }) => name.endsWith('.producers')),
    false,
  )
})

/** The same files; hears of reads, and may refuse writes. */
function watchedFiles(
  files: FileSystem,
  onRead: (path: string, bytes: number) => void,
  beforeWrite: (path: string) => void = () => {},
): FileSystem {
  const watched = (file: File, path: string): File => ({
    path: file.path,
    size: () => file.size(),
    read: (into, position) => {
      onRead(path, into.length)
      return file.read(into, position)
    },
    write: async (parts, position) => {
      beforeWrite(path)
      return file.write(parts, position)
    },
    truncate: (size) => file.truncate(size),
    sync: () => file.sync(),
    close: () => file.close(),
  })
  return {
    open: async (path, options) => watched(await files.open(path, options), path),
    list: (path) => files.list(path),
    makeDirectory: (path) => files.makeDirectory(path),
    rename: (from, to) => files.rename(from, to),
    remove: (path) => files.remove(path),
    removeDirectory: (path) => files.removeDirectory(path),
    syncDirectory: (path) => files.syncDirectory(path),
    lock: (path) => files.lock(path),
    space: (path) => files.space(path),
  }
}
