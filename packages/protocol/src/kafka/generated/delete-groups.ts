// Generated from definitions/delete-groups.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface DeleteGroupsResponse {
  readonly throttleTimeMs: number
  readonly results: readonly DeleteGroupsResponseResult[]
}

export interface DeleteGroupsResponseResult {
  readonly groupId: string
  readonly errorCode: number
}

export interface DeleteGroupsRequest {
  readonly groupsNames: readonly string[]
}

function readDeleteGroupsRequest(reader: KafkaReader, version: number): DeleteGroupsRequest {
  const isCompact = version >= 2
  const groupsNames = reader.strings(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { groupsNames }
}

function writeDeleteGroupsRequest(writer: KafkaWriter, value: DeleteGroupsRequest, version: number): void {
  const isCompact = version >= 2
  writer.strings(value.groupsNames, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDeleteGroupsResponseResult(reader: KafkaReader, version: number): DeleteGroupsResponseResult {
  const isCompact = version >= 2
  const groupId = reader.string(isCompact)
  const errorCode = reader.i16()
  if (isCompact) {
    reader.skipTagged()
  }
  return { groupId, errorCode }
}

function writeDeleteGroupsResponseResult(
  writer: KafkaWriter,
  value: DeleteGroupsResponseResult,
  version: number,
): void {
  const isCompact = version >= 2
  writer.string(value.groupId, isCompact)
  writer.i16(value.errorCode)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDeleteGroupsResponse(reader: KafkaReader, version: number): DeleteGroupsResponse {
  const isCompact = version >= 2
  const throttleTimeMs = reader.i32()
  const results: DeleteGroupsResponseResult[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    results.push(readDeleteGroupsResponseResult(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, results }
}

function writeDeleteGroupsResponse(writer: KafkaWriter, value: DeleteGroupsResponse, version: number): void {
  const isCompact = version >= 2
  writer.i32(value.throttleTimeMs)
  writer.count(value.results.length, isCompact)
  for (const element of value.results) writeDeleteGroupsResponseResult(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** Deletes groups that have no members. */
export const deleteGroupsApi: KafkaApi<DeleteGroupsRequest, DeleteGroupsResponse> = {
  name: 'DeleteGroups',
  key: 42,
  versions: { from: 0, to: 2 },
  advertisedFrom: 0,
  flexibleFrom: 2,
  readRequest: readDeleteGroupsRequest,
  writeRequest: writeDeleteGroupsRequest,
  readResponse: readDeleteGroupsResponse,
  writeResponse: writeDeleteGroupsResponse,
}
