// Batches as clients compress them, with the libraries that clients use. For tests.

import { gzipSync, zstdCompressSync } from 'node:zlib'
import { compressFrameSync } from 'lz4-napi'
import { compressSync } from 'snappy'
import { crc32c } from '../../bytes/crc32c.ts'
import { batchHeaderBytes } from '../record-batch.ts'

/** A compressed copy of a plain batch; codec 2 in the framing of Java's clients. */
export function compressed(batch: Uint8Array, codec: 1 | 2 | 3 | 4): Uint8Array {
  const records = compressedRecords(Buffer.from(batch.slice(batchHeaderBytes)), codec)
  const bytes = new Uint8Array(batchHeaderBytes + records.length)
  bytes.set(batch.subarray(0, batchHeaderBytes))
  bytes.set(records, batchHeaderBytes)
  bytes[22]! |= codec
  resealed(bytes)
  return bytes
}

/** Makes size and checksum of a batch true after its bytes were changed. */
export function resealed(batch: Uint8Array): Uint8Array {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.length)
  view.setInt32(8, batch.length - 12)
  view.setUint32(17, crc32c(batch, 21, batch.length))
  return batch
}

function compressedRecords(records: Buffer<ArrayBuffer>, codec: 1 | 2 | 3 | 4): Uint8Array {
  switch (codec) {
    case 1:
      return gzipSync(records)
    case 2:
      return framedSnappy(records, 32 * 1024)
    case 3:
      return compressFrameSync(records)
    case 4:
      return zstdCompressSync(records)
  }
}

export function framedSnappy(bytes: Buffer<ArrayBuffer>, blockBytes: number): Buffer {
  const magic = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]
  const parts: Uint8Array[] = [Buffer.from([...magic, 0, 0, 0, 1, 0, 0, 0, 1])]
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const block = compressSync(bytes.subarray(at, at + blockBytes))
    const size = Buffer.alloc(4)
    size.writeInt32BE(block.length)
    parts.push(size, block)
  }
  return Buffer.concat(parts)
}
