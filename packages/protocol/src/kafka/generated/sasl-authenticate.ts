// Generated from definitions/sasl-authenticate.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface SaslAuthenticateResponse {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly authBytes: Uint8Array
  readonly sessionLifetimeMs: number
}

export interface SaslAuthenticateRequest {
  readonly authBytes: Uint8Array
}

function readSaslAuthenticateRequest(reader: KafkaReader, version: number): SaslAuthenticateRequest {
  const isCompact = version >= 2
  const authBytes = reader.byteString(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { authBytes }
}

function writeSaslAuthenticateRequest(
  writer: KafkaWriter,
  value: SaslAuthenticateRequest,
  version: number,
): void {
  const isCompact = version >= 2
  writer.byteString(value.authBytes, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readSaslAuthenticateResponse(reader: KafkaReader, version: number): SaslAuthenticateResponse {
  const isCompact = version >= 2
  const errorCode = reader.i16()
  const errorMessage = reader.nullableString(isCompact)
  const authBytes = reader.byteString(isCompact)
  const sessionLifetimeMs: number = version >= 1 ? reader.i64() : 0
  if (isCompact) {
    reader.skipTagged()
  }
  return { errorCode, errorMessage, authBytes, sessionLifetimeMs }
}

function writeSaslAuthenticateResponse(
  writer: KafkaWriter,
  value: SaslAuthenticateResponse,
  version: number,
): void {
  const isCompact = version >= 2
  writer.i16(value.errorCode)
  writer.nullableString(value.errorMessage, isCompact)
  writer.byteString(value.authBytes, isCompact)
  if (version >= 1) {
    writer.i64(value.sessionLifetimeMs)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** The client says who it is, in the bytes of the mechanism. */
export const saslAuthenticateApi: KafkaApi<SaslAuthenticateRequest, SaslAuthenticateResponse> = {
  name: 'SaslAuthenticate',
  key: 36,
  versions: { from: 0, to: 2 },
  advertisedFrom: 0,
  flexibleFrom: 2,
  readRequest: readSaslAuthenticateRequest,
  writeRequest: writeSaslAuthenticateRequest,
  readResponse: readSaslAuthenticateResponse,
  writeResponse: writeSaslAuthenticateResponse,
}
