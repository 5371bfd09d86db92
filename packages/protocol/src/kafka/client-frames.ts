// Kafka's frames as its clients see them: requests written, answers read. The broker's own side is in its
// `kafka-frames.ts`, which draws the bytes.

import { apiVersionsApi } from './generated/api-versions.ts'
import type { KafkaApi } from './kafka-api.ts'
import { KafkaReader } from './kafka-reader.ts'
import { KafkaWriter } from './kafka-writer.ts'

export interface RequestHeader {
  readonly version: number
  readonly correlation?: number
  readonly clientId?: string | null
}

const answerHeaderBytes = 8

/** A whole request, which is the caller's. */
export function requestOf<Request>(
  api: Pick<KafkaApi<Request, unknown>, 'key' | 'flexibleFrom' | 'writeRequest'>,
  { version, correlation = 1, clientId = 'peer' }: RequestHeader,
  request: Request,
): Uint8Array {
  const writer = new KafkaWriter()
  writer.i32(0)
  writer.i16(api.key)
  writer.i16(version)
  writer.i32(correlation)
  writer.nullableString(clientId, false)
  if (version >= api.flexibleFrom) writer.u8(0)
  api.writeRequest(writer, request, version)
  const frame = new Uint8Array(writer.size)
  writer.patchU32(0, frame.length - 4)
  let at = 0
  for (const part of writer.takeParts()) {
    frame.set(part, at)
    at += part.length
  }
  return frame
}

/** `frame` is a whole answer. What it returns borrows those bytes. */
export function readAnswer<Request, Response>(
  api: KafkaApi<Request, Response>,
  version: number,
  frame: Uint8Array,
): Response {
  const reader = new KafkaReader(frame, answerHeaderBytes)
  if (version >= api.flexibleFrom && api.key !== apiVersionsApi.key) reader.skipTagged()
  const response = api.readResponse(reader, version)
  reader.finish()
  return response
}
