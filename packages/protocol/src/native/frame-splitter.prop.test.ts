// However a stream of frames is cut into chunks, the same frames come out; hostile bytes are refused in time.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BrokerError } from '../errors/broker-error.ts'
import { ByteWriter } from '../bytes/byte-writer.ts'
import { beginFrame, endFrame, frameHeaderBytes } from './frame.ts'
import type { Opcode } from './frame.ts'
import { FrameSplitter } from './frame-splitter.ts'

const frameBytesMax = 4_096

function frameOf(opcode: number, body: Uint8Array): Uint8Array {
  const writer = new ByteWriter()
  const start = beginFrame(writer, opcode as Opcode, 7)
  writer.raw(body)
  endFrame(writer, start)
  return writer.take()
}

/** Cuts bytes at the given places, which may repeat. */
function chunksOf(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b)
  return places.slice(1).map((end, index) => bytes.slice(places[index], end))
}

test('any chunking gives the same frames', () => {
  const body = fc.uint8Array({ maxLength: 600 })
  const frames = fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), body), { maxLength: 12 })
  fc.assert(
    fc.property(frames, fc.array(fc.nat(), { maxLength: 40 }), (parts, cuts) => {
      const sent = parts.map(([opcode, bytes]) => frameOf(opcode, bytes))
      const received: Buffer[] = []
      // What memory holds that is given out as it is.
      const dirty = (sizeBytes: number): Uint8Array => new Uint8Array(sizeBytes).fill(0xdd)
      const splitter = new FrameSplitter(frameBytesMax, dirty)
      for (const chunk of chunksOf(Buffer.concat(sent), cuts)) {
        splitter.push(chunk, (bytes, start, end, isOwned) => {
          const frame = bytes.subarray(start, end)
          // What is ours to keep is looked at again at the end, what is borrowed is copied.
          received.push(
            isOwned ? Buffer.from(frame.buffer, frame.byteOffset, frame.length) : Buffer.from(frame),
          )
        })
        // What is borrowed is not looked at again.
        chunk.fill(0xee)
      }
      assert.deepEqual(
        received,
        sent.map((frame) => Buffer.from(frame)),
      )
      assert.equal(splitter.isInsideFrame, false)
    }),
    { numRuns: 300 },
  )
})

test('byte by byte, the worst chunking, gives the same frames', () => {
  const sent = [
    frameOf(1, new Uint8Array(0)),
    frameOf(2, new Uint8Array(300).fill(5)),
    frameOf(3, new Uint8Array(1)),
  ]
  const sizes: number[] = []
  const splitter = new FrameSplitter(frameBytesMax)
  for (const byte of Buffer.concat(sent)) {
    splitter.push(Uint8Array.of(byte), (_, start, end) => sizes.push(end - start))
  }
  assert.deepEqual(
    sizes,
    sent.map(({ length }) => length),
  )
})

test('hostile bytes, in any chunking, end in frames or in a violation, nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(), { maxLength: 8 }), (bytes, cuts) => {
      const splitter = new FrameSplitter(frameBytesMax)
      try {
        for (const chunk of chunksOf(bytes, cuts)) {
          splitter.push(chunk, (_, start, end) =>
            assert.ok(end - start >= frameHeaderBytes && end - start <= frameBytesMax),
          )
        }
      } catch (error) {
        assert.ok(error instanceof BrokerError)
        assert.equal(error.kind, 'violation')
      }
    }),
    { numRuns: 1_000 },
  )
})

for (const length of [0, 1, 5, frameBytesMax - 3, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
  test(`a length of ${length} is refused from its four bytes alone`, () => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(length)
    const never = (): never => assert.fail('no frame')
    assert.throws(() => new FrameSplitter(frameBytesMax).push(bytes, never), { kind: 'violation' })
    const late = new FrameSplitter(frameBytesMax)
    late.push(bytes.subarray(0, 3), never)
    assert.throws(() => late.push(bytes.subarray(3), never), { kind: 'violation' })
  })
}

test('the largest and the smallest frame are taken', () => {
  const sizes: number[] = []
  const splitter = new FrameSplitter(frameBytesMax)
  const frames = [frameOf(1, new Uint8Array(frameBytesMax - frameHeaderBytes)), frameOf(1, new Uint8Array(0))]
  splitter.push(Buffer.concat(frames), (_, start, end) => sizes.push(end - start))
  assert.deepEqual(sizes, [frameBytesMax, frameHeaderBytes])
})

test('a peer that only claims a large frame gets no memory for it', () => {
  const splitter = new FrameSplitter(1 << 30)
  const claim = Buffer.alloc(5)
  claim.writeUInt32BE((1 << 30) - 4)
  const before = process.memoryUsage().arrayBuffers
  splitter.push(claim, () => assert.fail('no frame'))
  assert.ok(process.memoryUsage().arrayBuffers - before < 1024 * 1024)
  assert.equal(splitter.isInsideFrame, true)
})

test('what is put where it belongs is not copied, and the same frames come out', () => {
  const large = fc.integer({ min: 100_000, max: 400_000 })
  fc.assert(
    fc.property(
      fc.array(fc.oneof(large, fc.nat({ max: 900 })), { maxLength: 6 }),
      fc.infiniteStream(fc.nat()),
      (sizes, cuts) => {
        const sent = Buffer.concat(
          sizes.map((size, index) => frameOf(index, new Uint8Array(size).fill(index + 1))),
        )
        const splitter = new FrameSplitter(1 << 20)
        const shared = new Uint8Array(50_000)
        const received: Uint8Array[] = []
        let placedBytes = 0
        for (let at = 0; at < sent.length;) {
          const room = splitter.room()
          const place = room ?? shared
          const count = Math.min(1 + ((cuts.next().value as number) % place.length), sent.length - at)
          place.set(sent.subarray(at, at + count))
          splitter.push(place.subarray(0, count), (bytes, start, end, isOwned) => {
            received.push(isOwned ? bytes.subarray(start, end) : bytes.slice(start, end))
          })
          if (room === undefined) shared.fill(0xee)
          else placedBytes += count
          at += count
        }
        assert.ok(Buffer.concat(received).equals(sent))
        assert.equal(received.length, sizes.length)
        assert.ok(placedBytes > 0 || sizes.every((size) => size < 400_000))
      },
    ),
    { numRuns: 60 },
  )
})

test('room is not given for what a frame only claims', () => {
  const splitter = new FrameSplitter(1 << 30)
  const claim = Buffer.alloc(1000)
  claim.writeUInt32BE((1 << 30) - 4)
  splitter.push(claim.subarray(0, 5), () => assert.fail('no frame'))
  assert.equal(splitter.room(), undefined)
  splitter.push(claim, () => assert.fail('no frame'))
  assert.ok((splitter.room()?.length ?? 0) < 16 * 1005)
})

test('a frame that comes in pieces is moved once', () => {
  const frame = frameOf(1, new Uint8Array(frameBytesMax - frameHeaderBytes))
  const made: number[] = []
  const splitter = new FrameSplitter(frameBytesMax, (sizeBytes) => {
    made.push(sizeBytes)
    return new Uint8Array(sizeBytes)
  })
  for (const chunk of chunksOf(frame, [500, 1000, 1500, 2000, 3000])) splitter.push(chunk, () => {})
  assert.deepEqual(made, [500, frameBytesMax])
})

test('a sink that throws is heard, and the splitter has moved on', () => {
  const splitter = new FrameSplitter(frameBytesMax)
  const frame = frameOf(1, new Uint8Array(20))
  splitter.push(frame.subarray(0, 9), () => assert.fail('not whole yet'))
  assert.throws(() => {
    splitter.push(frame.subarray(9), () => {
      throw new Error('refused')
    })
  }, /refused/)
  assert.equal(splitter.isInsideFrame, false)
})

test('a begun frame says how large it will be, and takes no more memory than that', () => {
  const size = 3000
  const frame = frameOf(1, new Uint8Array(size - frameHeaderBytes))
  const splitter = new FrameSplitter(frameBytesMax)
  const held: number[] = []
  splitter.push(frame.subarray(0, 3), () => assert.fail('not whole yet'))
  assert.equal(splitter.begunFrameBytes, 0)
  splitter.push(frame.subarray(3, 2000), () => assert.fail('not whole yet'))
  assert.equal(splitter.begunFrameBytes, size)
  splitter.push(frame.subarray(2000), (bytes) => held.push(bytes.buffer.byteLength))
  assert.deepEqual([held, splitter.begunFrameBytes], [[size], 0])
})
