// The compressions of Kafka's record batches, by their number in a batch's attributes; done and undone.
// What decompression may make of hostile bytes is bounded: by the caller, before anything is allocated.

import { batchHeaderBytes, batchSizeOf, compressionOf, repackedHeader, sealAgain } from '../record-batch.ts'
import { notDecodable, tooLarge } from './growing-output.ts'
import { compressLz4, decompressLz4 } from './lz4.ts'
import { compressSnappy, decompressSnappy } from './snappy.ts'

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
  repackedHeader(bytes, at, batch, 0)
  return batch
}

/**
 * The batch that fills `bytes`, in another compression, in bytes of its own and with its checksum right.
 * Throws as `decompressBatch` does.
 */
export function recompressBatch(bytes: Uint8Array, codec: number): Uint8Array {
  const plain = compressionOf(bytes, 0) === 0 ? bytes : decompressBatch(bytes, 0)
  const batch = compress(codec, plain.subarray(batchHeaderBytes))
  repackedHeader(bytes, 0, batch, codec)
  sealAgain(batch)
  return batch
}

/** Compressed records behind room for a header. */
function compress(codec: number, records: Uint8Array): Uint8Array {
  switch (codec) {
    case 0:
      return behindHeader(records)
    case 1:
      return behindHeader(withZlib().gzipSync(records))
    case 2:
      return compressSnappy(records, batchHeaderBytes)
    case 3:
      return compressLz4(records, batchHeaderBytes)
    case zstdCodec:
      return behindHeader(withZlib().zstdCompressSync(records))
    default:
      return unknownCodec(codec)
  }
}

function unknownCodec(codec: number): never {
  throw notDecodable(`compression ${codec}`)
}

/** Decompressed records behind room for a header. */
function decompress(codec: number, from: Uint8Array, bytesMax: number): Uint8Array {
  switch (codec) {
    case 1:
      return behindHeader(unzipped('gzip', from, bytesMax))
    case 2:
      return decompressSnappy(from, batchHeaderBytes, bytesMax)
    case 3:
      return decompressLz4(from, batchHeaderBytes, bytesMax)
    case zstdCodec:
      return behindHeader(unzipped('zstd', from, bytesMax))
    default:
      return unknownCodec(codec)
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

function withZlib(): ReturnType<typeof loadZlib> {
  return (zlib ??= loadZlib())
}

function unzipped(codec: 'gzip' | 'zstd', from: Uint8Array, maxOutputLength: number): Uint8Array {
  try {
    return codec === 'gzip'
      ? withZlib().gunzipSync(from, { maxOutputLength })
      : withZlib().zstdDecompressSync(from, { maxOutputLength })
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    throw isTooLarge ? tooLarge(maxOutputLength) : notDecodable(codec, error)
  }
}
