// HELLO and its answer: who speaks which version, and what each side may expect of the other.
//
// HELLO   magic u32 'SLCE' · versionMin u16 · versionMax u16 · keepAliveMs u32 · clientName string16
// answer  version u16 · keepAliveMs u32 · bootEpoch u32 · frameBytesMax u32 · brokerName string16
//
// Both sides send PING (correlation 0, no body, never answered) when they have sent nothing for a third of
// keepAliveMs, and close a peer from which nothing has come for keepAliveMs. The broker may answer with a
// shorter or longer keepAliveMs; its word holds.

import { BrokerError } from '../errors/broker-error.ts'
import type { ByteReader } from '../bytes/byte-reader.ts'
import type { ByteWriter } from '../bytes/byte-writer.ts'

const helloMagic = 0x534c4345
export const protocolVersion = 1

export interface Hello {
  readonly versionMin: number
  readonly versionMax: number
  readonly keepAliveMs: number
  readonly clientName: string
}

export interface Welcome {
  readonly version: number
  readonly keepAliveMs: number
  /** Grows with every start of the broker; part of what makes a delivery unique. */
  readonly bootEpoch: number
  readonly frameBytesMax: number
  readonly brokerName: string
}

export function writeHello(writer: ByteWriter, hello: Hello): void {
  writer.u32(helloMagic)
  writer.u16(hello.versionMin)
  writer.u16(hello.versionMax)
  writer.u32(hello.keepAliveMs)
  writer.string16(hello.clientName)
}

/** Fields after clientName belong to later versions and are left alone. */
export function readHello(reader: ByteReader): Hello {
  if (reader.u32() !== helloMagic) throw new BrokerError('malformed-frame', 'The first frame is no HELLO')
  const versionMin = reader.u16()
  const versionMax = reader.u16()
  return { versionMin, versionMax, keepAliveMs: reader.u32(), clientName: reader.string16() }
}

export function writeWelcome(writer: ByteWriter, welcome: Welcome): void {
  writer.u16(welcome.version)
  writer.u32(welcome.keepAliveMs)
  writer.u32(welcome.bootEpoch)
  writer.u32(welcome.frameBytesMax)
  writer.string16(welcome.brokerName)
}

export function readWelcome(reader: ByteReader): Welcome {
  const version = reader.u16()
  const keepAliveMs = reader.u32()
  const bootEpoch = reader.u32()
  return { version, keepAliveMs, bootEpoch, frameBytesMax: reader.u32(), brokerName: reader.string16() }
}
