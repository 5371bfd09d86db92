// Fields that the records of both kinds of groups have. Bytes are copied: what is read is borrowed.

import type { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import type { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import type { MemberProtocol } from './group-messages.ts'

export function writeOptional(writer: ByteWriter, text: string | null): void {
  writer.u8(text === null ? 0 : 1)
  if (text !== null) writer.string32(text)
}

export function readOptional(reader: ByteReader): string | null {
  return reader.u8() === 0 ? null : reader.string32()
}

export function writeBytes(writer: ByteWriter, bytes: Uint8Array): void {
  writer.u32(bytes.length)
  writer.raw(bytes)
}

/** Why not `slice`: of a Buffer it is another view. */
export function readBytes(reader: ByteReader): Uint8Array {
  return new Uint8Array(reader.raw(reader.u32()))
}

export function writeProtocols(writer: ByteWriter, protocols: readonly MemberProtocol[]): void {
  writer.u32(protocols.length)
  for (const { name, metadata } of protocols) {
    writer.string32(name)
    writeBytes(writer, metadata)
  }
}

export function readProtocols(reader: ByteReader): MemberProtocol[] {
  return Array.from({ length: reader.u32() }, () => ({
    name: reader.string32(),
    metadata: readBytes(reader),
  }))
}
