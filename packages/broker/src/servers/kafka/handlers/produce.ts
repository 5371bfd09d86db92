// Produce: appends a record batch to each of several partitions, and answers for each of them. `acks` 1 and
// -1 are the same, after what the stream's durability promises, since there is one replica and no stream can
// ask for more; `timeoutMs` is not looked at: what is written is either durable or fails.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type {
  ProduceRequest,
  ProduceRequestTopic,
  ProduceRequestTopicPartition,
  ProduceResponse,
  ProduceResponseNodeEndpoint,
  ProduceResponseTopic,
  ProduceResponseTopicPartition,
} from '@sluice/protocol/kafka/generated/produce'
import { zstdCodec } from '@sluice/protocol/record/compression/codecs'
import { batchHeaderBytes, compressionOf } from '@sluice/protocol/record/record-batch'
import { RefusedBatch, UnpackingRoom } from '../../../services/streams/produce-check.ts'
import { produce } from '../../../services/streams/produce.ts'
import type { Produced } from '../../../services/streams/produce.ts'
import { expectedFailure } from '../../connections/failure.ts'
import { kafkaErrorOf, kafkaErrors } from '../kafka-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'

const noOffset = -1
const noTime = -1
const epochUnknown = 0
const noBytes = new Uint8Array(0)
const none: ReadonlySet<number> = new Set()
const acksNone = 0
const acksOne = 1
const acksAll = -1
const versionWithZstd = 7
const versionWithEndpoints = 10

type Answer = ProduceResponseTopicPartition

/** Everything is appended before this returns: requests of a connection are appended in their order. */
export async function handleProduce(
  session: KafkaSession,
  request: ProduceRequest,
  version: number,
): Promise<ProduceResponse | undefined> {
  const room = new UnpackingRoom()
  const begun = request.topics.map((topic) =>
    topic.partitions.map((partition) => append(session, request, { topic, partition, version, room })),
  )
  const topics: ProduceResponseTopic[] = []
  for (const [at, { name }] of request.topics.entries())
    topics.push({ name, partitions: await Promise.all(begun[at]!) })
  if (request.acks === acksNone) return withoutAnswer(topics.flatMap(({ partitions }) => partitions))
  const leaders = version < versionWithEndpoints ? none : leadersIn(topics)
  const nodeEndpoints = leaders.size === 0 ? [] : await endpointsOf(session, leaders)
  return { topics, throttleTimeMs: session.throttleTimeMs(), nodeEndpoints }
}

/** For a request that failed as a whole. Throws where the client waits for no answer: the connection ends. */
export function refuseProduce(request: ProduceRequest, errorCode: number): ProduceResponse {
  const topics = request.topics.map(({ name, partitions }) => {
    return { name, partitions: partitions.map(({ index }) => refusal(index, errorCode, null)) }
  })
  if (request.acks === acksNone) withoutAnswer(topics.flatMap(({ partitions }) => partitions))
  return { topics, throttleTimeMs: 0 }
}

/** Kafka's only way to tell a client that waits for no answer: it looks for the leader anew. */
function withoutAnswer(answers: readonly Answer[]): undefined {
  const failed = answers.find(({ errorCode }) => errorCode !== kafkaErrors.NONE)
  if (failed === undefined) return undefined
  const text = `A batch without an answer is refused with Kafka's error ${failed.errorCode}`
  throw new BrokerError('aborted', `${text}: ${failed.errorMessage ?? ''}`)
}

interface Part {
  readonly topic: ProduceRequestTopic
  readonly partition: ProduceRequestTopicPartition
  readonly version: number
  readonly room: UnpackingRoom
}

/** Appends before the first wait; never rejects. */
async function append(session: KafkaSession, request: ProduceRequest, part: Part): Promise<Answer> {
  const { index } = part.partition
  try {
    const produced = await appended(session, request, part)
    return {
      index,
      errorCode: kafkaErrors.NONE,
      baseOffset: produced.baseOffset,
      logAppendTimeMs: produced.appendTimeMs ?? noTime,
      logStartOffset: produced.logStart,
      recordErrors: [],
      errorMessage: null,
    }
  } catch (error) {
    return refused(session, part, error)
  }
}

/** Not async: what it throws, it throws before anything is appended. */
function appended(
  { services, isRequestOwned: isOwned }: KafkaSession,
  { acks, transactionalId }: ProduceRequest,
  { topic, partition, version, room }: Part,
): Promise<Produced> {
  const { streams, io } = services
  if (acks !== acksNone && acks !== acksOne && acks !== acksAll) throw new InvalidAcks(acks)
  if (transactionalId !== null) {
    throw new BrokerError('transactions-not-offered', 'The request is part of a transaction')
  }
  const stream = streams.require(topic.name)
  const bytes = partition.records ?? noBytes
  const isZstd = bytes.length >= batchHeaderBytes && compressionOf(bytes, 0) === zstdCodec
  if (isZstd && version < versionWithZstd) {
    throw new BrokerError('compression-not-accepted', `Produce ${version} is older than zstd`)
  }
  return produce(stream, { index: partition.index, bytes, isOwned, room }, io.clock)
}

/** The one failure that has no place among ours: no other door asks it. */
class InvalidAcks extends Error {
  constructor(acks: number) {
    super(`acks may be 0, 1 or -1, and is ${acks}`)
  }
}

async function refused(
  session: KafkaSession,
  { topic, partition: { index } }: Part,
  error: unknown,
): Promise<Answer> {
  if (error instanceof InvalidAcks) return refusal(index, kafkaErrors.INVALID_REQUIRED_ACKS, error.message)
  const { streams, logger, cluster } = session.services
  const foreseen = expectedFailure(error)
  if (foreseen === undefined) {
    logger.error({ error, peer: session.peerName, topic: topic.name, partition: index }, 'a produce failed')
  }
  const answer = refusal(index, kafkaErrorOf(error), foreseen?.message ?? null)
  if (error instanceof RefusedBatch) {
    const recordErrors = error.records.map((record) => {
      return { batchIndex: record.index, batchIndexErrorMessage: record.text }
    })
    return { ...answer, recordErrors }
  }
  if (foreseen?.code !== 'not-leader') return answer
  const led = streams.find(topic.name)?.partitions[index]
  if (led?.node === undefined) return answer
  // Why: this node has not heard of it yet, and an epoch from before its time would not be believed.
  if (led.leaderEpoch === epochUnknown) await led.refresh().catch(() => undefined)
  return {
    ...answer,
    currentLeader: { leaderId: cluster.brokerIdOf(led.node), leaderEpoch: led.leaderEpoch },
  }
}

function refusal(index: number, errorCode: number, errorMessage: string | null): Answer {
  return { index, errorCode, baseOffset: noOffset, recordErrors: [], errorMessage }
}

/** Whom the answer names as leaders. */
function leadersIn(topics: readonly ProduceResponseTopic[]): ReadonlySet<number> {
  let leaders = none
  for (const { partitions } of topics)
    for (const { currentLeader } of partitions)
      if (currentLeader?.leaderId !== undefined) leaders = new Set(leaders).add(currentLeader.leaderId)
  return leaders
}

/** Where to find them. */
async function endpointsOf(
  { services, listener }: KafkaSession,
  leaders: ReadonlySet<number>,
): Promise<ProduceResponseNodeEndpoint[]> {
  const { cluster } = services
  const nodes = await cluster.nodes(listener)
  return nodes
    .map(({ node, host, port }) => ({ nodeId: cluster.brokerIdOf(node), host, port, rack: null }))
    .filter(({ nodeId }) => leaders.has(nodeId))
}
