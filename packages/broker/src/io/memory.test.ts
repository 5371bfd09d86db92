// Files and connections in memory: the common contracts, and what only they promise.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecordingHandler, byteConnectionContract } from './byte-connection.contract.ts'
import { fileSystemContract } from './file-system.contract.ts'
import { MemoryBytes } from './memory-bytes.ts'
import { connectionPair } from './memory-connection.ts'
import { memoryFiles } from './memory-files.ts'

fileSystemContract('memory', async (body) => {
  const files = memoryFiles()
  await files.makeDirectory('root')
  await body(files, 'root')
})

byteConnectionContract('memory, microtasks', async (body) => body(...connectionPair()))
byteConnectionContract('memory, immediates', async (body) =>
  body(
    ...connectionPair((callback) => {
      setImmediate(callback)
    }),
  ),
)

test('two file systems in memory do not see each other', async () => {
  const one = memoryFiles()
  await one.open('a', { create: true })
  assert.deepEqual(await memoryFiles().list('/'), [])
  assert.deepEqual(await one.list('/'), [{ name: 'a', isDirectory: false }])
})

test('bytes in memory equal a flat array after random writes, truncations and reads', () => {
  let seed = 1
  const below = (bound: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    return (seed >>> 8) % bound
  }
  const flat = Buffer.alloc(500_000)
  const bytes = new MemoryBytes()
  let size = 0
  for (let round = 0; round < 3000; round += 1) {
    const position = below(below(2) === 0 ? 3000 : 300_000)
    if (below(4) === 0) {
      bytes.truncate(position)
      if (position < size) flat.fill(0, position, size)
      size = position
    } else {
      const written = Buffer.alloc(below(below(2) === 0 ? 100 : 140_000), 1 + below(255))
      bytes.write(written, position)
      flat.set(written, position)
      if (written.length > 0) size = Math.max(size, position + written.length)
    }
    assert.equal(bytes.size, size)
    const target = Buffer.alloc(below(150_000))
    const start = below(300_000)
    const count = bytes.read(target, start)
    assert.equal(count, Math.max(0, Math.min(size - start, target.length)))
    assert.ok(target.subarray(0, count).equals(flat.subarray(start, start + count)), `round ${round}`)
  }
})

test('a writer that was told to stop hears "drained" even if it wrote on below the mark', async () => {
  const [one, other] = connectionPair()
  const hears = { one: new RecordingHandler(), other: new RecordingHandler() }
  one.start(hears.one)
  other.start({
    received: (chunk) => {
      hears.other.received(chunk)
      if (hears.other.chunks.length === 1) other.pause()
    },
    drained: () => {},
    closed: () => {},
  })
  assert.equal(one.write(Buffer.alloc(200_000)), true)
  assert.equal(one.write(Buffer.alloc(200_000)), false)
  await hears.other.until(() => hears.other.bytes === 200_000)
  assert.equal(one.write(Buffer.alloc(1)), true)
  assert.equal(hears.one.drainedCount, 0)
  other.resume()
  await hears.one.until(() => hears.one.drainedCount === 1)
  assert.equal(hears.other.bytes, 400_001)
})

test('the bytes themselves cross the pair, not a copy', async () => {
  const [one, other] = connectionPair()
  const sent = Buffer.from('same')
  const got = await new Promise<Uint8Array>((resolve) => {
    other.start({ received: resolve, drained: () => {}, closed: () => {} })
    one.write(sent)
  })
  assert.equal(got, sent)
})
