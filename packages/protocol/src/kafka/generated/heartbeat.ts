// Generated from definitions/heartbeat.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface HeartbeatResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
}

export interface HeartbeatRequest {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}

function readHeartbeatRequest(reader: KafkaReader, version: number): HeartbeatRequest {
  const isCompact = version >= 4
  const groupId = reader.string(isCompact)
  const generationId = reader.i32()
  const memberId = reader.string(isCompact)
  const groupInstanceId: string | null = version >= 3 ? reader.nullableString(isCompact) : null
  if (isCompact) {
    reader.skipTagged()
  }
  return { groupId, generationId, memberId, groupInstanceId }
}

function writeHeartbeatRequest(writer: KafkaWriter, value: HeartbeatRequest, version: number): void {
  const isCompact = version >= 4
  writer.string(value.groupId, isCompact)
  writer.i32(value.generationId)
  writer.string(value.memberId, isCompact)
  if (version >= 3) {
    writer.nullableString(value.groupInstanceId, isCompact)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readHeartbeatResponse(reader: KafkaReader, version: number): HeartbeatResponse {
  const isCompact = version >= 4
  const throttleTimeMs: number = version >= 1 ? reader.i32() : 0
  const errorCode = reader.i16()
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, errorCode }
}

function writeHeartbeatResponse(writer: KafkaWriter, value: HeartbeatResponse, version: number): void {
  const isCompact = version >= 4
  if (version >= 1) {
    writer.i32(value.throttleTimeMs)
  }
  writer.i16(value.errorCode)
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** A member of a group is alive. */
export const heartbeatApi: KafkaApi<HeartbeatRequest, HeartbeatResponse> = {
  name: 'Heartbeat',
  key: 12,
  versions: { from: 0, to: 4 },
  advertisedFrom: 0,
  flexibleFrom: 4,
  readRequest: readHeartbeatRequest,
  writeRequest: writeHeartbeatRequest,
  readResponse: readHeartbeatResponse,
  writeResponse: writeHeartbeatResponse,
}
