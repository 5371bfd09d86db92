// Fetch: whole record batches of several partitions, waiting for new ones. There are no fetch sessions: every
// request names all that it wants, which Kafka allows (KIP-227) and every client can do.

import type {
  FetchRequest,
  FetchRequestTopic,
  FetchRequestTopicPartition,
  FetchResponse,
  FetchResponseNodeEndpoint,
  FetchResponseTopicPartition,
} from '@sluice/protocol/kafka/generated/fetch'
import { noBytes } from '@sluice/protocol/kafka/kafka-fields'
import type { Partition } from '../../../cluster/partition.ts'
import { bytesArrive, readPartitions } from '../../../services/streams/fetch-many.ts'
import type { PartitionOutcome, PartitionRead } from '../../../services/streams/fetch-many.ts'
import { endOfEpoch } from '../../../services/streams/offset-lookup.ts'
import { crowdedReadBytes } from '../../connections/request-gate.ts'
import { kafkaErrorOf, kafkaErrors } from '../kafka-errors.ts'
import type { KafkaServices, KafkaSession } from '../kafka-session.ts'
import { findLed, toldEpochOf } from '../led-partition.ts'

/** Of one answer, but for a single batch that is larger: what a connection may hold at once. */
const fetchBytesLimit = 8 * 1024 * 1024
/** Longest wait while requests in progress take half of the memory that there is for them. */
const crowdedWaitMs = 100
const versionWithIds = 13
const readCommitted = 1

/** What becomes of one partition of the request: an answer already, or a read to be done. */
interface Asked {
  answer?: FetchResponseTopicPartition
  readonly read?: PartitionRead
  /** Where another node leads it, or another epoch. */
  readonly led?: Partition | undefined
}

/** How the request is meant. */
interface Manner {
  readonly isById: boolean
  readonly isReadCommitted: boolean
}

export async function handleFetch(
  session: KafkaSession,
  request: FetchRequest,
  version: number,
): Promise<FetchResponse> {
  const sessionError = sessionErrorOf(request)
  if (sessionError !== kafkaErrors.NONE) return emptyAnswer(session, sessionError)
  const asked: Asked[][] = []
  for (const topic of request.topics) asked.push(await lookUpTopic(session, topic, version))
  const all = asked.flat()
  await readAll(session, request, all, version)
  const topics = request.topics.map(({ name, topicId }, at) => {
    return { name, topicId, partitions: asked[at]!.map(({ answer }) => answer!) }
  })
  return { ...emptyAnswer(session, kafkaErrors.NONE), topics, nodeEndpoints: await endpointsOf(session, all) }
}

export function refuseFetch(request: FetchRequest, errorCode: number): FetchResponse {
  const topics = request.topics.map(({ name, topicId, partitions }) => {
    return { name, topicId, partitions: partitions.map(({ partition }) => refused(partition, errorCode)) }
  })
  return { throttleTimeMs: 0, errorCode, sessionId: 0, topics }
}

/** Epoch 0 asks for a session, and gets none; -1 says that none is wanted. Any other would go on with one. */
function sessionErrorOf({ sessionEpoch }: FetchRequest): number {
  return sessionEpoch === 0 || sessionEpoch === -1 ? kafkaErrors.NONE : kafkaErrors.FETCH_SESSION_ID_NOT_FOUND
}

// ── Before the read ────────────────────────────────────────────────────────────────────────────────────────

async function lookUpTopic(
  session: KafkaSession,
  topic: FetchRequestTopic,
  version: number,
): Promise<Asked[]> {
  const asked: Asked[] = []
  for (const partition of topic.partitions) {
    const found = lookUp(session, topic, partition, version)
    // Why only then: of those who only read, few say which epoch they read last.
    const isDoubted = found.read !== undefined && partition.lastFetchedEpoch >= 0
    asked.push(isDoubted ? await withoutDivergence(found, partition) : found)
  }
  return asked
}

function lookUp(
  { services }: KafkaSession,
  topic: FetchRequestTopic,
  {
    partition: index,
    currentLeaderEpoch,
    fetchOffset: offset,
    partitionMaxBytes,
  }: FetchRequestTopicPartition,
  version: number,
): Asked {
  const isById = version >= versionWithIds
  const stream = isById ? services.topics.find(topic.topicId) : services.streams.find(topic.name)
  if (isById && stream === undefined) return { answer: refused(index, kafkaErrors.UNKNOWN_TOPIC_ID) }
  const found = findLed(stream, index, currentLeaderEpoch)
  if (found.partition === undefined) {
    const { errorCode, led } = found
    return {
      answer: { ...refused(index, errorCode), ...(led && { currentLeader: leaderOf(services, led) }) },
      led,
    }
  }
  const { logStart, highWatermark } = found.partition
  if (offset < logStart || offset > highWatermark)
    return { answer: refused(index, kafkaErrors.OFFSET_OUT_OF_RANGE) }
  return { read: { ...found, offset, bytesMax: partitionMaxBytes } }
}

/** Who has read what another leader wrote, and nobody has now, is told where they part. */
async function withoutDivergence(
  asked: Asked,
  { partition: index, lastFetchedEpoch, fetchOffset }: FetchRequestTopicPartition,
): Promise<Asked> {
  const end = await endOfEpoch(asked.read!.partition, lastFetchedEpoch)
  if (end !== undefined && end.epoch === lastFetchedEpoch && end.endOffset >= fetchOffset) return asked
  const divergingEpoch = { epoch: end?.epoch ?? -1, endOffset: end?.endOffset ?? -1 }
  return { answer: { ...refused(index, kafkaErrors.NONE), divergingEpoch } }
}

function leaderOf({ cluster }: KafkaServices, led: Partition): { leaderId: number; leaderEpoch: number } {
  return { leaderId: cluster.brokerIdOf(led.node), leaderEpoch: toldEpochOf(led) }
}

// ── The read ───────────────────────────────────────────────────────────────────────────────────────────────

/** Gives every read its answer. */
async function readAll(
  session: KafkaSession,
  request: FetchRequest,
  all: readonly Asked[],
  version: number,
): Promise<void> {
  const asked = all.filter(({ answer }) => answer === undefined)
  const reads = asked.map(({ read }) => read!)
  if (reads.length === 0) return
  const { io, bounds } = session.services
  const bytesLimit = bounds.untaken.isHalfFull ? crowdedReadBytes : fetchBytesLimit
  const bytesMax = Math.min(Math.max(request.maxBytes, 0), bytesLimit)
  // Why not with an error: the client is to know at once.
  const waitMs = reads.length < all.length ? 0 : request.maxWaitMs
  await bytesArrive(reads, {
    bytesMin: Math.min(request.minBytes, Math.max(bytesMax, 1)),
    // Why: a request counts as in progress while it waits, and those that wait must not keep others out.
    waitMs: bounds.budget.isHalfFull ? Math.min(waitMs, crowdedWaitMs) : waitMs,
    timers: io.timers,
    signal: session.signal,
  })
  const manner = {
    isById: version >= versionWithIds,
    isReadCommitted: request.isolationLevel === readCommitted,
  }
  const wanted = reads.reduce((sum, read) => sum + read.bytesMax, 0)
  const reserved = Math.max(Math.min(wanted, bytesMax), 0)
  session.reserve(reserved)
  try {
    // Why by chance: so that none of many is always the last, in whatever order a client asks for them.
    const first = io.random.u32() % reads.length
    const outcomes = await readPartitions(reads, bytesMax, first)
    for (const [at, each] of asked.entries()) {
      each.answer = answerOf(session, reads[at]!, outcomes[at]!, manner)
    }
  } finally {
    session.release(reserved)
  }
}

function answerOf(
  session: KafkaSession,
  { stream, partition }: PartitionRead,
  { slices, error }: PartitionOutcome,
  { isById, isReadCommitted }: Manner,
): FetchResponseTopicPartition {
  const { index, highWatermark, logStart } = partition
  if (stream.isDeleted) {
    return refused(index, kafkaErrors[isById ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION'])
  }
  if (error !== undefined) return refused(index, kafkaErrorOf(error))
  return {
    partition: index,
    errorCode: kafkaErrors.NONE,
    highWatermark,
    lastStableOffset: highWatermark,
    logStartOffset: logStart,
    abortedTransactions: isReadCommitted ? [] : null,
    records: slices.map(({ bytes, start, end, release }) => {
      const view = bytes.subarray(start, end)
      if (release !== undefined) session.lend(view, release)
      return view
    }),
  }
}

// ── The answer ─────────────────────────────────────────────────────────────────────────────────────────────

function emptyAnswer(session: KafkaSession, errorCode: number): FetchResponse {
  return { throttleTimeMs: session.throttleTimeMs(), errorCode, sessionId: 0, topics: [] }
}

function refused(partition: number, errorCode: number): FetchResponseTopicPartition {
  const nowhere = { highWatermark: -1, lastStableOffset: -1, logStartOffset: -1 }
  return { partition, errorCode, ...nowhere, abortedTransactions: null, records: noBytes }
}

/** Of the nodes that answers name as leaders. */
async function endpointsOf(
  { services, listener }: KafkaSession,
  all: readonly Asked[],
): Promise<FetchResponseNodeEndpoint[]> {
  const named = new Set(all.flatMap(({ led }) => (led === undefined ? [] : [led.node ?? 0])))
  if (named.size === 0) return []
  const nodes = await services.cluster.nodes(listener)
  return nodes
    .filter(({ node }) => named.has(node))
    .map(({ node, host, port }) => ({ nodeId: services.cluster.brokerIdOf(node), host, port, rack: null }))
}
