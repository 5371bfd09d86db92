// Generated from definitions/delete-topics.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import { zeroUuid } from '../kafka-fields.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface DeleteTopicsResponse {
  readonly throttleTimeMs: number
  readonly responses: readonly DeleteTopicsResponseResponse[]
}

export interface DeleteTopicsResponseResponse {
  readonly name: string | null
  readonly topicId: string
  readonly errorCode: number
  readonly errorMessage: string | null
}

export interface DeleteTopicsRequest {
  readonly topics: readonly DeleteTopicsRequestTopic[]
  readonly topicNames: readonly string[]
  readonly timeoutMs: number
}

export interface DeleteTopicsRequestTopic {
  readonly name: string | null
  readonly topicId: string
}

function readDeleteTopicsRequestTopic(reader: KafkaReader, _version: number): DeleteTopicsRequestTopic {
  const name = reader.nullableString(true)
  const topicId = reader.uuid()
  reader.skipTagged()
  return { name, topicId }
}

function writeDeleteTopicsRequestTopic(
  writer: KafkaWriter,
  value: DeleteTopicsRequestTopic,
  _version: number,
): void {
  writer.nullableString(value.name, true)
  writer.uuid(value.topicId)
  writer.uvarint(0)
}

function readDeleteTopicsRequest(reader: KafkaReader, version: number): DeleteTopicsRequest {
  const isCompact = version >= 4
  const topics: DeleteTopicsRequestTopic[] = []
  if (version >= 6) {
    for (let left = reader.countOfSome(isCompact); left > 0; left--)
      topics.push(readDeleteTopicsRequestTopic(reader, version))
  }
  const topicNames: readonly string[] = version <= 5 ? reader.strings(isCompact) : []
  const timeoutMs = reader.i32()
  if (isCompact) {
    reader.skipTagged()
  }
  return { topics, topicNames, timeoutMs }
}

function writeDeleteTopicsRequest(writer: KafkaWriter, value: DeleteTopicsRequest, version: number): void {
  const isCompact = version >= 4
  if (version >= 6) {
    writer.count(value.topics.length, isCompact)
    for (const element of value.topics) writeDeleteTopicsRequestTopic(writer, element, version)
  }
  if (version <= 5) {
    writer.strings(value.topicNames, isCompact)
  }
  writer.i32(value.timeoutMs)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDeleteTopicsResponseResponse(
  reader: KafkaReader,
  version: number,
): DeleteTopicsResponseResponse {
  const isCompact = version >= 4
  const name = version >= 6 ? reader.nullableString(isCompact) : reader.string(isCompact)
  const topicId: string = version >= 6 ? reader.uuid() : zeroUuid
  const errorCode = reader.i16()
  const errorMessage: string | null = version >= 5 ? reader.nullableString(isCompact) : null
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, topicId, errorCode, errorMessage }
}

function writeDeleteTopicsResponseResponse(
  writer: KafkaWriter,
  value: DeleteTopicsResponseResponse,
  version: number,
): void {
  const isCompact = version >= 4
  if (version >= 6) writer.nullableString(value.name, isCompact)
  else writer.string(value.name ?? '', isCompact)
  if (version >= 6) {
    writer.uuid(value.topicId)
  }
  writer.i16(value.errorCode)
  if (version >= 5) {
    writer.nullableString(value.errorMessage, isCompact)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDeleteTopicsResponse(reader: KafkaReader, version: number): DeleteTopicsResponse {
  const isCompact = version >= 4
  const throttleTimeMs = reader.i32()
  const responses: DeleteTopicsResponseResponse[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    responses.push(readDeleteTopicsResponseResponse(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, responses }
}

function writeDeleteTopicsResponse(writer: KafkaWriter, value: DeleteTopicsResponse, version: number): void {
  const isCompact = version >= 4
  writer.i32(value.throttleTimeMs)
  writer.count(value.responses.length, isCompact)
  for (const element of value.responses) writeDeleteTopicsResponseResponse(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** Deletes topics, by name or by id. */
export const deleteTopicsApi: KafkaApi<DeleteTopicsRequest, DeleteTopicsResponse> = {
  name: 'DeleteTopics',
  key: 20,
  versions: { from: 1, to: 6 },
  advertisedFrom: 1,
  flexibleFrom: 4,
  readRequest: readDeleteTopicsRequest,
  writeRequest: writeDeleteTopicsRequest,
  readResponse: readDeleteTopicsResponse,
  writeResponse: writeDeleteTopicsResponse,
}
