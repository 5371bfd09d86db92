// Snappy as Kafka's clients write it: one raw block (librdkafka), or blocks in the framing of snappy-java.
// Source: google/snappy format_description.txt; the framing from snappy-java's SnappyOutputStream.
//
//   framed:  82 'S' 'N' 'A' 'P' 'P' 'Y' 00 · version i32 · compatible version i32 · { size i32 · raw block }*
//   raw:     size uvarint · elements
//            xxxxxx00  literal of x+1 bytes; 60 to 63: its size follows in 1 to 4 bytes, little endian
//            dddsss01  repeat s+4 bytes from distance ddd and the next byte
//            ssssss10  repeat s+1 bytes from the distance in the next 2 bytes
//            ssssss11  repeat s+1 bytes from the distance in the next 4 bytes

import { GrowingOutput, notDecodable, tooLarge } from './growing-output.ts'
import { findRepeats } from './repeats.ts'
import type { RepeatSink } from './repeats.ts'

const frameMagic = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]
const frameHeaderBytes = 16
/** More than any block grows to: an element of two bytes repeats 64. */
const growthMax = 32
/** Of the framing and the oldest that reads it. */
const version = 1
const blockBytes = 32 * 1024
/** What one element can repeat. */
const repeatMax = 64

/** The bytes behind `start` bytes left free. Throws `batch-not-decodable`, or `batch-too-large`. */
export function decompressSnappy(from: Uint8Array, start: number, bytesMax: number): Uint8Array {
  const isFramed = from.length >= frameHeaderBytes && frameMagic.every((byte, at) => from[at] === byte)
  const output = new GrowingOutput(start, isFramed ? from.length * 4 : claimedSize(from), bytesMax)
  if (isFramed) readFrames(from, output, bytesMax)
  else readBlock(from, 0, from.length, { output, bytesMax })
  return output.take()
}

interface Writing {
  readonly output: GrowingOutput
  readonly bytesMax: number
}

/** What the block says it grows to, where that is possible. */
function claimedSize(from: Uint8Array): number {
  return Math.min(readSize(from, 0, from.length).size, from.length * growthMax)
}

function readFrames(from: Uint8Array, output: GrowingOutput, bytesMax: number): void {
  let at = frameHeaderBytes
  while (at < from.length) {
    if (from.length - at < 4) throw notDecodable('snappy')
    const size = (from[at]! << 24) | (from[at + 1]! << 16) | (from[at + 2]! << 8) | from[at + 3]!
    at += 4
    if (size <= 0 || size > from.length - at) throw notDecodable('snappy')
    readBlock(from, at, at + size, { output, bytesMax })
    at += size
  }
}

function readSize(from: Uint8Array, start: number, end: number): { size: number; at: number } {
  let size = 0
  for (let at = start, scale = 1; at < end && at < start + 5; at++, scale *= 0x80) {
    const byte = from[at]!
    size += (byte & 0x7f) * scale
    if (byte < 0x80) return { size, at: at + 1 }
  }
  throw notDecodable('snappy')
}

function readBlock(from: Uint8Array, start: number, end: number, { output, bytesMax }: Writing): void {
  const { size, at: first } = readSize(from, start, end)
  if (size > bytesMax) throw tooLarge(bytesMax)
  const floor = output.position
  let at = first
  while (at < end) {
    const tag = from[at++]!
    const kind = tag & 3
    if (kind === 0) {
      const extra = Math.max(0, (tag >>> 2) - 59)
      if (extra > end - at) throw notDecodable('snappy')
      const literal = (extra === 0 ? tag >>> 2 : little(from, at, extra)) + 1
      at += extra
      if (literal > end - at) throw notDecodable('snappy')
      output.literal(from, at, at + literal)
      at += literal
      continue
    }
    const extra = kind === 3 ? 4 : kind
    if (extra > end - at) throw notDecodable('snappy')
    const distance = kind === 1 ? ((tag & 0xe0) << 3) | from[at]! : little(from, at, extra)
    const repeated = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1
    if (!output.repeat(distance, repeated, floor)) throw notDecodable('snappy')
    at += extra
  }
  if (output.position - floor !== size) throw notDecodable('snappy')
}

function little(from: Uint8Array, at: number, count: number): number {
  let value = 0
  for (let index = count - 1; index >= 0; index--) value = value * 0x100 + from[at + index]!
  return value
}

/** In the framing of snappy-java, which every client reads, behind `start` bytes left free. */
export function compressSnappy(from: Uint8Array, start: number): Uint8Array {
  const blocks = Math.ceil(from.length / blockBytes)
  const output = new SnappyOutput(from, start + frameHeaderBytes + blocks * 16 + from.length * 1.25)
  output.bytes.set(frameMagic, start)
  output.position = start + frameMagic.length
  output.word(version)
  output.word(version)
  for (let at = 0; at < from.length; at += blockBytes)
    output.block(at, Math.min(at + blockBytes, from.length))
  return output.bytes.slice(0, output.position)
}

class SnappyOutput implements RepeatSink {
  readonly bytes: Uint8Array
  position = 0
  readonly #from: Uint8Array

  constructor(from: Uint8Array, bytesMax: number) {
    this.#from = from
    this.bytes = new Uint8Array(bytesMax)
  }

  block(start: number, end: number): void {
    const first = this.position + 4
    this.position = first
    let size = end - start
    for (; size >= 0x80; size >>>= 7) this.bytes[this.position++] = (size & 0x7f) | 0x80
    this.bytes[this.position++] = size
    this.#literal(findRepeats(this.#from, start, end, this), end)
    const blockEnd = this.position
    this.position = first - 4
    this.word(blockEnd - first)
    this.position = blockEnd
  }

  repeat(start: number, end: number, distance: number, size: number): void {
    this.#literal(start, end)
    for (let left = size; left > 0; left -= repeatMax) {
      this.bytes[this.position++] = ((Math.min(left, repeatMax) - 1) << 2) | 2
      this.bytes[this.position++] = distance & 0xff
      this.bytes[this.position++] = distance >>> 8
    }
  }

  word(value: number): void {
    for (let shift = 24; shift >= 0; shift -= 8) this.bytes[this.position++] = (value >>> shift) & 0xff
  }

  #literal(start: number, end: number): void {
    const count = end - start
    if (count === 0) return
    if (count <= 60) this.bytes[this.position++] = (count - 1) << 2
    else {
      this.bytes[this.position++] = 61 << 2
      this.bytes[this.position++] = (count - 1) & 0xff
      this.bytes[this.position++] = (count - 1) >>> 8
    }
    this.bytes.set(this.#from.subarray(start, end), this.position)
    this.position += count
  }
}
