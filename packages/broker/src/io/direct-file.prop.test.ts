// A direct file is a file like any other, whatever is asked of it; below it there are only whole blocks, and
// what was synced survives whatever becomes of the last write.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { alignedBytes, AlignedMemory } from './aligned-memory.ts'
import { blockBytes, DirectFile } from './direct-file.ts'
import type { File } from './io.ts'
import { memoryFiles } from './memory-files.ts'

type Step =
  | { readonly kind: 'append' | 'write'; readonly sizes: readonly number[]; readonly at: number }
  | { readonly kind: 'read'; readonly at: number; readonly size: number }
  | { readonly kind: 'truncate'; readonly at: number }
  | { readonly kind: 'trim' | 'reopen' }

const share = fc.double({ min: 0, max: 1, noNaN: true })
const size = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.constantFrom(blockBytes - 1, blockBytes, blockBytes + 1, 3 * blockBytes, alignedBytes, alignedBytes + 5),
)
const sizes = fc.array(size, { maxLength: 4 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), sizes, at: share }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('write' as const), sizes, at: share }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('read' as const), at: share, size }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('truncate' as const), at: share }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('trim' as const, 'reopen' as const) }) },
)

const memory = new AlignedMemory()

/** Refuses what a disk would refuse. */
class BlockFile implements File {
  readonly blockMemory = memory
  readonly #file: File
  readonly writes: { position: number; sizeBytes: number }[] = []

  constructor(file: File) {
    this.#file = file
  }

  get path(): string {
    return this.#file.path
  }

  read(target: Uint8Array, position: number): Promise<number> {
    assertAligned([target], position)
    return this.#file.read(target, position)
  }

  write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    assertAligned(buffers, position)
    this.writes.push({ position, sizeBytes: buffers[0]!.length })
    return this.#file.write(buffers, position)
  }

  sync = (): Promise<void> => this.#file.sync()
  truncate = (to: number): Promise<void> => this.#file.truncate(to)
  size = (): Promise<number> => this.#file.size()
  close = (): Promise<void> => this.#file.close()
}

function assertAligned(buffers: readonly Uint8Array[], position: number): void {
  assert.equal(position % blockBytes, 0)
  for (const bytes of buffers.filter(({ length }) => length > 0)) {
    assert.equal(bytes.length % blockBytes, 0)
    assert.equal(bytes.byteOffset % blockBytes, 0)
    assert.ok(bytes.buffer.byteLength > alignedBytes, 'it is out of the aligned memory')
  }
}

let made = 0

/** Bytes that are told apart. */
function filled(length: number): Uint8Array {
  made = (made % 255) + 1
  return new Uint8Array(length).fill(made)
}

class Model {
  readonly #raw: BlockFile
  #file: DirectFile
  #expected: Uint8Array = new Uint8Array(0)

  private constructor(raw: BlockFile, file: DirectFile) {
    this.#raw = raw
    this.#file = file
  }

  static async open(): Promise<Model> {
    const raw = new BlockFile(await memoryFiles().open('/file', { create: true }))
    return new Model(raw, await DirectFile.over(raw))
  }

  async take(it: Step): Promise<void> {
    switch (it.kind) {
      case 'append':
        return this.#write(it.sizes, this.#expected.length)
      case 'write':
        // A little beyond the end, too: what lies between reads as zeros.
        return this.#write(it.sizes, Math.floor(it.at * (this.#expected.length + 10_000)))
      case 'read':
        return this.#read(Math.floor(it.at * (this.#expected.length + 10)), it.size)
      case 'truncate':
        return this.#truncate(Math.floor(it.at * (this.#expected.length + 5000)))
      case 'trim':
        await this.#file.trim()
        assert.equal(await this.#raw.size(), this.#expected.length)
        return
      case 'reopen':
        await this.#file.trim()
        this.#file = await DirectFile.over(this.#raw)
    }
  }

  async checkAll(): Promise<void> {
    assert.equal(await this.#file.size(), this.#expected.length)
    await this.#read(0, this.#expected.length + 7)
    const onDisk = new Uint8Array(await this.#raw.size())
    assert.ok(onDisk.length - this.#expected.length < blockBytes)
    assert.ok(onDisk.length >= this.#expected.length)
  }

  async #write(sizesOf: readonly number[], position: number): Promise<void> {
    const buffers = sizesOf.map(filled)
    const bytes = Buffer.concat(buffers)
    await this.#file.write(buffers, position)
    if (bytes.length === 0) return
    const grown = new Uint8Array(Math.max(this.#expected.length, position + bytes.length))
    grown.set(this.#expected)
    grown.set(bytes, position)
    this.#expected = grown
  }

  async #read(position: number, length: number): Promise<void> {
    const target = new Uint8Array(length)
    const expected = this.#expected.subarray(position, position + length)
    assert.equal(await this.#file.read(target, position), expected.length)
    assert.ok(Buffer.from(target.buffer, 0, expected.length).equals(expected))
  }

  async #truncate(to: number): Promise<void> {
    await this.#file.truncate(to)
    const cut = new Uint8Array(to)
    cut.set(this.#expected.subarray(0, to))
    this.#expected = cut
  }
}

test('a direct file reads back what was written, out of whole blocks only', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const model = await Model.open()
      for (const it of steps) {
        await model.take(it)
        await model.checkAll()
      }
    }),
    { numRuns: 150 },
  )
})

test('an append writes the last block again with what it had, and zeros behind', async () => {
  const raw = new BlockFile(await memoryFiles().open('/file', { create: true }))
  const file = await DirectFile.over(raw)
  await file.write([filled(5000)], 0)
  const before = await blockAt(raw, 1)
  await file.write([filled(100)], 5000)
  const after = await blockAt(raw, 1)
  assert.deepEqual(raw.writes, [
    { position: 0, sizeBytes: 2 * blockBytes },
    { position: blockBytes, sizeBytes: blockBytes },
  ])
  const kept = 5000 - blockBytes
  assert.ok(after.subarray(0, kept).equals(before.subarray(0, kept)))
  assert.ok(after.subarray(kept + 100).every((byte) => byte === 0))
})

test('after a write that failed, the last block is read before it is written again', async () => {
  const raw = new BlockFile(await memoryFiles().open('/file', { create: true }))
  const file = await DirectFile.over(raw)
  await file.write([new Uint8Array(100).fill(1)], 0)
  const write = raw.write.bind(raw)
  raw.write = () => Promise.reject(new Error('no'))
  await assert.rejects(file.write([new Uint8Array(50).fill(2)], 100))
  raw.write = write
  await file.truncate(100)
  await file.write([new Uint8Array(10).fill(3)], 100)
  const block = await blockAt(raw, 0)
  assert.deepEqual([block[99], block[100], block[109], block[110]], [1, 3, 3, 0])
})

test('more calls than there are buffers wait for each other, and all of them end', async () => {
  const raw = new BlockFile(await memoryFiles().open('/file', { create: true }))
  const file = await DirectFile.over(raw)
  await file.write([filled(100_000)], 0)
  const counts = await Promise.all(
    Array.from({ length: 60 }, (_, index) => file.read(new Uint8Array(1000), index * 1000)),
  )
  assert.ok(counts.every((count) => count === 1000))
})

async function blockAt(raw: File, index: number): Promise<Buffer> {
  const bytes = await memory.lease(blockBytes)
  await raw.read(bytes, index * blockBytes)
  const block = Buffer.from(bytes)
  memory.release(bytes)
  return block
}
