// Generated from definitions/sasl-handshake.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface SaslHandshakeResponse {
  readonly errorCode: number
  readonly mechanisms: readonly string[]
}

export interface SaslHandshakeRequest {
  readonly mechanism: string
}

function readSaslHandshakeRequest(reader: KafkaReader, _version: number): SaslHandshakeRequest {
  const mechanism = reader.string(false)
  return { mechanism }
}

function writeSaslHandshakeRequest(writer: KafkaWriter, value: SaslHandshakeRequest, _version: number): void {
  writer.string(value.mechanism, false)
}

function readSaslHandshakeResponse(reader: KafkaReader, _version: number): SaslHandshakeResponse {
  const errorCode = reader.i16()
  const mechanisms = reader.strings(false)
  return { errorCode, mechanisms }
}

function writeSaslHandshakeResponse(
  writer: KafkaWriter,
  value: SaslHandshakeResponse,
  _version: number,
): void {
  writer.i16(value.errorCode)
  writer.strings(value.mechanisms, false)
}

/** The client wants to say who it is, by a mechanism of its choice. */
export const saslHandshakeApi: KafkaApi<SaslHandshakeRequest, SaslHandshakeResponse> = {
  name: 'SaslHandshake',
  key: 17,
  versions: { from: 0, to: 1 },
  advertisedFrom: 0,
  flexibleFrom: Infinity,
  readRequest: readSaslHandshakeRequest,
  writeRequest: writeSaslHandshakeRequest,
  readResponse: readSaslHandshakeResponse,
  writeResponse: writeSaslHandshakeResponse,
}
