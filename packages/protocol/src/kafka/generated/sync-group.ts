// Generated from definitions/sync-group.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface SyncGroupResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly assignment: Uint8Array
}

export interface SyncGroupRequest {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly assignments: readonly SyncGroupRequestAssignment[]
}

export interface SyncGroupRequestAssignment {
  readonly memberId: string
  readonly assignment: Uint8Array
}

function readSyncGroupRequestAssignment(reader: KafkaReader, version: number): SyncGroupRequestAssignment {
  const isCompact = version >= 4
  const memberId = reader.string(isCompact)
  const assignment = reader.byteString(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { memberId, assignment }
}

function writeSyncGroupRequestAssignment(
  writer: KafkaWriter,
  value: SyncGroupRequestAssignment,
  version: number,
): void {
  const isCompact = version >= 4
  writer.string(value.memberId, isCompact)
  writer.byteString(value.assignment, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readSyncGroupRequest(reader: KafkaReader, version: number): SyncGroupRequest {
  const isCompact = version >= 4
  const groupId = reader.string(isCompact)
  const generationId = reader.i32()
  const memberId = reader.string(isCompact)
  const groupInstanceId: string | null = version >= 3 ? reader.nullableString(isCompact) : null
  const protocolType: string | null = version >= 5 ? reader.nullableString(isCompact) : null
  const protocolName: string | null = version >= 5 ? reader.nullableString(isCompact) : null
  const assignments: SyncGroupRequestAssignment[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    assignments.push(readSyncGroupRequestAssignment(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { groupId, generationId, memberId, groupInstanceId, protocolType, protocolName, assignments }
}

function writeSyncGroupRequest(writer: KafkaWriter, value: SyncGroupRequest, version: number): void {
  const isCompact = version >= 4
  writer.string(value.groupId, isCompact)
  writer.i32(value.generationId)
  writer.string(value.memberId, isCompact)
  if (version >= 3) {
    writer.nullableString(value.groupInstanceId, isCompact)
  }
  if (version >= 5) {
    writer.nullableString(value.protocolType, isCompact)
  }
  if (version >= 5) {
    writer.nullableString(value.protocolName, isCompact)
  }
  writer.count(value.assignments.length, isCompact)
  for (const element of value.assignments) writeSyncGroupRequestAssignment(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readSyncGroupResponse(reader: KafkaReader, version: number): SyncGroupResponse {
  const isCompact = version >= 4
  const throttleTimeMs: number = version >= 1 ? reader.i32() : 0
  const errorCode = reader.i16()
  const protocolType: string | null = version >= 5 ? reader.nullableString(isCompact) : null
  const protocolName: string | null = version >= 5 ? reader.nullableString(isCompact) : null
  const assignment = reader.byteString(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, errorCode, protocolType, protocolName, assignment }
}

function writeSyncGroupResponse(writer: KafkaWriter, value: SyncGroupResponse, version: number): void {
  const isCompact = version >= 4
  if (version >= 1) {
    writer.i32(value.throttleTimeMs)
  }
  writer.i16(value.errorCode)
  if (version >= 5) {
    writer.nullableString(value.protocolType, isCompact)
  }
  if (version >= 5) {
    writer.nullableString(value.protocolName, isCompact)
  }
  writer.byteString(value.assignment, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** The leader of a generation says who has what; the others hear it. */
export const syncGroupApi: KafkaApi<SyncGroupRequest, SyncGroupResponse> = {
  name: 'SyncGroup',
  key: 14,
  versions: { from: 0, to: 5 },
  advertisedFrom: 0,
  flexibleFrom: 4,
  readRequest: readSyncGroupRequest,
  writeRequest: writeSyncGroupRequest,
  readResponse: readSyncGroupResponse,
  writeResponse: writeSyncGroupResponse,
}
