// Generated from definitions/list-groups.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface ListGroupsResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  readonly groups: readonly ListGroupsResponseGroup[]
}

export interface ListGroupsResponseGroup {
  readonly groupId: string
  readonly protocolType: string
  readonly groupState: string
  readonly groupType: string
}

export interface ListGroupsRequest {
  readonly statesFilter: readonly string[]
  readonly typesFilter: readonly string[]
}

function readListGroupsRequest(reader: KafkaReader, version: number): ListGroupsRequest {
  const isCompact = version >= 3
  const statesFilter: readonly string[] = version >= 4 ? reader.strings(isCompact) : []
  const typesFilter: readonly string[] = version >= 5 ? reader.strings(isCompact) : []
  if (isCompact) {
    reader.skipTagged()
  }
  return { statesFilter, typesFilter }
}

function writeListGroupsRequest(writer: KafkaWriter, value: ListGroupsRequest, version: number): void {
  const isCompact = version >= 3
  if (version >= 4) {
    writer.strings(value.statesFilter, isCompact)
  }
  if (version >= 5) {
    writer.strings(value.typesFilter, isCompact)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readListGroupsResponseGroup(reader: KafkaReader, version: number): ListGroupsResponseGroup {
  const isCompact = version >= 3
  const groupId = reader.string(isCompact)
  const protocolType = reader.string(isCompact)
  const groupState: string = version >= 4 ? reader.string(isCompact) : ''
  const groupType: string = version >= 5 ? reader.string(isCompact) : ''
  if (isCompact) {
    reader.skipTagged()
  }
  return { groupId, protocolType, groupState, groupType }
}

function writeListGroupsResponseGroup(
  writer: KafkaWriter,
  value: ListGroupsResponseGroup,
  version: number,
): void {
  const isCompact = version >= 3
  writer.string(value.groupId, isCompact)
  writer.string(value.protocolType, isCompact)
  if (version >= 4) {
    writer.string(value.groupState, isCompact)
  }
  if (version >= 5) {
    writer.string(value.groupType, isCompact)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readListGroupsResponse(reader: KafkaReader, version: number): ListGroupsResponse {
  const isCompact = version >= 3
  const throttleTimeMs: number = version >= 1 ? reader.i32() : 0
  const errorCode = reader.i16()
  const groups: ListGroupsResponseGroup[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    groups.push(readListGroupsResponseGroup(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, errorCode, groups }
}

function writeListGroupsResponse(writer: KafkaWriter, value: ListGroupsResponse, version: number): void {
  const isCompact = version >= 3
  if (version >= 1) {
    writer.i32(value.throttleTimeMs)
  }
  writer.i16(value.errorCode)
  writer.count(value.groups.length, isCompact)
  for (const element of value.groups) writeListGroupsResponseGroup(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** All groups. */
export const listGroupsApi: KafkaApi<ListGroupsRequest, ListGroupsResponse> = {
  name: 'ListGroups',
  key: 16,
  versions: { from: 0, to: 5 },
  advertisedFrom: 0,
  flexibleFrom: 3,
  readRequest: readListGroupsRequest,
  writeRequest: writeListGroupsRequest,
  readResponse: readListGroupsResponse,
  writeResponse: writeListGroupsResponse,
}
