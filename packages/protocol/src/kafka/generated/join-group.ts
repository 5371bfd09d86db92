// Generated from definitions/join-group.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface JoinGroupResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  readonly generationId?: number | undefined
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly leader: string
  readonly skipAssignment: boolean
  readonly memberId: string
  readonly members: readonly JoinGroupResponseMember[]
}

export interface JoinGroupResponseMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly metadata: Uint8Array
}

export interface JoinGroupRequest {
  readonly groupId: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly protocolType: string
  readonly protocols: readonly JoinGroupRequestProtocol[]
  readonly reason: string | null
}

export interface JoinGroupRequestProtocol {
  readonly name: string
  readonly metadata: Uint8Array
}

function readJoinGroupRequestProtocol(reader: KafkaReader, version: number): JoinGroupRequestProtocol {
  const isCompact = version >= 6
  const name = reader.string(isCompact)
  const metadata = reader.byteString(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, metadata }
}

function writeJoinGroupRequestProtocol(
  writer: KafkaWriter,
  value: JoinGroupRequestProtocol,
  version: number,
): void {
  const isCompact = version >= 6
  writer.string(value.name, isCompact)
  writer.byteString(value.metadata, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readJoinGroupRequest(reader: KafkaReader, version: number): JoinGroupRequest {
  const isCompact = version >= 6
  const groupId = reader.string(isCompact)
  const sessionTimeoutMs = reader.i32()
  const rebalanceTimeoutMs: number = version >= 1 ? reader.i32() : -1
  const memberId = reader.string(isCompact)
  const groupInstanceId: string | null = version >= 5 ? reader.nullableString(isCompact) : null
  const protocolType = reader.string(isCompact)
  const protocols: JoinGroupRequestProtocol[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    protocols.push(readJoinGroupRequestProtocol(reader, version))
  const reason: string | null = version >= 8 ? reader.nullableString(isCompact) : null
  if (isCompact) {
    reader.skipTagged()
  }
  return {
    groupId,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    memberId,
    groupInstanceId,
    protocolType,
    protocols,
    reason,
  }
}

function writeJoinGroupRequest(writer: KafkaWriter, value: JoinGroupRequest, version: number): void {
  const isCompact = version >= 6
  writer.string(value.groupId, isCompact)
  writer.i32(value.sessionTimeoutMs)
  if (version >= 1) {
    writer.i32(value.rebalanceTimeoutMs)
  }
  writer.string(value.memberId, isCompact)
  if (version >= 5) {
    writer.nullableString(value.groupInstanceId, isCompact)
  }
  writer.string(value.protocolType, isCompact)
  writer.count(value.protocols.length, isCompact)
  for (const element of value.protocols) writeJoinGroupRequestProtocol(writer, element, version)
  if (version >= 8) {
    writer.nullableString(value.reason, isCompact)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readJoinGroupResponseMember(reader: KafkaReader, version: number): JoinGroupResponseMember {
  const isCompact = version >= 6
  const memberId = reader.string(isCompact)
  const groupInstanceId: string | null = version >= 5 ? reader.nullableString(isCompact) : null
  const metadata = reader.byteString(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { memberId, groupInstanceId, metadata }
}

function writeJoinGroupResponseMember(
  writer: KafkaWriter,
  value: JoinGroupResponseMember,
  version: number,
): void {
  const isCompact = version >= 6
  writer.string(value.memberId, isCompact)
  if (version >= 5) {
    writer.nullableString(value.groupInstanceId, isCompact)
  }
  writer.byteString(value.metadata, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readJoinGroupResponse(reader: KafkaReader, version: number): JoinGroupResponse {
  const isCompact = version >= 6
  const throttleTimeMs: number = version >= 2 ? reader.i32() : 0
  const errorCode = reader.i16()
  const generationId = reader.i32()
  const protocolType: string | null = version >= 7 ? reader.nullableString(isCompact) : null
  const protocolName = version >= 7 ? reader.nullableString(isCompact) : reader.string(isCompact)
  const leader = reader.string(isCompact)
  const skipAssignment: boolean = version >= 9 ? reader.bool() : false
  const memberId = reader.string(isCompact)
  const members: JoinGroupResponseMember[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    members.push(readJoinGroupResponseMember(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return {
    throttleTimeMs,
    errorCode,
    generationId,
    protocolType,
    protocolName,
    leader,
    skipAssignment,
    memberId,
    members,
  }
}

function writeJoinGroupResponse(writer: KafkaWriter, value: JoinGroupResponse, version: number): void {
  const isCompact = version >= 6
  if (version >= 2) {
    writer.i32(value.throttleTimeMs)
  }
  writer.i16(value.errorCode)
  writer.i32(value.generationId ?? -1)
  if (version >= 7) {
    writer.nullableString(value.protocolType, isCompact)
  }
  if (version >= 7) writer.nullableString(value.protocolName, isCompact)
  else writer.string(value.protocolName ?? '', isCompact)
  writer.string(value.leader, isCompact)
  if (version >= 9) {
    writer.bool(value.skipAssignment)
  }
  writer.string(value.memberId, isCompact)
  writer.count(value.members.length, isCompact)
  for (const element of value.members) writeJoinGroupResponseMember(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** A member enters a group, or takes part in its next generation. */
export const joinGroupApi: KafkaApi<JoinGroupRequest, JoinGroupResponse> = {
  name: 'JoinGroup',
  key: 11,
  versions: { from: 0, to: 9 },
  advertisedFrom: 0,
  flexibleFrom: 6,
  readRequest: readJoinGroupRequest,
  writeRequest: writeJoinGroupRequest,
  readResponse: readJoinGroupResponse,
  writeResponse: writeJoinGroupResponse,
}
