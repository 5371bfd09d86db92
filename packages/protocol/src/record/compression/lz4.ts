// LZ4 in its frame format, as Kafka's clients write it. Its own checksums are not looked at: the batch has
// one over the same bytes. Source: lz4_Frame_format.md and lz4_Block_format.md of the LZ4 project.
//
//   frame:  04 22 4d 18 · flags u8 · block size u8 · { content size u64 } · { dictionary u32 } · check u8 ·
//           { size u32, top bit: stored as it is · block · { checksum u32 } }* · 0 u32 · { checksum u32 }
//   flags:  version 01 · blocks stand alone · block checksums · content size · content checksum · 0 ·
//           dictionary
//   block:  { token u8: literals << 4 | repeated - 4 · { more literals } · literals ·
//             distance u16 · { more repeated } }*    little endian; the last has literals alone

import { GrowingOutput, notDecodable } from './growing-output.ts'

const frameMagic = 0x184d2204
/** Frames that carry no records: 0x184d2a50 to 0x184d2a5f. */
const skippedMagic = 0x184d2a50
const blockChecksumBit = 0x10
const contentSizeBit = 0x08
const contentChecksumBit = 0x04
const dictionaryBit = 0x01
const storedBit = 0x8000_0000
const repeatMin = 4

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
