// The codecs that kafkajs leaves to its users, written from the formats and not from the broker's code,
// so that one checks the other.
//
//   snappy as Java clients frame it:  82 'SNAPPY' 00 | version i32 1 | compatible i32 1 | (size i32, block)*

import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { compressFrame, decompressFrame } from 'lz4-napi'
import snappy from 'snappy'

const framed = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const versions = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])
const BLOCK_BYTES = 32 * 1024

interface KafkajsCodec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>
  decompress(bytes: Buffer): Promise<Buffer>
}

export const snappyCodec: KafkajsCodec = {
  async compress({ buffer }) {
    const parts: Buffer[] = [framed, versions]
    for (let start = 0; start < buffer.length; start += BLOCK_BYTES) {
      const block = await snappy.compress(buffer.subarray(start, start + BLOCK_BYTES))
      const size = Buffer.alloc(4)
      size.writeInt32BE(block.length)
      parts.push(size, block)
    }
    return Buffer.concat(parts)
  },
  async decompress(bytes) {
    if (!bytes.subarray(0, framed.length).equals(framed)) return unpack(bytes)
    const blocks: Buffer[] = []
    for (let at = framed.length + versions.length; at < bytes.length;) {
      const size = bytes.readInt32BE(at)
      blocks.push(await unpack(bytes.subarray(at + 4, at + 4 + size)))
      at += 4 + size
    }
    return Buffer.concat(blocks)
  },
}

export const lz4Codec: KafkajsCodec = {
  compress: async ({ buffer }) => compressFrame(buffer),
  decompress: async (bytes) => decompressFrame(bytes),
}

export const zstdCodec: KafkajsCodec = {
  compress: async ({ buffer }) => zstdCompressSync(buffer),
  decompress: async (bytes) => zstdDecompressSync(bytes),
}

async function unpack(block: Buffer): Promise<Buffer> {
  return (await snappy.uncompress(block)) as Buffer
}
