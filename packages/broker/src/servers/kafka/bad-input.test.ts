// The exact error for each kind of bad input, at the lowest and at the highest version that can have it: what
// a client sees that speaks an old version must be what a new one sees.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Client } from '@sluice/client'
import { requestOf } from '@sluice/protocol/kafka/client-frames'
import { alterConfigsApi } from '@sluice/protocol/kafka/generated/alter-configs'
import { createPartitionsApi } from '@sluice/protocol/kafka/generated/create-partitions'
import { createTopicsApi } from '@sluice/protocol/kafka/generated/create-topics'
import type { CreateTopicsRequestTopic } from '@sluice/protocol/kafka/generated/create-topics'
import { deleteRecordsApi } from '@sluice/protocol/kafka/generated/delete-records'
import { deleteTopicsApi } from '@sluice/protocol/kafka/generated/delete-topics'
import { describeConfigsApi } from '@sluice/protocol/kafka/generated/describe-configs'
import { fetchApi } from '@sluice/protocol/kafka/generated/fetch'
import { heartbeatApi } from '@sluice/protocol/kafka/generated/heartbeat'
import { incrementalAlterConfigsApi } from '@sluice/protocol/kafka/generated/incremental-alter-configs'
import { joinGroupApi } from '@sluice/protocol/kafka/generated/join-group'
import { leaveGroupApi } from '@sluice/protocol/kafka/generated/leave-group'
import { listOffsetsApi } from '@sluice/protocol/kafka/generated/list-offsets'
import { metadataApi } from '@sluice/protocol/kafka/generated/metadata'
import { offsetCommitApi } from '@sluice/protocol/kafka/generated/offset-commit'
import { offsetForLeaderEpochApi } from '@sluice/protocol/kafka/generated/offset-for-leader-epoch'
import { produceApi } from '@sluice/protocol/kafka/generated/produce'
import { syncGroupApi } from '@sluice/protocol/kafka/generated/sync-group'
import { zeroUuid } from '@sluice/protocol/kafka/kafka-fields'
import { resealed } from '@sluice/protocol/record/compression/compressed-batches.contract'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { Broker } from '../../broker.ts'
import { fetchRequest } from './fetch-request.contract.ts'
import { kafkaErrors } from './kafka-errors.ts'
import type { KafkaErrorName } from './kafka-errors.ts'
import { KafkaPeer } from './kafka-peer.contract.ts'

const nowhere = 'ab'.repeat(16)
let broker: Broker
let own: Client
let peer: KafkaPeer
/** A member of the group `G`, and its generation. */
let member: { memberId: string; generationId: number }

before(async () => {
  broker = await Broker.start({
    memory: true,
    kafka: { port: 0 },
    limits: { groupInitialRebalanceDelayMs: 0 },
  })
  peer = await KafkaPeer.open(broker.kafkaAddresses[0]!.port)
  own = await broker.connect()
  await own.streams.create('T', { messageBytesMax: 2000 })
  await own.streams.create('COMPACTED', { cleanupPolicy: 'compact' })
  await own.publish('T', 'k', 'v')
  const joined = await peer.ask(joinGroupApi, 3, joinOf({}))
  member = { memberId: joined.memberId, generationId: joined.generationId! }
  await peer.ask(syncGroupApi, 0, syncOf({}))
})

after(async () => {
  peer.destroy()
  await own.close()
  await broker.close()
})

// ── Requests ───────────────────────────────────────────────────────────────────────────────────────────────

function batch(key: string | null = 'k', value = 'v'): Uint8Array {
  const builder = new RecordBatchBuilder()
  builder.add(Date.now(), key, value)
  return builder.take()
}

function ofProducer(id: number, epoch: number, sequence: number): Uint8Array {
  const bytes = batch()
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  view.setBigInt64(43, BigInt(id))
  view.setInt16(51, epoch)
  view.setInt32(53, sequence)
  return resealed(bytes)
}

function withFlippedByte(bytes: Uint8Array): Uint8Array {
  bytes[bytes.length - 1]! ^= 0x40
  return bytes
}

async function produced(
  version: number,
  records: Uint8Array,
  { name = 'T', index = 0 }: { name?: string; index?: number } = {},
): Promise<number> {
  const topics = [{ name, partitions: [{ index, records }] }]
  const request = { transactionalId: null, acks: -1, timeoutMs: 1000, topics }
  return (await peer.ask(produceApi, version, request)).topics[0]!.partitions[0]!.errorCode
}

interface Place {
  readonly name?: string
  readonly topicId?: string
  readonly partition?: number
  readonly offset?: number
  readonly epoch?: number
}

async function fetched(version: number, place: Place): Promise<number> {
  const { name = 'T', topicId, partition = 0, offset = 0, epoch = -1 } = place
  const id = topicId ?? (await idOf(name))
  const request = fetchRequest({ name, topicId: id, partition, offset, epoch, minBytes: 0 })
  const answer = await peer.ask(fetchApi, version, request)
  return answer.topics[0]!.partitions[0]!.errorCode
}

async function described(
  version: number,
  name: string | null,
  topicId = zeroUuid,
): Promise<[number, string]> {
  const { topics } = await peer.ask(metadataApi, version, {
    topics: [{ name, topicId }],
    allowAutoTopicCreation: name !== null && !/^[a-zA-Z]+$/.test(name),
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  })
  return [topics[0]!.errorCode, topics[0]!.topicId]
}

async function idOf(name: string): Promise<string> {
  return (await described(12, name))[1]
}

async function listed(version: number, { name = 'T', partition = 0, epoch = -1 }: Place): Promise<number> {
  const partitions = [{ partitionIndex: partition, currentLeaderEpoch: epoch, timestamp: -1 }]
  const request = { replicaId: -1, isolationLevel: 0, topics: [{ name, partitions }], timeoutMs: 1000 }
  return (await peer.ask(listOffsetsApi, version, request)).topics[0]!.partitions[0]!.errorCode
}

async function epochEnded(
  version: number,
  { name = 'T', partition = 0, epoch = -1 }: Place,
): Promise<number> {
  const partitions = [{ partition, currentLeaderEpoch: epoch, leaderEpoch: 1 }]
  const request = { replicaId: -1, topics: [{ name, partitions }] }
  return (await peer.ask(offsetForLeaderEpochApi, version, request)).topics[0]!.partitions[0]!.errorCode
}

async function recordsDeleted(version: number, { name = 'T', partition = 0, offset = 0 }: Place) {
  const topics = [{ name, partitions: [{ partitionIndex: partition, offset }] }]
  const answer = await peer.ask(deleteRecordsApi, version, { topics, timeoutMs: 1000 })
  return answer.topics[0]!.partitions[0]!.errorCode
}

async function created(version: number, changes: Partial<CreateTopicsRequestTopic>): Promise<number> {
  const usual = { name: 'new', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
  const request = { topics: [{ ...usual, ...changes }], timeoutMs: 1000, validateOnly: false }
  return (await peer.ask(createTopicsApi, version, request)).topics[0]!.errorCode
}

async function deleted(version: number, name: string | null, topicId = zeroUuid): Promise<number> {
  const request = { topics: [{ name, topicId }], topicNames: [name ?? ''], timeoutMs: 1000 }
  return (await peer.ask(deleteTopicsApi, version, request)).responses[0]!.errorCode
}

async function grown(version: number, name: string, count: number): Promise<number> {
  const topics = [{ name, count, assignments: null }]
  return (await peer.ask(createPartitionsApi, version, { topics, timeoutMs: 1000, validateOnly: false }))
    .results[0]!.errorCode
}

async function replaced(version: number, name: string, value: string, resourceName = 'T'): Promise<number> {
  const resources = [{ resourceType: 2, resourceName, configs: [{ name, value }] }]
  const answer = await peer.ask(alterConfigsApi, version, { resources, validateOnly: false })
  return answer.responses[0]!.errorCode
}

async function set(version: number, name: string, value: string, resourceName = 'T'): Promise<number> {
  const resources = [{ resourceType: 2, resourceName, configs: [{ name, configOperation: 0, value }] }]
  const answer = await peer.ask(incrementalAlterConfigsApi, version, { resources, validateOnly: false })
  return answer.responses[0]!.errorCode
}

async function configsTold(version: number, resourceName: string): Promise<number> {
  const resources = [{ resourceType: 2, resourceName, configurationKeys: null }]
  const request = { resources, includeSynonyms: false, includeDocumentation: false }
  return (await peer.ask(describeConfigsApi, version, request)).results[0]!.errorCode
}

interface Membership {
  readonly groupId?: string
  readonly memberId?: string
  readonly generationId?: number
}

function joinOf({ groupId = 'G', memberId = '' }: Membership) {
  return {
    groupId,
    memberId,
    sessionTimeoutMs: 600_000,
    rebalanceTimeoutMs: 600_000,
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: new Uint8Array(6) }],
    reason: null,
  }
}

function syncOf(changes: Membership) {
  return { ...beatOf(changes), protocolType: 'consumer', protocolName: 'range', assignments: [] }
}

function beatOf(changes: Membership) {
  return { groupId: 'G', groupInstanceId: null, ...member, ...changes }
}

const joined = async (version: number, changes: Membership): Promise<number> =>
  (await peer.ask(joinGroupApi, version, joinOf(changes))).errorCode
const synced = async (version: number, changes: Membership): Promise<number> =>
  (await peer.ask(syncGroupApi, version, syncOf(changes))).errorCode
const beaten = async (version: number, changes: Membership): Promise<number> =>
  (await peer.ask(heartbeatApi, version, beatOf(changes))).errorCode

async function left(version: number, { groupId = 'G', memberId = member.memberId }: Membership) {
  const members = [{ memberId, groupInstanceId: null, reason: null }]
  const answer = await peer.ask(leaveGroupApi, version, { groupId, memberId, members })
  return answer.errorCode === 0 && version >= 3 ? answer.members[0]!.errorCode : answer.errorCode
}

async function committed(version: number, changes: Membership, name = 'T', partitionIndex = 0) {
  const { groupId, memberId, generationId, groupInstanceId } = beatOf(changes)
  const place = { partitionIndex, committedOffset: 1, commitTimestamp: -1, committedLeaderEpoch: -1 }
  const answer = await peer.ask(offsetCommitApi, version, {
    groupId,
    memberId,
    groupInstanceId,
    generationIdOrMemberEpoch: generationId,
    retentionTimeMs: -1,
    topics: [{ name, partitions: [{ ...place, committedMetadata: '' }] }],
  })
  return answer.topics[0]!.partitions[0]!.errorCode
}

// ── The list ───────────────────────────────────────────────────────────────────────────────────────────────

type Ask = (version: number) => Promise<number>
type BadInput = readonly [what: string, error: KafkaErrorName, lowest: number, highest: number, ask: Ask]

const tooLarge = 'x'.repeat(3000)
const gone = { name: 'GONE' }
const old = 0
const newer = 99

const list: readonly BadInput[] = [
  ['Produce of a wrong checksum', 'CORRUPT_MESSAGE', 3, 11, (v) => produced(v, withFlippedByte(batch()))],
  ['Produce over the limit', 'MESSAGE_TOO_LARGE', 3, 11, (v) => produced(v, batch('k', tooLarge))],
  ['Produce to no topic', 'UNKNOWN_TOPIC_OR_PARTITION', 3, 11, (v) => produced(v, batch(), gone)],
  ['Produce to no partition', 'UNKNOWN_TOPIC_OR_PARTITION', 3, 11, (v) => produced(v, batch(), { index: 1 })],
  ['Produce of no key', 'INVALID_RECORD', 3, 11, (v) => produced(v, batch(null), { name: 'COMPACTED' })],
  ['Produce of nothing', 'INVALID_RECORD', 3, 11, (v) => produced(v, new Uint8Array(0))],
  [
    'Produce out of sequence',
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    3,
    11,
    async (v) => {
      await produced(v, ofProducer(5000 + v, 0, 0))
      return produced(v, ofProducer(5000 + v, 0, 2))
    },
  ],
  [
    'Produce of a fenced producer',
    'INVALID_PRODUCER_EPOCH',
    3,
    11,
    async (v) => {
      await produced(v, ofProducer(6000 + v, 3, 0))
      return produced(v, ofProducer(6000 + v, 2, 1))
    },
  ],
  [
    'Produce of what is there (no error)',
    'NONE',
    3,
    11,
    async (v) => {
      await produced(v, ofProducer(7000 + v, 0, 0))
      return produced(v, ofProducer(7000 + v, 0, 0))
    },
  ],
  ['Fetch of no topic', 'UNKNOWN_TOPIC_OR_PARTITION', 4, 12, (v) => fetched(v, gone)],
  ['Fetch of no id', 'UNKNOWN_TOPIC_ID', 13, 17, (v) => fetched(v, { topicId: nowhere })],
  ['Fetch of no partition', 'UNKNOWN_TOPIC_OR_PARTITION', 4, 17, (v) => fetched(v, { partition: 7 })],
  ['Fetch beyond the end', 'OFFSET_OUT_OF_RANGE', 4, 17, (v) => fetched(v, { offset: 99_999 })],
  ['Fetch before the start', 'OFFSET_OUT_OF_RANGE', 4, 17, (v) => fetched(v, { offset: -1 })],
  ['Fetch of an old epoch', 'FENCED_LEADER_EPOCH', 9, 17, (v) => fetched(v, { epoch: old })],
  ['Fetch of a newer epoch', 'UNKNOWN_LEADER_EPOCH', 9, 17, (v) => fetched(v, { epoch: newer })],
  ['ListOffsets of no topic', 'UNKNOWN_TOPIC_OR_PARTITION', 1, 10, (v) => listed(v, gone)],
  ['ListOffsets of an old epoch', 'FENCED_LEADER_EPOCH', 4, 10, (v) => listed(v, { epoch: old })],
  ['ListOffsets of a newer epoch', 'UNKNOWN_LEADER_EPOCH', 4, 10, (v) => listed(v, { epoch: newer })],
  ['OffsetForLeaderEpoch of no topic', 'UNKNOWN_TOPIC_OR_PARTITION', 2, 4, (v) => epochEnded(v, gone)],
  ['OffsetForLeaderEpoch, old', 'FENCED_LEADER_EPOCH', 2, 4, (v) => epochEnded(v, { epoch: old })],
  ['OffsetForLeaderEpoch, newer', 'UNKNOWN_LEADER_EPOCH', 2, 4, (v) => epochEnded(v, { epoch: newer })],
  ['Metadata of no topic', 'UNKNOWN_TOPIC_OR_PARTITION', 4, 13, async (v) => (await described(v, 'GONE'))[0]],
  ['Metadata of no id', 'UNKNOWN_TOPIC_ID', 12, 13, async (v) => (await described(v, null, nowhere))[0]],
  ['Metadata of no name', 'INVALID_TOPIC_EXCEPTION', 1, 13, async (v) => (await described(v, 'a b'))[0]],
  ['CreateTopics of no name', 'INVALID_TOPIC_EXCEPTION', 2, 7, (v) => created(v, { name: 'a/b' })],
  ['CreateTopics of an empty name', 'INVALID_TOPIC_EXCEPTION', 2, 7, (v) => created(v, { name: '' })],
  ['CreateTopics that exist', 'TOPIC_ALREADY_EXISTS', 2, 7, (v) => created(v, { name: 'T' })],
  ['CreateTopics, 0 partitions', 'INVALID_PARTITIONS', 2, 7, (v) => created(v, { numPartitions: 0 })],
  [
    'CreateTopics, 3 replicas',
    'INVALID_REPLICATION_FACTOR',
    2,
    7,
    (v) => created(v, { replicationFactor: 3 }),
  ],
  ['CreateTopics, unknown config', 'INVALID_CONFIG', 2, 7, (v) => created(v, configured('no.such', '1'))],
  [
    'CreateTopics, wrong config',
    'INVALID_CONFIG',
    2,
    7,
    (v) => created(v, configured('segment.bytes', '-1')),
  ],
  ['DeleteTopics of no name', 'UNKNOWN_TOPIC_OR_PARTITION', 1, 6, (v) => deleted(v, 'GONE')],
  ['DeleteTopics of no id', 'UNKNOWN_TOPIC_ID', 6, 6, (v) => deleted(v, null, nowhere)],
  ['CreatePartitions of no topic', 'UNKNOWN_TOPIC_OR_PARTITION', 0, 3, (v) => grown(v, 'GONE', 3)],
  ['CreatePartitions, not more', 'INVALID_PARTITIONS', 0, 3, (v) => grown(v, 'T', 1)],
  ['DeleteRecords of no topic', 'UNKNOWN_TOPIC_OR_PARTITION', 0, 2, (v) => recordsDeleted(v, gone)],
  [
    'DeleteRecords of no partition',
    'UNKNOWN_TOPIC_OR_PARTITION',
    0,
    2,
    (v) => recordsDeleted(v, { partition: 9 }),
  ],
  ['DeleteRecords beyond', 'OFFSET_OUT_OF_RANGE', 0, 2, (v) => recordsDeleted(v, { offset: 99_999 })],
  ['DeleteRecords before', 'OFFSET_OUT_OF_RANGE', 0, 2, (v) => recordsDeleted(v, { offset: -2 })],
  ['AlterConfigs, unknown', 'INVALID_CONFIG', 0, 2, (v) => replaced(v, 'no.such', '1')],
  ['AlterConfigs, out of bounds', 'INVALID_CONFIG', 0, 2, (v) => replaced(v, 'retention.ms', '-2')],
  [
    'AlterConfigs of no topic',
    'UNKNOWN_TOPIC_OR_PARTITION',
    0,
    2,
    (v) => replaced(v, 'segment.ms', '1', 'GONE'),
  ],
  ['IncrementalAlterConfigs, unknown', 'INVALID_CONFIG', 0, 1, (v) => set(v, 'no.such', '1')],
  ['IncrementalAlterConfigs, bounds', 'INVALID_CONFIG', 0, 1, (v) => set(v, 'max.message.bytes', '-1')],
  [
    'IncrementalAlterConfigs, none',
    'UNKNOWN_TOPIC_OR_PARTITION',
    0,
    1,
    (v) => set(v, 'segment.ms', '1', 'GONE'),
  ],
  ['DescribeConfigs of no topic', 'UNKNOWN_TOPIC_OR_PARTITION', 1, 4, (v) => configsTold(v, 'GONE')],
  ['JoinGroup without a group', 'INVALID_GROUP_ID', 0, 9, (v) => joined(v, { groupId: '' })],
  ['JoinGroup of nobody', 'UNKNOWN_MEMBER_ID', 0, 9, (v) => joined(v, { memberId: 'nobody' })],
  ['JoinGroup without an id', 'MEMBER_ID_REQUIRED', 4, 9, (v) => joined(v, { groupId: `new-${v}` })],
  ['SyncGroup without a group', 'INVALID_GROUP_ID', 0, 5, (v) => synced(v, { groupId: '' })],
  ['SyncGroup of nobody', 'UNKNOWN_MEMBER_ID', 0, 5, (v) => synced(v, { memberId: 'nobody' })],
  ['SyncGroup of another generation', 'ILLEGAL_GENERATION', 0, 5, (v) => synced(v, { generationId: 77 })],
  ['Heartbeat without a group', 'INVALID_GROUP_ID', 0, 4, (v) => beaten(v, { groupId: '' })],
  ['Heartbeat of nobody', 'UNKNOWN_MEMBER_ID', 0, 4, (v) => beaten(v, { memberId: 'nobody' })],
  ['Heartbeat of another generation', 'ILLEGAL_GENERATION', 0, 4, (v) => beaten(v, { generationId: 77 })],
  ['Heartbeat of no group', 'UNKNOWN_MEMBER_ID', 0, 4, (v) => beaten(v, { groupId: 'GONE' })],
  ['LeaveGroup without a group', 'INVALID_GROUP_ID', 0, 5, (v) => left(v, { groupId: '' })],
  ['LeaveGroup of nobody', 'UNKNOWN_MEMBER_ID', 0, 5, (v) => left(v, { memberId: 'nobody' })],
  ['OffsetCommit of nobody', 'UNKNOWN_MEMBER_ID', 1, 9, (v) => committed(v, { memberId: 'nobody' })],
  [
    'OffsetCommit of another generation',
    'ILLEGAL_GENERATION',
    2,
    9,
    (v) => committed(v, { generationId: 77 }),
  ],
  ['OffsetCommit of no topic', 'UNKNOWN_TOPIC_OR_PARTITION', 1, 9, (v) => committed(v, {}, 'GONE')],
  ['OffsetCommit of no partition', 'UNKNOWN_TOPIC_OR_PARTITION', 1, 9, (v) => committed(v, {}, 'T', 8)],
]

function configured(name: string, value: string): Partial<CreateTopicsRequestTopic> {
  return { configs: [{ name, value }] }
}

const nameOf = (errorCode: number): string =>
  Object.entries(kafkaErrors).find(([, code]) => code === errorCode)![0]

for (const [what, error, lowest, highest, ask] of list) {
  test(`${what}: ${error} at ${lowest} and ${highest}`, async () => {
    for (const version of [lowest, highest]) assert.equal(nameOf(await ask(version)), error, `${version}`)
  })
}

test('while members join, a heartbeat and a sync are REBALANCE_IN_PROGRESS at both ends', async () => {
  const other = await KafkaPeer.open(broker.kafkaAddresses[0]!.port)
  other.send(requestOf(joinGroupApi, { version: 3 }, joinOf({})))
  while (nameOf(await beaten(0, {})) !== 'REBALANCE_IN_PROGRESS');
  assert.equal(nameOf(await beaten(4, {})), 'REBALANCE_IN_PROGRESS')
  for (const version of [0, 5]) assert.equal(nameOf(await synced(version, {})), 'REBALANCE_IN_PROGRESS')
  other.destroy()
})

test('an array of any claimed length is refused before it is made, in either encoding', async () => {
  for (const version of [1, 8, 9, 13]) {
    const request = Buffer.from(
      requestOf(
        metadataApi,
        { version, clientId: 'c' },
        {
          topics: [],
          allowAutoTopicCreation: false,
          includeClusterAuthorizedOperations: false,
          includeTopicAuthorizedOperations: false,
        },
      ),
    )
    // Behind size, key, version, correlation and client id; a tag count where the version is flexible.
    const at = 4 + 2 + 2 + 4 + 3
    const claim = version < 9 ? [0x7f, 0xff, 0xff, 0xff] : [0, 0xff, 0xff, 0xff, 0xff, 0x0f]
    const bytes = Buffer.concat([request.subarray(0, at), Buffer.from(claim), Buffer.alloc(8)])
    bytes.writeUInt32BE(bytes.length - 4)
    const lone = await KafkaPeer.open(broker.kafkaAddresses[0]!.port)
    lone.send(bytes)
    await lone.closed()
    assert.equal(lone.frames.length, 0)
  }
})
