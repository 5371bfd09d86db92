// CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum of record batches.

import { crc32c as nativeCrc32c } from '@node-rs/crc32'

/** Below this the call into native code costs more than the table loop (bench: micro/crc32c). */
const nativeFrom = 300

const tables = makeTables()

/** The checksum of `bytes[start, end)`. */
export function crc32c(bytes: Uint8Array, start: number, end: number): number {
  if (end - start >= nativeFrom) return nativeCrc32c(bytes.subarray(start, end) as Buffer)
  return tableCrc32c(bytes, start, end)
}

/** The same without native code: four bytes a step with four tables. */
export function tableCrc32c(bytes: Uint8Array, start: number, end: number): number {
  let crc = -1
  let at = start
  for (const last = end - 3; at < last; at += 4) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    crc =
      tables[768 + (crc & 0xff)]! ^
      tables[512 + ((crc >>> 8) & 0xff)]! ^
      tables[256 + ((crc >>> 16) & 0xff)]! ^
      tables[crc >>> 24]!
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ tables[(crc ^ bytes[at]!) & 0xff]!
  return ~crc >>> 0
}

function makeTables(): Int32Array {
  const made = new Int32Array(1024)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    made[byte] = crc
  }
  for (let byte = 0; byte < 256; byte++) {
    for (let slice = 1; slice < 4; slice++) {
      const previous = made[(slice - 1) * 256 + byte]!
      made[slice * 256 + byte] = (previous >>> 8) ^ made[previous & 0xff]!
    }
  }
  return made
}
