// The compressions of Kafka's record batches, by their number in a batch's attributes, and what undoes them.
// What decompression may make of hostile bytes is bounded: by the caller, before anything is allocated.

import { batchHeaderBytes, batchSizeOf, compressionOf, uncompressedHeader } from '../record-batch.ts'
import { notDecodable, tooLarge } from './growing-output.ts'
import { decompressLz4 } from './lz4.ts'
import { decompressSnappy } from './snappy.ts'

export const codecNames = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export const zstdCodec = 4

/**
 * Of the records of one batch. Why this: what removal leaves of a batch is kept uncompressed, and has to fit
 * into a frame of the native protocol.
 */
export const decompressedBytesMax: number = 15 * 1024 * 1024

/** Whether the number names a compression at all. */
export function isCodecKnown(codec: number): boolean {
  return codec < codecNames.length
}

/**
 * A compressed batch with its records as they are uncompressed, at 0 of bytes of its own. Its checksum stays
 * as it was and does not fit. Throws `batch-not-decodable`, or `batch-too-large` where the records take more
 * than `bytesMax`.
 */
export function decompressBatch(
  bytes: Uint8Array,
  at: number,
  bytesMax: number = decompressedBytesMax,
): Uint8Array {
  const end = at + batchSizeOf(bytes, at)
  const batch = decompress(compressionOf(bytes, at), bytes.subarray(at + batchHeaderBytes, end), bytesMax)
  uncompressedHeader(bytes, at, batch)
  return batch
}

/** Decompressed records behind room for a header. */
function decompress(codec: number, from: Uint8Array, bytesMax: number): Uint8Array {
  switch (codec) {
    case 1:
      return behindHeader(withZlib('gzip', from, bytesMax))
    case 2:
      return decompressSnappy(from, batchHeaderBytes, bytesMax)
    case 3:
      return decompressLz4(from, batchHeaderBytes, bytesMax)
    case zstdCodec:
      return behindHeader(withZlib('zstd', from, bytesMax))
    default:
      throw notDecodable(`compression ${codec}`)
  }
}

function behindHeader(records: Uint8Array): Uint8Array {
  const batch = new Uint8Array(batchHeaderBytes + records.length)
  batch.set(records, batchHeaderBytes)
  return batch
}

/** Loaded when it is first needed: a broker that gets no such batch starts without it. */
let zlib: ReturnType<typeof loadZlib> | undefined
const loadZlib = () => process.getBuiltinModule('node:zlib')

function withZlib(codec: 'gzip' | 'zstd', from: Uint8Array, maxOutputLength: number): Uint8Array {
  zlib ??= loadZlib()
  try {
    return codec === 'gzip'
      ? zlib.gunzipSync(from, { maxOutputLength })
      : zlib.zstdDecompressSync(from, { maxOutputLength })
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    throw isTooLarge ? tooLarge(maxOutputLength) : notDecodable(codec, error)
  }
}
