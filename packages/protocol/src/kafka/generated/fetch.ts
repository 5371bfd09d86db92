// Generated from definitions/fetch.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import { readAll, taggedBytes, writeAll, zeroUuid } from '../kafka-fields.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter, RecordSlices } from '../kafka-writer.ts'

export interface FetchResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  readonly sessionId: number
  readonly topics: readonly FetchResponseTopic[]
  readonly nodeEndpoints?: readonly FetchResponseNodeEndpoint[] | undefined
}

export interface FetchResponseNodeEndpoint {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

export interface FetchResponseTopic {
  readonly name: string
  readonly topicId: string
  readonly partitions: readonly FetchResponseTopicPartition[]
}

export interface FetchResponseTopicPartition {
  readonly partition: number
  readonly errorCode: number
  readonly highWatermark: number
  readonly lastStableOffset?: number | undefined
  readonly logStartOffset?: number | undefined
  readonly divergingEpoch?: FetchResponseTopicPartitionDivergingEpoch | undefined
  readonly currentLeader?: FetchResponseTopicPartitionCurrentLeader | undefined
  readonly snapshotId?: FetchResponseTopicPartitionSnapshotId | undefined
  readonly abortedTransactions: readonly FetchResponseTopicPartitionAbortedTransaction[] | null
  readonly preferredReadReplica?: number | undefined
  readonly records: RecordSlices | null
}

export interface FetchResponseTopicPartitionAbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

export interface FetchResponseTopicPartitionSnapshotId {
  readonly endOffset?: number | undefined
  readonly epoch?: number | undefined
}

export interface FetchResponseTopicPartitionCurrentLeader {
  readonly leaderId?: number | undefined
  readonly leaderEpoch?: number | undefined
}

export interface FetchResponseTopicPartitionDivergingEpoch {
  readonly epoch?: number | undefined
  readonly endOffset?: number | undefined
}

export interface FetchRequest {
  readonly replicaId: number
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly isolationLevel: number
  readonly sessionId: number
  readonly sessionEpoch: number
  readonly topics: readonly FetchRequestTopic[]
  readonly forgottenTopics: readonly FetchRequestForgottenTopic[]
  readonly rackId: string
  readonly clusterId: string | null
  readonly replicaState?: FetchRequestReplicaState | undefined
}

export interface FetchRequestReplicaState {
  readonly replicaId: number
  readonly replicaEpoch: number
}

export interface FetchRequestForgottenTopic {
  readonly name: string
  readonly topicId: string
  readonly partitions: readonly number[]
}

export interface FetchRequestTopic {
  readonly name: string
  readonly topicId: string
  readonly partitions: readonly FetchRequestTopicPartition[]
}

export interface FetchRequestTopicPartition {
  readonly partition: number
  readonly currentLeaderEpoch: number
  readonly fetchOffset: number
  readonly lastFetchedEpoch: number
  readonly logStartOffset: number
  readonly partitionMaxBytes: number
  readonly replicaDirectoryId: string
}

function readFetchRequestTopicPartition(reader: KafkaReader, version: number): FetchRequestTopicPartition {
  const isCompact = version >= 12
  const partition = reader.i32()
  const currentLeaderEpoch: number = version >= 9 ? reader.i32() : -1
  const fetchOffset = reader.i64()
  const lastFetchedEpoch: number = version >= 12 ? reader.i32() : -1
  const logStartOffset: number = version >= 5 ? reader.i64() : -1
  const partitionMaxBytes = reader.i32()
  let replicaDirectoryId: string = zeroUuid
  if (isCompact) {
    for (let left = reader.taggedCount(); left > 0; left--) {
      const tag = reader.uvarint()
      const end = reader.taggedEnd()
      if (tag === 0 && version >= 17) replicaDirectoryId = reader.uuid()
      else reader.position = end
      reader.endTagged(end)
    }
  }
  return {
    partition,
    currentLeaderEpoch,
    fetchOffset,
    lastFetchedEpoch,
    logStartOffset,
    partitionMaxBytes,
    replicaDirectoryId,
  }
}

function writeFetchRequestTopicPartition(
  writer: KafkaWriter,
  value: FetchRequestTopicPartition,
  version: number,
): void {
  const isCompact = version >= 12
  writer.i32(value.partition)
  if (version >= 9) {
    writer.i32(value.currentLeaderEpoch)
  }
  writer.i64(value.fetchOffset)
  if (version >= 12) {
    writer.i32(value.lastFetchedEpoch)
  }
  if (version >= 5) {
    writer.i64(value.logStartOffset)
  }
  writer.i32(value.partitionMaxBytes)
  if (isCompact) {
    const tagged: [number, Uint8Array][] = []
    if (version >= 17 && value.replicaDirectoryId !== undefined && value.replicaDirectoryId !== zeroUuid)
      tagged.push([0, taggedBytes((writer) => writer.uuid(value.replicaDirectoryId!))])
    writer.uvarint(tagged.length)
    for (const [tag, bytes] of tagged) writer.tagged(tag, bytes)
  }
}

function readFetchRequestTopic(reader: KafkaReader, version: number): FetchRequestTopic {
  const isCompact = version >= 12
  const name: string = version <= 12 ? reader.string(isCompact) : ''
  const topicId: string = version >= 13 ? reader.uuid() : zeroUuid
  const partitions: FetchRequestTopicPartition[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    partitions.push(readFetchRequestTopicPartition(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, topicId, partitions }
}

function writeFetchRequestTopic(writer: KafkaWriter, value: FetchRequestTopic, version: number): void {
  const isCompact = version >= 12
  if (version <= 12) {
    writer.string(value.name, isCompact)
  }
  if (version >= 13) {
    writer.uuid(value.topicId)
  }
  writer.count(value.partitions.length, isCompact)
  for (const element of value.partitions) writeFetchRequestTopicPartition(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readFetchRequestForgottenTopic(reader: KafkaReader, version: number): FetchRequestForgottenTopic {
  const isCompact = version >= 12
  const name: string = version <= 12 ? reader.string(isCompact) : ''
  const topicId: string = version >= 13 ? reader.uuid() : zeroUuid
  const partitions = reader.int32s(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, topicId, partitions }
}

function writeFetchRequestForgottenTopic(
  writer: KafkaWriter,
  value: FetchRequestForgottenTopic,
  version: number,
): void {
  const isCompact = version >= 12
  if (version <= 12) {
    writer.string(value.name, isCompact)
  }
  if (version >= 13) {
    writer.uuid(value.topicId)
  }
  writer.int32s(value.partitions, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readFetchRequestReplicaState(reader: KafkaReader, _version: number): FetchRequestReplicaState {
  const replicaId = reader.i32()
  const replicaEpoch = reader.i64()
  reader.skipTagged()
  return { replicaId, replicaEpoch }
}

function writeFetchRequestReplicaState(
  writer: KafkaWriter,
  value: FetchRequestReplicaState,
  _version: number,
): void {
  writer.i32(value.replicaId)
  writer.i64(value.replicaEpoch)
  writer.uvarint(0)
}

function readFetchRequest(reader: KafkaReader, version: number): FetchRequest {
  const isCompact = version >= 12
  const replicaId: number = version <= 14 ? reader.i32() : -1
  const maxWaitMs = reader.i32()
  const minBytes = reader.i32()
  const maxBytes = reader.i32()
  const isolationLevel = reader.i8()
  const sessionId: number = version >= 7 ? reader.i32() : 0
  const sessionEpoch: number = version >= 7 ? reader.i32() : -1
  const topics: FetchRequestTopic[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    topics.push(readFetchRequestTopic(reader, version))
  const forgottenTopics: FetchRequestForgottenTopic[] = []
  if (version >= 7) {
    for (let left = reader.countOfSome(isCompact); left > 0; left--)
      forgottenTopics.push(readFetchRequestForgottenTopic(reader, version))
  }
  const rackId: string = version >= 11 ? reader.string(isCompact) : ''
  let clusterId: string | null = null
  let replicaState: FetchRequestReplicaState | undefined = undefined
  if (isCompact) {
    for (let left = reader.taggedCount(); left > 0; left--) {
      const tag = reader.uvarint()
      const end = reader.taggedEnd()
      if (tag === 0 && version >= 12) clusterId = reader.nullableString(true)
      else if (tag === 1 && version >= 15) replicaState = readFetchRequestReplicaState(reader, version)
      else reader.position = end
      reader.endTagged(end)
    }
  }
  return {
    replicaId,
    maxWaitMs,
    minBytes,
    maxBytes,
    isolationLevel,
    sessionId,
    sessionEpoch,
    topics,
    forgottenTopics,
    rackId,
    clusterId,
    replicaState,
  }
}

function writeFetchRequest(writer: KafkaWriter, value: FetchRequest, version: number): void {
  const isCompact = version >= 12
  if (version <= 14) {
    writer.i32(value.replicaId)
  }
  writer.i32(value.maxWaitMs)
  writer.i32(value.minBytes)
  writer.i32(value.maxBytes)
  writer.i8(value.isolationLevel)
  if (version >= 7) {
    writer.i32(value.sessionId)
  }
  if (version >= 7) {
    writer.i32(value.sessionEpoch)
  }
  writer.count(value.topics.length, isCompact)
  for (const element of value.topics) writeFetchRequestTopic(writer, element, version)
  if (version >= 7) {
    writer.count(value.forgottenTopics.length, isCompact)
    for (const element of value.forgottenTopics) writeFetchRequestForgottenTopic(writer, element, version)
  }
  if (version >= 11) {
    writer.string(value.rackId, isCompact)
  }
  if (isCompact) {
    const tagged: [number, Uint8Array][] = []
    if (version >= 12 && value.clusterId !== undefined && value.clusterId !== null)
      tagged.push([0, taggedBytes((writer) => writer.string(value.clusterId!, true))])
    if (version >= 15 && value.replicaState !== undefined)
      tagged.push([
        1,
        taggedBytes((writer) => writeFetchRequestReplicaState(writer, value.replicaState!, version)),
      ])
    writer.uvarint(tagged.length)
    for (const [tag, bytes] of tagged) writer.tagged(tag, bytes)
  }
}

function readFetchResponseTopicPartitionDivergingEpoch(
  reader: KafkaReader,
  _version: number,
): FetchResponseTopicPartitionDivergingEpoch {
  const epoch = reader.i32()
  const endOffset = reader.i64()
  reader.skipTagged()
  return { epoch, endOffset }
}

function writeFetchResponseTopicPartitionDivergingEpoch(
  writer: KafkaWriter,
  value: FetchResponseTopicPartitionDivergingEpoch,
  _version: number,
): void {
  writer.i32(value.epoch ?? -1)
  writer.i64(value.endOffset ?? -1)
  writer.uvarint(0)
}

function readFetchResponseTopicPartitionCurrentLeader(
  reader: KafkaReader,
  _version: number,
): FetchResponseTopicPartitionCurrentLeader {
  const leaderId = reader.i32()
  const leaderEpoch = reader.i32()
  reader.skipTagged()
  return { leaderId, leaderEpoch }
}

function writeFetchResponseTopicPartitionCurrentLeader(
  writer: KafkaWriter,
  value: FetchResponseTopicPartitionCurrentLeader,
  _version: number,
): void {
  writer.i32(value.leaderId ?? -1)
  writer.i32(value.leaderEpoch ?? -1)
  writer.uvarint(0)
}

function readFetchResponseTopicPartitionSnapshotId(
  reader: KafkaReader,
  _version: number,
): FetchResponseTopicPartitionSnapshotId {
  const endOffset = reader.i64()
  const epoch = reader.i32()
  reader.skipTagged()
  return { endOffset, epoch }
}

function writeFetchResponseTopicPartitionSnapshotId(
  writer: KafkaWriter,
  value: FetchResponseTopicPartitionSnapshotId,
  _version: number,
): void {
  writer.i64(value.endOffset ?? -1)
  writer.i32(value.epoch ?? -1)
  writer.uvarint(0)
}

function readFetchResponseTopicPartitionAbortedTransaction(
  reader: KafkaReader,
  version: number,
): FetchResponseTopicPartitionAbortedTransaction {
  const isCompact = version >= 12
  const producerId = reader.i64()
  const firstOffset = reader.i64()
  if (isCompact) {
    reader.skipTagged()
  }
  return { producerId, firstOffset }
}

function writeFetchResponseTopicPartitionAbortedTransaction(
  writer: KafkaWriter,
  value: FetchResponseTopicPartitionAbortedTransaction,
  version: number,
): void {
  const isCompact = version >= 12
  writer.i64(value.producerId)
  writer.i64(value.firstOffset)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readFetchResponseTopicPartition(reader: KafkaReader, version: number): FetchResponseTopicPartition {
  const isCompact = version >= 12
  const partition = reader.i32()
  const errorCode = reader.i16()
  const highWatermark = reader.i64()
  const lastStableOffset = reader.i64()
  const logStartOffset: number = version >= 5 ? reader.i64() : -1
  let abortedTransactions: FetchResponseTopicPartitionAbortedTransaction[] | null = null
  {
    const count = reader.count(isCompact)
    abortedTransactions = count < 0 ? null : []
    if (abortedTransactions !== null)
      for (let left = count; left > 0; left--)
        abortedTransactions.push(readFetchResponseTopicPartitionAbortedTransaction(reader, version))
  }
  const preferredReadReplica: number = version >= 11 ? reader.i32() : -1
  const records = reader.nullableByteString(isCompact)
  let divergingEpoch: FetchResponseTopicPartitionDivergingEpoch | undefined = undefined
  let currentLeader: FetchResponseTopicPartitionCurrentLeader | undefined = undefined
  let snapshotId: FetchResponseTopicPartitionSnapshotId | undefined = undefined
  if (isCompact) {
    for (let left = reader.taggedCount(); left > 0; left--) {
      const tag = reader.uvarint()
      const end = reader.taggedEnd()
      if (tag === 0 && version >= 12)
        divergingEpoch = readFetchResponseTopicPartitionDivergingEpoch(reader, version)
      else if (tag === 1 && version >= 12)
        currentLeader = readFetchResponseTopicPartitionCurrentLeader(reader, version)
      else if (tag === 2 && version >= 12)
        snapshotId = readFetchResponseTopicPartitionSnapshotId(reader, version)
      else reader.position = end
      reader.endTagged(end)
    }
  }
  return {
    partition,
    errorCode,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    divergingEpoch,
    currentLeader,
    snapshotId,
    abortedTransactions,
    preferredReadReplica,
    records,
  }
}

function writeFetchResponseTopicPartition(
  writer: KafkaWriter,
  value: FetchResponseTopicPartition,
  version: number,
): void {
  const isCompact = version >= 12
  writer.i32(value.partition)
  writer.i16(value.errorCode)
  writer.i64(value.highWatermark)
  writer.i64(value.lastStableOffset ?? -1)
  if (version >= 5) {
    writer.i64(value.logStartOffset ?? -1)
  }
  writer.count(value.abortedTransactions === null ? -1 : value.abortedTransactions.length, isCompact)
  if (value.abortedTransactions !== null)
    for (const element of value.abortedTransactions)
      writeFetchResponseTopicPartitionAbortedTransaction(writer, element, version)
  if (version >= 11) {
    writer.i32(value.preferredReadReplica ?? -1)
  }
  writer.records(value.records, isCompact)
  if (isCompact) {
    const tagged: [number, Uint8Array][] = []
    if (version >= 12 && value.divergingEpoch !== undefined)
      tagged.push([
        0,
        taggedBytes((writer) =>
          writeFetchResponseTopicPartitionDivergingEpoch(writer, value.divergingEpoch!, version),
        ),
      ])
    if (version >= 12 && value.currentLeader !== undefined)
      tagged.push([
        1,
        taggedBytes((writer) =>
          writeFetchResponseTopicPartitionCurrentLeader(writer, value.currentLeader!, version),
        ),
      ])
    if (version >= 12 && value.snapshotId !== undefined)
      tagged.push([
        2,
        taggedBytes((writer) =>
          writeFetchResponseTopicPartitionSnapshotId(writer, value.snapshotId!, version),
        ),
      ])
    writer.uvarint(tagged.length)
    for (const [tag, bytes] of tagged) writer.tagged(tag, bytes)
  }
}

function readFetchResponseTopic(reader: KafkaReader, version: number): FetchResponseTopic {
  const isCompact = version >= 12
  const name: string = version <= 12 ? reader.string(isCompact) : ''
  const topicId: string = version >= 13 ? reader.uuid() : zeroUuid
  const partitions: FetchResponseTopicPartition[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    partitions.push(readFetchResponseTopicPartition(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, topicId, partitions }
}

function writeFetchResponseTopic(writer: KafkaWriter, value: FetchResponseTopic, version: number): void {
  const isCompact = version >= 12
  if (version <= 12) {
    writer.string(value.name, isCompact)
  }
  if (version >= 13) {
    writer.uuid(value.topicId)
  }
  writer.count(value.partitions.length, isCompact)
  for (const element of value.partitions) writeFetchResponseTopicPartition(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readFetchResponseNodeEndpoint(reader: KafkaReader, _version: number): FetchResponseNodeEndpoint {
  const nodeId = reader.i32()
  const host = reader.string(true)
  const port = reader.i32()
  const rack = reader.nullableString(true)
  reader.skipTagged()
  return { nodeId, host, port, rack }
}

function writeFetchResponseNodeEndpoint(
  writer: KafkaWriter,
  value: FetchResponseNodeEndpoint,
  _version: number,
): void {
  writer.i32(value.nodeId)
  writer.string(value.host, true)
  writer.i32(value.port)
  writer.nullableString(value.rack, true)
  writer.uvarint(0)
}

function readFetchResponse(reader: KafkaReader, version: number): FetchResponse {
  const isCompact = version >= 12
  const throttleTimeMs = reader.i32()
  const errorCode: number = version >= 7 ? reader.i16() : 0
  const sessionId: number = version >= 7 ? reader.i32() : 0
  const topics: FetchResponseTopic[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    topics.push(readFetchResponseTopic(reader, version))
  let nodeEndpoints: readonly FetchResponseNodeEndpoint[] = []
  if (isCompact) {
    for (let left = reader.taggedCount(); left > 0; left--) {
      const tag = reader.uvarint()
      const end = reader.taggedEnd()
      if (tag === 0 && version >= 16) nodeEndpoints = readAll(reader, version, readFetchResponseNodeEndpoint)
      else reader.position = end
      reader.endTagged(end)
    }
  }
  return { throttleTimeMs, errorCode, sessionId, topics, nodeEndpoints }
}

function writeFetchResponse(writer: KafkaWriter, value: FetchResponse, version: number): void {
  const isCompact = version >= 12
  writer.i32(value.throttleTimeMs)
  if (version >= 7) {
    writer.i16(value.errorCode)
  }
  if (version >= 7) {
    writer.i32(value.sessionId)
  }
  writer.count(value.topics.length, isCompact)
  for (const element of value.topics) writeFetchResponseTopic(writer, element, version)
  if (isCompact) {
    const tagged: [number, Uint8Array][] = []
    if (version >= 16 && value.nodeEndpoints !== undefined && value.nodeEndpoints.length > 0)
      tagged.push([
        0,
        taggedBytes((writer) =>
          writeAll(writer, value.nodeEndpoints!, version, writeFetchResponseNodeEndpoint),
        ),
      ])
    writer.uvarint(tagged.length)
    for (const [tag, bytes] of tagged) writer.tagged(tag, bytes)
  }
}

/** Reads whole record batches, waiting for new ones. */
export const fetchApi: KafkaApi<FetchRequest, FetchResponse> = {
  name: 'Fetch',
  key: 1,
  versions: { from: 4, to: 17 },
  advertisedFrom: 4,
  flexibleFrom: 12,
  readRequest: readFetchRequest,
  writeRequest: writeFetchRequest,
  readResponse: readFetchResponse,
  writeResponse: writeFetchResponse,
}
