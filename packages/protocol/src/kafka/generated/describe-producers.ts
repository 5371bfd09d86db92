// Generated from definitions/describe-producers.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface DescribeProducersResponse {
  readonly throttleTimeMs: number
  readonly topics: readonly DescribeProducersResponseTopic[]
}

export interface DescribeProducersResponseTopic {
  readonly name: string
  readonly partitions: readonly DescribeProducersResponseTopicPartition[]
}

export interface DescribeProducersResponseTopicPartition {
  readonly partitionIndex: number
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly activeProducers: readonly DescribeProducersResponseTopicPartitionActiveProducer[]
}

export interface DescribeProducersResponseTopicPartitionActiveProducer {
  readonly producerId: number
  readonly producerEpoch: number
  readonly lastSequence?: number | undefined
  readonly lastTimestamp?: number | undefined
  readonly coordinatorEpoch: number
  readonly currentTxnStartOffset?: number | undefined
}

export interface DescribeProducersRequest {
  readonly topics: readonly DescribeProducersRequestTopic[]
}

export interface DescribeProducersRequestTopic {
  readonly name: string
  readonly partitionIndexes: readonly number[]
}

function readDescribeProducersRequestTopic(
  reader: KafkaReader,
  _version: number,
): DescribeProducersRequestTopic {
  const name = reader.string(true)
  const partitionIndexes = reader.int32s(true)
  reader.skipTagged()
  return { name, partitionIndexes }
}

function writeDescribeProducersRequestTopic(
  writer: KafkaWriter,
  value: DescribeProducersRequestTopic,
  _version: number,
): void {
  writer.string(value.name, true)
  writer.int32s(value.partitionIndexes, true)
  writer.uvarint(0)
}

function readDescribeProducersRequest(reader: KafkaReader, version: number): DescribeProducersRequest {
  const topics: DescribeProducersRequestTopic[] = []
  for (let left = reader.countOfSome(true); left > 0; left--)
    topics.push(readDescribeProducersRequestTopic(reader, version))
  reader.skipTagged()
  return { topics }
}

function writeDescribeProducersRequest(
  writer: KafkaWriter,
  value: DescribeProducersRequest,
  version: number,
): void {
  writer.count(value.topics.length, true)
  for (const element of value.topics) writeDescribeProducersRequestTopic(writer, element, version)
  writer.uvarint(0)
}

function readDescribeProducersResponseTopicPartitionActiveProducer(
  reader: KafkaReader,
  _version: number,
): DescribeProducersResponseTopicPartitionActiveProducer {
  const producerId = reader.i64()
  const producerEpoch = reader.i32()
  const lastSequence = reader.i32()
  const lastTimestamp = reader.i64()
  const coordinatorEpoch = reader.i32()
  const currentTxnStartOffset = reader.i64()
  reader.skipTagged()
  return { producerId, producerEpoch, lastSequence, lastTimestamp, coordinatorEpoch, currentTxnStartOffset }
}

function writeDescribeProducersResponseTopicPartitionActiveProducer(
  writer: KafkaWriter,
  value: DescribeProducersResponseTopicPartitionActiveProducer,
  _version: number,
): void {
  writer.i64(value.producerId)
  writer.i32(value.producerEpoch)
  writer.i32(value.lastSequence ?? -1)
  writer.i64(value.lastTimestamp ?? -1)
  writer.i32(value.coordinatorEpoch)
  writer.i64(value.currentTxnStartOffset ?? -1)
  writer.uvarint(0)
}

function readDescribeProducersResponseTopicPartition(
  reader: KafkaReader,
  version: number,
): DescribeProducersResponseTopicPartition {
  const partitionIndex = reader.i32()
  const errorCode = reader.i16()
  const errorMessage = reader.nullableString(true)
  const activeProducers: DescribeProducersResponseTopicPartitionActiveProducer[] = []
  for (let left = reader.countOfSome(true); left > 0; left--)
    activeProducers.push(readDescribeProducersResponseTopicPartitionActiveProducer(reader, version))
  reader.skipTagged()
  return { partitionIndex, errorCode, errorMessage, activeProducers }
}

function writeDescribeProducersResponseTopicPartition(
  writer: KafkaWriter,
  value: DescribeProducersResponseTopicPartition,
  version: number,
): void {
  writer.i32(value.partitionIndex)
  writer.i16(value.errorCode)
  writer.nullableString(value.errorMessage, true)
  writer.count(value.activeProducers.length, true)
  for (const element of value.activeProducers)
    writeDescribeProducersResponseTopicPartitionActiveProducer(writer, element, version)
  writer.uvarint(0)
}

function readDescribeProducersResponseTopic(
  reader: KafkaReader,
  version: number,
): DescribeProducersResponseTopic {
  const name = reader.string(true)
  const partitions: DescribeProducersResponseTopicPartition[] = []
  for (let left = reader.countOfSome(true); left > 0; left--)
    partitions.push(readDescribeProducersResponseTopicPartition(reader, version))
  reader.skipTagged()
  return { name, partitions }
}

function writeDescribeProducersResponseTopic(
  writer: KafkaWriter,
  value: DescribeProducersResponseTopic,
  version: number,
): void {
  writer.string(value.name, true)
  writer.count(value.partitions.length, true)
  for (const element of value.partitions)
    writeDescribeProducersResponseTopicPartition(writer, element, version)
  writer.uvarint(0)
}

function readDescribeProducersResponse(reader: KafkaReader, version: number): DescribeProducersResponse {
  const throttleTimeMs = reader.i32()
  const topics: DescribeProducersResponseTopic[] = []
  for (let left = reader.countOfSome(true); left > 0; left--)
    topics.push(readDescribeProducersResponseTopic(reader, version))
  reader.skipTagged()
  return { throttleTimeMs, topics }
}

function writeDescribeProducersResponse(
  writer: KafkaWriter,
  value: DescribeProducersResponse,
  version: number,
): void {
  writer.i32(value.throttleTimeMs)
  writer.count(value.topics.length, true)
  for (const element of value.topics) writeDescribeProducersResponseTopic(writer, element, version)
  writer.uvarint(0)
}

/** The idempotent producers that a partition remembers. */
export const describeProducersApi: KafkaApi<DescribeProducersRequest, DescribeProducersResponse> = {
  name: 'DescribeProducers',
  key: 61,
  versions: { from: 0, to: 0 },
  advertisedFrom: 0,
  flexibleFrom: 0,
  readRequest: readDescribeProducersRequest,
  writeRequest: writeDescribeProducersRequest,
  readResponse: readDescribeProducersResponse,
  writeResponse: writeDescribeProducersResponse,
}
