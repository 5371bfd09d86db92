// Generated from definitions/create-partitions.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface CreatePartitionsResponse {
  readonly throttleTimeMs: number
  readonly results: readonly CreatePartitionsResponseResult[]
}

export interface CreatePartitionsResponseResult {
  readonly name: string
  readonly errorCode: number
  readonly errorMessage: string | null
}

export interface CreatePartitionsRequest {
  readonly topics: readonly CreatePartitionsRequestTopic[]
  readonly timeoutMs: number
  readonly validateOnly: boolean
}

export interface CreatePartitionsRequestTopic {
  readonly name: string
  readonly count: number
  readonly assignments: readonly CreatePartitionsRequestTopicAssignment[] | null
}

export interface CreatePartitionsRequestTopicAssignment {
  readonly brokerIds: readonly number[]
}

function readCreatePartitionsRequestTopicAssignment(
  reader: KafkaReader,
  version: number,
): CreatePartitionsRequestTopicAssignment {
  const isCompact = version >= 2
  const brokerIds = reader.int32s(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { brokerIds }
}

function writeCreatePartitionsRequestTopicAssignment(
  writer: KafkaWriter,
  value: CreatePartitionsRequestTopicAssignment,
  version: number,
): void {
  const isCompact = version >= 2
  writer.int32s(value.brokerIds, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readCreatePartitionsRequestTopic(
  reader: KafkaReader,
  version: number,
): CreatePartitionsRequestTopic {
  const isCompact = version >= 2
  const name = reader.string(isCompact)
  const count = reader.i32()
  let assignments: CreatePartitionsRequestTopicAssignment[] | null = null
  {
    const count = reader.count(isCompact)
    assignments = count < 0 ? null : []
    if (assignments !== null)
      for (let left = count; left > 0; left--)
        assignments.push(readCreatePartitionsRequestTopicAssignment(reader, version))
  }
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, count, assignments }
}

function writeCreatePartitionsRequestTopic(
  writer: KafkaWriter,
  value: CreatePartitionsRequestTopic,
  version: number,
): void {
  const isCompact = version >= 2
  writer.string(value.name, isCompact)
  writer.i32(value.count)
  writer.count(value.assignments === null ? -1 : value.assignments.length, isCompact)
  if (value.assignments !== null)
    for (const element of value.assignments)
      writeCreatePartitionsRequestTopicAssignment(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readCreatePartitionsRequest(reader: KafkaReader, version: number): CreatePartitionsRequest {
  const isCompact = version >= 2
  const topics: CreatePartitionsRequestTopic[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    topics.push(readCreatePartitionsRequestTopic(reader, version))
  const timeoutMs = reader.i32()
  const validateOnly = reader.bool()
  if (isCompact) {
    reader.skipTagged()
  }
  return { topics, timeoutMs, validateOnly }
}

function writeCreatePartitionsRequest(
  writer: KafkaWriter,
  value: CreatePartitionsRequest,
  version: number,
): void {
  const isCompact = version >= 2
  writer.count(value.topics.length, isCompact)
  for (const element of value.topics) writeCreatePartitionsRequestTopic(writer, element, version)
  writer.i32(value.timeoutMs)
  writer.bool(value.validateOnly)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readCreatePartitionsResponseResult(
  reader: KafkaReader,
  version: number,
): CreatePartitionsResponseResult {
  const isCompact = version >= 2
  const name = reader.string(isCompact)
  const errorCode = reader.i16()
  const errorMessage = reader.nullableString(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, errorCode, errorMessage }
}

function writeCreatePartitionsResponseResult(
  writer: KafkaWriter,
  value: CreatePartitionsResponseResult,
  version: number,
): void {
  const isCompact = version >= 2
  writer.string(value.name, isCompact)
  writer.i16(value.errorCode)
  writer.nullableString(value.errorMessage, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readCreatePartitionsResponse(reader: KafkaReader, version: number): CreatePartitionsResponse {
  const isCompact = version >= 2
  const throttleTimeMs = reader.i32()
  const results: CreatePartitionsResponseResult[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    results.push(readCreatePartitionsResponseResult(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, results }
}

function writeCreatePartitionsResponse(
  writer: KafkaWriter,
  value: CreatePartitionsResponse,
  version: number,
): void {
  const isCompact = version >= 2
  writer.i32(value.throttleTimeMs)
  writer.count(value.results.length, isCompact)
  for (const element of value.results) writeCreatePartitionsResponseResult(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** Gives topics more partitions. */
export const createPartitionsApi: KafkaApi<CreatePartitionsRequest, CreatePartitionsResponse> = {
  name: 'CreatePartitions',
  key: 37,
  versions: { from: 0, to: 3 },
  advertisedFrom: 0,
  flexibleFrom: 2,
  readRequest: readCreatePartitionsRequest,
  writeRequest: writeCreatePartitionsRequest,
  readResponse: readCreatePartitionsResponse,
  writeResponse: writeCreatePartitionsResponse,
}
