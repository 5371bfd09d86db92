// LZ4 in its frame format, as Kafka's clients write it. Its own checksums are neither looked at nor written:
// the batch has one over the same bytes. Source: lz4_Frame_format.md, lz4_Block_format.md of the LZ4 project.
//
//   frame:  04 22 4d 18 · flags u8 · block size u8 · { content size u64 } · { dictionary u32 } · check u8 ·
//           { size u32, top bit: stored as it is · block · { checksum u32 } }* · 0 u32 · { checksum u32 }
//   flags:  version 01 · blocks stand alone · block checksums · content size · content checksum · 0 ·
//           dictionary
//   block:  { token u8: literals << 4 | repeated - 4 · { more literals } · literals ·
//             distance u16 · { more repeated } }*    little endian; the last has literals alone

import { GrowingOutput, notDecodable } from './growing-output.ts'
import { findRepeats } from './repeats.ts'
import type { RepeatSink } from './repeats.ts'

const frameMagic = 0x184d2204
/** Frames that carry no records: 0x184d2a50 to 0x184d2a5f. */
const skippedMagic = 0x184d2a50
const blockChecksumBit = 0x10
const contentSizeBit = 0x08
const contentChecksumBit = 0x04
const dictionaryBit = 0x01
const storedBit = 0x8000_0000
const repeatMin = 4
/** Blocks of at most 64 KiB that stand alone; the last byte is the check of the two before it. */
const frameHeader = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]
const blockBytes = 64 * 1024

/** The bytes behind `start` bytes left free. Throws `batch-not-decodable`, or `batch-too-large`. */
export function decompressLz4(from: Uint8Array, start: number, bytesMax: number): Uint8Array {
  const output = new GrowingOutput(start, from.length * 4, bytesMax)
  let at = 0
  while (at < from.length) at = readFrame(from, at, output)
  return output.take()
}

/** Where the frame ends. */
function readFrame(from: Uint8Array, start: number, output: GrowingOutput): number {
  const magic = u32(from, start)
  if ((magic & ~0xf) >>> 0 === skippedMagic) return start + 8 + u32(from, start + 4)
  const flags = from[start + 4] ?? 0
  if (magic !== frameMagic || flags >>> 6 !== 1 || (flags & dictionaryBit) !== 0) throw notDecodable('lz4')
  let at = start + 7 + ((flags & contentSizeBit) !== 0 ? 8 : 0)
  for (;;) {
    const word = u32(from, at)
    at += 4
    if (word === 0) return at + ((flags & contentChecksumBit) !== 0 ? 4 : 0)
    const size = word & ~storedBit
    if (size > from.length - at) throw notDecodable('lz4')
    if (word >= storedBit) output.literal(from, at, at + size)
    else readBlock(from, at, at + size, output)
    at += size + ((flags & blockChecksumBit) !== 0 ? 4 : 0)
  }
}

/** Blocks may repeat what blocks before them hold; those that stand alone just do not. */
function readBlock(from: Uint8Array, start: number, end: number, output: GrowingOutput): void {
  let at = start
  while (at < end) {
    const token = from[at++]!
    let literals = token >>> 4
    if (literals === 15) {
      let byte: number
      do literals += byte = from[at++] ?? 0
      while (byte === 255 && at < end)
    }
    if (literals > end - at) throw notDecodable('lz4')
    output.literal(from, at, at + literals)
    at += literals
    if (at === end) return
    if (end - at < 2) throw notDecodable('lz4')
    const distance = from[at]! | (from[at + 1]! << 8)
    at += 2
    let repeated = token & 15
    if (repeated === 15) {
      let byte: number
      do repeated += byte = from[at++] ?? 0
      while (byte === 255 && at < end)
    }
    if (!output.repeat(distance, repeated + repeatMin)) throw notDecodable('lz4')
  }
}

function u32(from: Uint8Array, at: number): number {
  if (at + 4 > from.length) throw notDecodable('lz4')
  return (from[at]! | (from[at + 1]! << 8) | (from[at + 2]! << 16) | (from[at + 3]! << 24)) >>> 0
}

/** One frame, behind `start` bytes left free. */
export function compressLz4(from: Uint8Array, start: number): Uint8Array {
  const blocks = Math.ceil(from.length / blockBytes)
  const output = new Lz4Output(from, start + frameHeader.length + from.length + blocks * 4 + 4)
  output.bytes.set(frameHeader, start)
  output.position = start + frameHeader.length
  for (let at = 0; at < from.length; at += blockBytes)
    output.block(at, Math.min(at + blockBytes, from.length))
  output.word(0)
  return output.bytes.slice(0, output.position)
}

class Lz4Output implements RepeatSink {
  readonly bytes: Uint8Array
  position = 0
  readonly #from: Uint8Array

  constructor(from: Uint8Array, bytesMax: number) {
    this.#from = from
    // Why more: a block that does not get smaller is found out at its end, and stored as it is.
    this.bytes = new Uint8Array(bytesMax + blockBytes / 255 + 16)
  }

  block(start: number, end: number): void {
    const first = this.position + 4
    this.position = first
    const left = findRepeats(this.#from, start, end, this)
    this.#literals(left, end, 0)
    let size = this.position - first
    if (size >= end - start) {
      size = end - start
      this.bytes.set(this.#from.subarray(start, end), first)
    }
    this.position = first - 4
    this.word(size === end - start ? (size | storedBit) >>> 0 : size)
    this.position = first + size
  }

  repeat(start: number, end: number, distance: number, size: number): void {
    const repeated = size - repeatMin
    this.#literals(start, end, Math.min(repeated, 15))
    this.bytes[this.position++] = distance & 0xff
    this.bytes[this.position++] = distance >>> 8
    this.#more(repeated)
  }

  word(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.bytes[this.position++] = (value >>> shift) & 0xff
  }

  #literals(start: number, end: number, repeated: number): void {
    const count = end - start
    this.bytes[this.position++] = (Math.min(count, 15) << 4) | repeated
    this.#more(count)
    this.bytes.set(this.#from.subarray(start, end), this.position)
    this.position += count
  }

  /** What does not fit into a token. */
  #more(count: number): void {
    if (count < 15) return
    let left = count - 15
    for (; left >= 255; left -= 255) this.bytes[this.position++] = 255
    this.bytes[this.position++] = left
  }
}
