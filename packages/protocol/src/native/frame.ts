// Frames of the native protocol. docs/protocol/native.md is the specification; all integers are big endian.
//
//    0  length       u32   bytes after this field, at least 6
//    4  opcode       u8
//    5  flags        u8    bit 0: the body is an error; others 0
//    6  correlation  u32   chosen by the asker, repeated by the answer; 0 for what is not asked for
//   10  body

import { BrokerError } from '../errors/broker-error.ts'
import { errorCodeOf, ERROR_CODES } from '../errors/error-codes.ts'
import type { ByteReader } from '../bytes/byte-reader.ts'
import type { ByteWriter } from '../bytes/byte-writer.ts'

export const frameHeaderBytes = 10
export const errorFlag = 1

export const opcodes = {
  hello: 1,
  ping: 2,
  call: 3,
  publish: 4,
  read: 5,
  subscribe: 6,
  setWindow: 7,
  unsubscribe: 8,
  settle: 9,
  /** Broker to client, not asked for. */
  deliver: 10,
  /** Broker to client, not asked for. */
  subscriptionEnded: 11,
  /** Broker to client, not asked for: why the connection is about to be closed. */
  goodbye: 12,
  pull: 13,
} as const

export type Opcode = (typeof opcodes)[keyof typeof opcodes]

/** Starts a frame; returns where it starts, for `endFrame`. */
export function beginFrame(writer: ByteWriter, opcode: Opcode, correlation: number, flags = 0): number {
  const start = writer.position
  writer.ensure(frameHeaderBytes)
  writer.position += 4
  writer.u8(opcode)
  writer.u8(flags)
  writer.u32(correlation)
  return start
}

export function endFrame(writer: ByteWriter, start: number): void {
  writer.patchU32(start, writer.position - start - 4)
}

/** Error body: code u16 · text string32. */
export function writeErrorFrame(
  writer: ByteWriter,
  opcode: Opcode,
  correlation: number,
  error: BrokerError,
): void {
  const start = beginFrame(writer, opcode, correlation, errorFlag)
  writer.u16(ERROR_CODES[error.code].number)
  writer.string32(error.message)
  endFrame(writer, start)
}

export function readError(reader: ByteReader): BrokerError {
  const code = errorCodeOf(reader.u16())
  return BrokerError.received(code, reader.string32())
}
