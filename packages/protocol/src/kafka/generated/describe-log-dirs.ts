// Generated from definitions/describe-log-dirs.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface DescribeLogDirsResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  readonly results: readonly DescribeLogDirsResponseResult[]
}

export interface DescribeLogDirsResponseResult {
  readonly errorCode: number
  readonly logDir: string
  readonly topics: readonly DescribeLogDirsResponseResultTopic[]
  readonly totalBytes?: number | undefined
  readonly usableBytes?: number | undefined
}

export interface DescribeLogDirsResponseResultTopic {
  readonly name: string
  readonly partitions: readonly DescribeLogDirsResponseResultTopicPartition[]
}

export interface DescribeLogDirsResponseResultTopicPartition {
  readonly partitionIndex: number
  readonly partitionSize: number
  readonly offsetLag: number
  readonly isFutureKey: boolean
}

export interface DescribeLogDirsRequest {
  readonly topics: readonly DescribeLogDirsRequestTopic[] | null
}

export interface DescribeLogDirsRequestTopic {
  readonly name: string
  readonly partitions: readonly number[]
}

function readDescribeLogDirsRequestTopic(reader: KafkaReader, version: number): DescribeLogDirsRequestTopic {
  const isCompact = version >= 2
  const name = reader.string(isCompact)
  const partitions = reader.int32s(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, partitions }
}

function writeDescribeLogDirsRequestTopic(
  writer: KafkaWriter,
  value: DescribeLogDirsRequestTopic,
  version: number,
): void {
  const isCompact = version >= 2
  writer.string(value.name, isCompact)
  writer.int32s(value.partitions, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDescribeLogDirsRequest(reader: KafkaReader, version: number): DescribeLogDirsRequest {
  const isCompact = version >= 2
  let topics: DescribeLogDirsRequestTopic[] | null = null
  {
    const count = reader.count(isCompact)
    topics = count < 0 ? null : []
    if (topics !== null)
      for (let left = count; left > 0; left--) topics.push(readDescribeLogDirsRequestTopic(reader, version))
  }
  if (isCompact) {
    reader.skipTagged()
  }
  return { topics }
}

function writeDescribeLogDirsRequest(
  writer: KafkaWriter,
  value: DescribeLogDirsRequest,
  version: number,
): void {
  const isCompact = version >= 2
  writer.count(value.topics === null ? -1 : value.topics.length, isCompact)
  if (value.topics !== null)
    for (const element of value.topics) writeDescribeLogDirsRequestTopic(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDescribeLogDirsResponseResultTopicPartition(
  reader: KafkaReader,
  version: number,
): DescribeLogDirsResponseResultTopicPartition {
  const isCompact = version >= 2
  const partitionIndex = reader.i32()
  const partitionSize = reader.i64()
  const offsetLag = reader.i64()
  const isFutureKey = reader.bool()
  if (isCompact) {
    reader.skipTagged()
  }
  return { partitionIndex, partitionSize, offsetLag, isFutureKey }
}

function writeDescribeLogDirsResponseResultTopicPartition(
  writer: KafkaWriter,
  value: DescribeLogDirsResponseResultTopicPartition,
  version: number,
): void {
  const isCompact = version >= 2
  writer.i32(value.partitionIndex)
  writer.i64(value.partitionSize)
  writer.i64(value.offsetLag)
  writer.bool(value.isFutureKey)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDescribeLogDirsResponseResultTopic(
  reader: KafkaReader,
  version: number,
): DescribeLogDirsResponseResultTopic {
  const isCompact = version >= 2
  const name = reader.string(isCompact)
  const partitions: DescribeLogDirsResponseResultTopicPartition[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    partitions.push(readDescribeLogDirsResponseResultTopicPartition(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, partitions }
}

function writeDescribeLogDirsResponseResultTopic(
  writer: KafkaWriter,
  value: DescribeLogDirsResponseResultTopic,
  version: number,
): void {
  const isCompact = version >= 2
  writer.string(value.name, isCompact)
  writer.count(value.partitions.length, isCompact)
  for (const element of value.partitions)
    writeDescribeLogDirsResponseResultTopicPartition(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDescribeLogDirsResponseResult(
  reader: KafkaReader,
  version: number,
): DescribeLogDirsResponseResult {
  const isCompact = version >= 2
  const errorCode = reader.i16()
  const logDir = reader.string(isCompact)
  const topics: DescribeLogDirsResponseResultTopic[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    topics.push(readDescribeLogDirsResponseResultTopic(reader, version))
  const totalBytes: number = version >= 4 ? reader.i64() : -1
  const usableBytes: number = version >= 4 ? reader.i64() : -1
  if (isCompact) {
    reader.skipTagged()
  }
  return { errorCode, logDir, topics, totalBytes, usableBytes }
}

function writeDescribeLogDirsResponseResult(
  writer: KafkaWriter,
  value: DescribeLogDirsResponseResult,
  version: number,
): void {
  const isCompact = version >= 2
  writer.i16(value.errorCode)
  writer.string(value.logDir, isCompact)
  writer.count(value.topics.length, isCompact)
  for (const element of value.topics) writeDescribeLogDirsResponseResultTopic(writer, element, version)
  if (version >= 4) {
    writer.i64(value.totalBytes ?? -1)
  }
  if (version >= 4) {
    writer.i64(value.usableBytes ?? -1)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDescribeLogDirsResponse(reader: KafkaReader, version: number): DescribeLogDirsResponse {
  const isCompact = version >= 2
  const throttleTimeMs = reader.i32()
  const errorCode: number = version >= 3 ? reader.i16() : 0
  const results: DescribeLogDirsResponseResult[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    results.push(readDescribeLogDirsResponseResult(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, errorCode, results }
}

function writeDescribeLogDirsResponse(
  writer: KafkaWriter,
  value: DescribeLogDirsResponse,
  version: number,
): void {
  const isCompact = version >= 2
  writer.i32(value.throttleTimeMs)
  if (version >= 3) {
    writer.i16(value.errorCode)
  }
  writer.count(value.results.length, isCompact)
  for (const element of value.results) writeDescribeLogDirsResponseResult(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** Where partitions are stored, and how large they are. */
export const describeLogDirsApi: KafkaApi<DescribeLogDirsRequest, DescribeLogDirsResponse> = {
  name: 'DescribeLogDirs',
  key: 35,
  versions: { from: 1, to: 4 },
  advertisedFrom: 1,
  flexibleFrom: 2,
  readRequest: readDescribeLogDirsRequest,
  writeRequest: writeDescribeLogDirsRequest,
  readResponse: readDescribeLogDirsResponse,
  writeResponse: writeDescribeLogDirsResponse,
}
