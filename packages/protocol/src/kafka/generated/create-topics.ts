// Generated from definitions/create-topics.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import { taggedBytes, zeroUuid } from '../kafka-fields.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface CreateTopicsResponse {
  readonly throttleTimeMs: number
  readonly topics: readonly CreateTopicsResponseTopic[]
}

export interface CreateTopicsResponseTopic {
  readonly name: string
  readonly topicId: string
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly topicConfigErrorCode?: number | undefined
  readonly numPartitions?: number | undefined
  readonly replicationFactor?: number | undefined
  readonly configs: readonly CreateTopicsResponseTopicConfig[] | null
}

export interface CreateTopicsResponseTopicConfig {
  readonly name: string
  readonly value: string | null
  readonly readOnly: boolean
  readonly configSource?: number | undefined
  readonly isSensitive: boolean
}

export interface CreateTopicsRequest {
  readonly topics: readonly CreateTopicsRequestTopic[]
  readonly timeoutMs: number
  readonly validateOnly: boolean
}

export interface CreateTopicsRequestTopic {
  readonly name: string
  readonly numPartitions: number
  readonly replicationFactor: number
  readonly assignments: readonly CreateTopicsRequestTopicAssignment[]
  readonly configs: readonly CreateTopicsRequestTopicConfig[]
}

export interface CreateTopicsRequestTopicConfig {
  readonly name: string
  readonly value: string | null
}

export interface CreateTopicsRequestTopicAssignment {
  readonly partitionIndex: number
  readonly brokerIds: readonly number[]
}

function readCreateTopicsRequestTopicAssignment(
  reader: KafkaReader,
  version: number,
): CreateTopicsRequestTopicAssignment {
  const isCompact = version >= 5
  const partitionIndex = reader.i32()
  const brokerIds = reader.int32s(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { partitionIndex, brokerIds }
}

function writeCreateTopicsRequestTopicAssignment(
  writer: KafkaWriter,
  value: CreateTopicsRequestTopicAssignment,
  version: number,
): void {
  const isCompact = version >= 5
  writer.i32(value.partitionIndex)
  writer.int32s(value.brokerIds, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readCreateTopicsRequestTopicConfig(
  reader: KafkaReader,
  version: number,
): CreateTopicsRequestTopicConfig {
  const isCompact = version >= 5
  const name = reader.string(isCompact)
  const value = reader.nullableString(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, value }
}

function writeCreateTopicsRequestTopicConfig(
  writer: KafkaWriter,
  value: CreateTopicsRequestTopicConfig,
  version: number,
): void {
  const isCompact = version >= 5
  writer.string(value.name, isCompact)
  writer.nullableString(value.value, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readCreateTopicsRequestTopic(reader: KafkaReader, version: number): CreateTopicsRequestTopic {
  const isCompact = version >= 5
  const name = reader.string(isCompact)
  const numPartitions = reader.i32()
  const replicationFactor = reader.i16()
  const assignments: CreateTopicsRequestTopicAssignment[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    assignments.push(readCreateTopicsRequestTopicAssignment(reader, version))
  const configs: CreateTopicsRequestTopicConfig[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    configs.push(readCreateTopicsRequestTopicConfig(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, numPartitions, replicationFactor, assignments, configs }
}

function writeCreateTopicsRequestTopic(
  writer: KafkaWriter,
  value: CreateTopicsRequestTopic,
  version: number,
): void {
  const isCompact = version >= 5
  writer.string(value.name, isCompact)
  writer.i32(value.numPartitions)
  writer.i16(value.replicationFactor)
  writer.count(value.assignments.length, isCompact)
  for (const element of value.assignments) writeCreateTopicsRequestTopicAssignment(writer, element, version)
  writer.count(value.configs.length, isCompact)
  for (const element of value.configs) writeCreateTopicsRequestTopicConfig(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readCreateTopicsRequest(reader: KafkaReader, version: number): CreateTopicsRequest {
  const isCompact = version >= 5
  const topics: CreateTopicsRequestTopic[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    topics.push(readCreateTopicsRequestTopic(reader, version))
  const timeoutMs = reader.i32()
  const validateOnly = reader.bool()
  if (isCompact) {
    reader.skipTagged()
  }
  return { topics, timeoutMs, validateOnly }
}

function writeCreateTopicsRequest(writer: KafkaWriter, value: CreateTopicsRequest, version: number): void {
  const isCompact = version >= 5
  writer.count(value.topics.length, isCompact)
  for (const element of value.topics) writeCreateTopicsRequestTopic(writer, element, version)
  writer.i32(value.timeoutMs)
  writer.bool(value.validateOnly)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readCreateTopicsResponseTopicConfig(
  reader: KafkaReader,
  _version: number,
): CreateTopicsResponseTopicConfig {
  const name = reader.string(true)
  const value = reader.nullableString(true)
  const readOnly = reader.bool()
  const configSource = reader.i8()
  const isSensitive = reader.bool()
  reader.skipTagged()
  return { name, value, readOnly, configSource, isSensitive }
}

function writeCreateTopicsResponseTopicConfig(
  writer: KafkaWriter,
  value: CreateTopicsResponseTopicConfig,
  _version: number,
): void {
  writer.string(value.name, true)
  writer.nullableString(value.value, true)
  writer.bool(value.readOnly)
  writer.i8(value.configSource ?? -1)
  writer.bool(value.isSensitive)
  writer.uvarint(0)
}

function readCreateTopicsResponseTopic(reader: KafkaReader, version: number): CreateTopicsResponseTopic {
  const isCompact = version >= 5
  const name = reader.string(isCompact)
  const topicId: string = version >= 7 ? reader.uuid() : zeroUuid
  const errorCode = reader.i16()
  const errorMessage = reader.nullableString(isCompact)
  const numPartitions: number = version >= 5 ? reader.i32() : -1
  const replicationFactor: number = version >= 5 ? reader.i16() : -1
  let configs: CreateTopicsResponseTopicConfig[] | null = null
  if (version >= 5) {
    const count = reader.count(isCompact)
    configs = count < 0 ? null : []
    if (configs !== null)
      for (let left = count; left > 0; left--)
        configs.push(readCreateTopicsResponseTopicConfig(reader, version))
  }
  let topicConfigErrorCode: number = 0
  if (isCompact) {
    for (let left = reader.taggedCount(); left > 0; left--) {
      const tag = reader.uvarint()
      const end = reader.taggedEnd()
      if (tag === 0 && version >= 5) topicConfigErrorCode = reader.i16()
      else reader.position = end
      reader.endTagged(end)
    }
  }
  return {
    name,
    topicId,
    errorCode,
    errorMessage,
    topicConfigErrorCode,
    numPartitions,
    replicationFactor,
    configs,
  }
}

function writeCreateTopicsResponseTopic(
  writer: KafkaWriter,
  value: CreateTopicsResponseTopic,
  version: number,
): void {
  const isCompact = version >= 5
  writer.string(value.name, isCompact)
  if (version >= 7) {
    writer.uuid(value.topicId)
  }
  writer.i16(value.errorCode)
  writer.nullableString(value.errorMessage, isCompact)
  if (version >= 5) {
    writer.i32(value.numPartitions ?? -1)
  }
  if (version >= 5) {
    writer.i16(value.replicationFactor ?? -1)
  }
  if (version >= 5) {
    writer.count(value.configs === null ? -1 : value.configs.length, isCompact)
    if (value.configs !== null)
      for (const element of value.configs) writeCreateTopicsResponseTopicConfig(writer, element, version)
  }
  if (isCompact) {
    const tagged: [number, Uint8Array][] = []
    if (version >= 5 && value.topicConfigErrorCode !== undefined && value.topicConfigErrorCode !== 0)
      tagged.push([0, taggedBytes((writer) => writer.i16(value.topicConfigErrorCode!))])
    writer.uvarint(tagged.length)
    for (const [tag, bytes] of tagged) writer.tagged(tag, bytes)
  }
}

function readCreateTopicsResponse(reader: KafkaReader, version: number): CreateTopicsResponse {
  const isCompact = version >= 5
  const throttleTimeMs = reader.i32()
  const topics: CreateTopicsResponseTopic[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    topics.push(readCreateTopicsResponseTopic(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, topics }
}

function writeCreateTopicsResponse(writer: KafkaWriter, value: CreateTopicsResponse, version: number): void {
  const isCompact = version >= 5
  writer.i32(value.throttleTimeMs)
  writer.count(value.topics.length, isCompact)
  for (const element of value.topics) writeCreateTopicsResponseTopic(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** Makes topics. */
export const createTopicsApi: KafkaApi<CreateTopicsRequest, CreateTopicsResponse> = {
  name: 'CreateTopics',
  key: 19,
  versions: { from: 2, to: 7 },
  advertisedFrom: 2,
  flexibleFrom: 5,
  readRequest: readCreateTopicsRequest,
  writeRequest: writeCreateTopicsRequest,
  readResponse: readCreateTopicsResponse,
  writeResponse: writeCreateTopicsResponse,
}
