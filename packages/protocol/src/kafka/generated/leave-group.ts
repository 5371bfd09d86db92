// Generated from definitions/leave-group.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface LeaveGroupResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  readonly members: readonly LeaveGroupResponseMember[]
}

export interface LeaveGroupResponseMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly errorCode: number
}

export interface LeaveGroupRequest {
  readonly groupId: string
  readonly memberId: string
  readonly members: readonly LeaveGroupRequestMember[]
}

export interface LeaveGroupRequestMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly reason: string | null
}

function readLeaveGroupRequestMember(reader: KafkaReader, version: number): LeaveGroupRequestMember {
  const isCompact = version >= 4
  const memberId = reader.string(isCompact)
  const groupInstanceId = reader.nullableString(isCompact)
  const reason: string | null = version >= 5 ? reader.nullableString(isCompact) : null
  if (isCompact) {
    reader.skipTagged()
  }
  return { memberId, groupInstanceId, reason }
}

function writeLeaveGroupRequestMember(
  writer: KafkaWriter,
  value: LeaveGroupRequestMember,
  version: number,
): void {
  const isCompact = version >= 4
  writer.string(value.memberId, isCompact)
  writer.nullableString(value.groupInstanceId, isCompact)
  if (version >= 5) {
    writer.nullableString(value.reason, isCompact)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readLeaveGroupRequest(reader: KafkaReader, version: number): LeaveGroupRequest {
  const isCompact = version >= 4
  const groupId = reader.string(isCompact)
  const memberId: string = version <= 2 ? reader.string(isCompact) : ''
  const members: LeaveGroupRequestMember[] = []
  if (version >= 3) {
    for (let left = reader.countOfSome(isCompact); left > 0; left--)
      members.push(readLeaveGroupRequestMember(reader, version))
  }
  if (isCompact) {
    reader.skipTagged()
  }
  return { groupId, memberId, members }
}

function writeLeaveGroupRequest(writer: KafkaWriter, value: LeaveGroupRequest, version: number): void {
  const isCompact = version >= 4
  writer.string(value.groupId, isCompact)
  if (version <= 2) {
    writer.string(value.memberId, isCompact)
  }
  if (version >= 3) {
    writer.count(value.members.length, isCompact)
    for (const element of value.members) writeLeaveGroupRequestMember(writer, element, version)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readLeaveGroupResponseMember(reader: KafkaReader, version: number): LeaveGroupResponseMember {
  const isCompact = version >= 4
  const memberId = reader.string(isCompact)
  const groupInstanceId = reader.nullableString(isCompact)
  const errorCode = reader.i16()
  if (isCompact) {
    reader.skipTagged()
  }
  return { memberId, groupInstanceId, errorCode }
}

function writeLeaveGroupResponseMember(
  writer: KafkaWriter,
  value: LeaveGroupResponseMember,
  version: number,
): void {
  const isCompact = version >= 4
  writer.string(value.memberId, isCompact)
  writer.nullableString(value.groupInstanceId, isCompact)
  writer.i16(value.errorCode)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readLeaveGroupResponse(reader: KafkaReader, version: number): LeaveGroupResponse {
  const isCompact = version >= 4
  const throttleTimeMs: number = version >= 1 ? reader.i32() : 0
  const errorCode = reader.i16()
  const members: LeaveGroupResponseMember[] = []
  if (version >= 3) {
    for (let left = reader.countOfSome(isCompact); left > 0; left--)
      members.push(readLeaveGroupResponseMember(reader, version))
  }
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, errorCode, members }
}

function writeLeaveGroupResponse(writer: KafkaWriter, value: LeaveGroupResponse, version: number): void {
  const isCompact = version >= 4
  if (version >= 1) {
    writer.i32(value.throttleTimeMs)
  }
  writer.i16(value.errorCode)
  if (version >= 3) {
    writer.count(value.members.length, isCompact)
    for (const element of value.members) writeLeaveGroupResponseMember(writer, element, version)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** Members leave their group. */
export const leaveGroupApi: KafkaApi<LeaveGroupRequest, LeaveGroupResponse> = {
  name: 'LeaveGroup',
  key: 13,
  versions: { from: 0, to: 5 },
  advertisedFrom: 0,
  flexibleFrom: 4,
  readRequest: readLeaveGroupRequest,
  writeRequest: writeLeaveGroupRequest,
  readResponse: readLeaveGroupResponse,
  writeResponse: writeLeaveGroupResponse,
}
