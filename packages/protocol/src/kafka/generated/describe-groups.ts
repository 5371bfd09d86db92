// Generated from definitions/describe-groups.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface DescribeGroupsResponse {
  readonly throttleTimeMs: number
  readonly groups: readonly DescribeGroupsResponseGroup[]
}

export interface DescribeGroupsResponseGroup {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly groupId: string
  readonly groupState: string
  readonly protocolType: string
  readonly protocolData: string
  readonly members: readonly DescribeGroupsResponseGroupMember[]
  readonly authorizedOperations?: number | undefined
}

export interface DescribeGroupsResponseGroupMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly memberMetadata: Uint8Array
  readonly memberAssignment: Uint8Array
}

export interface DescribeGroupsRequest {
  readonly groups: readonly string[]
  readonly includeAuthorizedOperations: boolean
}

function readDescribeGroupsRequest(reader: KafkaReader, version: number): DescribeGroupsRequest {
  const isCompact = version >= 5
  const groups = reader.strings(isCompact)
  const includeAuthorizedOperations: boolean = version >= 3 ? reader.bool() : false
  if (isCompact) {
    reader.skipTagged()
  }
  return { groups, includeAuthorizedOperations }
}

function writeDescribeGroupsRequest(
  writer: KafkaWriter,
  value: DescribeGroupsRequest,
  version: number,
): void {
  const isCompact = version >= 5
  writer.strings(value.groups, isCompact)
  if (version >= 3) {
    writer.bool(value.includeAuthorizedOperations)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDescribeGroupsResponseGroupMember(
  reader: KafkaReader,
  version: number,
): DescribeGroupsResponseGroupMember {
  const isCompact = version >= 5
  const memberId = reader.string(isCompact)
  const groupInstanceId: string | null = version >= 4 ? reader.nullableString(isCompact) : null
  const clientId = reader.string(isCompact)
  const clientHost = reader.string(isCompact)
  const memberMetadata = reader.byteString(isCompact)
  const memberAssignment = reader.byteString(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { memberId, groupInstanceId, clientId, clientHost, memberMetadata, memberAssignment }
}

function writeDescribeGroupsResponseGroupMember(
  writer: KafkaWriter,
  value: DescribeGroupsResponseGroupMember,
  version: number,
): void {
  const isCompact = version >= 5
  writer.string(value.memberId, isCompact)
  if (version >= 4) {
    writer.nullableString(value.groupInstanceId, isCompact)
  }
  writer.string(value.clientId, isCompact)
  writer.string(value.clientHost, isCompact)
  writer.byteString(value.memberMetadata, isCompact)
  writer.byteString(value.memberAssignment, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDescribeGroupsResponseGroup(reader: KafkaReader, version: number): DescribeGroupsResponseGroup {
  const isCompact = version >= 5
  const errorCode = reader.i16()
  const errorMessage: string | null = version >= 6 ? reader.nullableString(isCompact) : null
  const groupId = reader.string(isCompact)
  const groupState = reader.string(isCompact)
  const protocolType = reader.string(isCompact)
  const protocolData = reader.string(isCompact)
  const members: DescribeGroupsResponseGroupMember[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    members.push(readDescribeGroupsResponseGroupMember(reader, version))
  const authorizedOperations: number = version >= 3 ? reader.i32() : -2147483648
  if (isCompact) {
    reader.skipTagged()
  }
  return {
    errorCode,
    errorMessage,
    groupId,
    groupState,
    protocolType,
    protocolData,
    members,
    authorizedOperations,
  }
}

function writeDescribeGroupsResponseGroup(
  writer: KafkaWriter,
  value: DescribeGroupsResponseGroup,
  version: number,
): void {
  const isCompact = version >= 5
  writer.i16(value.errorCode)
  if (version >= 6) {
    writer.nullableString(value.errorMessage, isCompact)
  }
  writer.string(value.groupId, isCompact)
  writer.string(value.groupState, isCompact)
  writer.string(value.protocolType, isCompact)
  writer.string(value.protocolData, isCompact)
  writer.count(value.members.length, isCompact)
  for (const element of value.members) writeDescribeGroupsResponseGroupMember(writer, element, version)
  if (version >= 3) {
    writer.i32(value.authorizedOperations ?? -2147483648)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDescribeGroupsResponse(reader: KafkaReader, version: number): DescribeGroupsResponse {
  const isCompact = version >= 5
  const throttleTimeMs: number = version >= 1 ? reader.i32() : 0
  const groups: DescribeGroupsResponseGroup[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    groups.push(readDescribeGroupsResponseGroup(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, groups }
}

function writeDescribeGroupsResponse(
  writer: KafkaWriter,
  value: DescribeGroupsResponse,
  version: number,
): void {
  const isCompact = version >= 5
  if (version >= 1) {
    writer.i32(value.throttleTimeMs)
  }
  writer.count(value.groups.length, isCompact)
  for (const element of value.groups) writeDescribeGroupsResponseGroup(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** Members of groups of the classic protocol, and what they were assigned. */
export const describeGroupsApi: KafkaApi<DescribeGroupsRequest, DescribeGroupsResponse> = {
  name: 'DescribeGroups',
  key: 15,
  versions: { from: 0, to: 6 },
  advertisedFrom: 0,
  flexibleFrom: 5,
  readRequest: readDescribeGroupsRequest,
  writeRequest: writeDescribeGroupsRequest,
  readResponse: readDescribeGroupsResponse,
  writeResponse: writeDescribeGroupsResponse,
}
