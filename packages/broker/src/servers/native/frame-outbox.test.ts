// Frames whose bytes are lent: they arrive as they were, and are given back once, when nobody looks at them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ByteConnection } from '@sluice/protocol/bytes/byte-connection'
import { opcodes } from '@sluice/protocol/native/frame'
import { FrameSplitter } from '@sluice/protocol/native/frame-splitter'
import { FrameOutbox } from './frame-outbox.ts'
import type { OutgoingSlice } from '../connections/byte-outbox.ts'

/** Holds what is written until `take`. */
class SlowPeer implements Pick<ByteConnection, 'write'> {
  readonly frames: Buffer[] = []
  #written: { bytes: Uint8Array; taken: (() => void) | undefined }[] = []
  readonly #splitter = new FrameSplitter(64 * 1024 * 1024)

  write(bytes: Uint8Array, taken?: () => void): boolean {
    this.#written.push({ bytes, taken })
    return true
  }

  take(): void {
    for (const { bytes, taken } of this.#written.splice(0)) {
      this.#splitter.push(bytes, (frame, start, end) =>
        this.frames.push(Buffer.from(frame.subarray(start, end))),
      )
      taken?.()
    }
  }
}

const sizes = [200_000, 10, 16_384, 16_385, 70_000, 300, 1]

test('an answer of many slices is one frame; each slice is released once, when it was taken', async () => {
  const peer = new SlowPeer()
  const outbox = new FrameOutbox(peer as unknown as ByteConnection)
  const released: number[] = []
  const slices: OutgoingSlice[] = sizes.map((size, index) => {
    const bytes = new Uint8Array(size + 7).fill(index + 1, 3, size + 3)
    const release = (): void => {
      released.push(index)
      bytes.fill(0xee)
    }
    return { bytes, start: 3, end: size + 3, release }
  })
  const sizeBytes = sizes.reduce((sum, size) => sum + size)
  const start = outbox.begin(opcodes.read, 9)
  outbox.writer.u32(sizeBytes)
  outbox.endWith(start, slices, sizeBytes)
  outbox.empty(opcodes.ping, 0)
  await Promise.resolve()
  assert.deepEqual(released, [1, 2, 5, 6], 'what is copied is given back at once')
  peer.take()
  assert.deepEqual(
    released.toSorted((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6],
  )
  const [answer, ping] = peer.frames
  assert.equal(answer!.readUInt32BE(6), 9)
  const expected = Buffer.concat(sizes.map((size, index) => Buffer.alloc(size, index + 1)))
  assert.ok(answer!.subarray(14).equals(expected))
  assert.equal(ping!.length, 10)
  assert.equal(peer.frames.length, 2)
})

test('where the connection ends first, nothing is given back', () => {
  const peer = new SlowPeer()
  const outbox = new FrameOutbox(peer as unknown as ByteConnection)
  let releasedCount = 0
  const slice = { bytes: new Uint8Array(50_000), start: 0, end: 50_000, release: () => releasedCount++ }
  outbox.endWith(outbox.begin(opcodes.read, 1), [slice], 50_000)
  outbox.close()
  outbox.endWith(outbox.begin(opcodes.read, 2), [slice], 50_000)
  assert.equal(releasedCount, 0)
})
