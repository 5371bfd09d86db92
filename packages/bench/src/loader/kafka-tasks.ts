// The same load through Kafka's protocol, by a client of its users: publishing, and reading a stream from its
// first record on. Loads the client when it is asked for.

import { incrementalAlterConfigsApi } from '@sluice/protocol/kafka/generated/incremental-alter-configs'
import { runClosedLoop } from '../measure/closed-loop.ts'
import type { ClosedLoopResult } from '../measure/closed-loop.ts'
import { KafkaLink } from '../targets/kafka-link.ts'
import { STREAM } from '../targets/target.ts'
import { payloadOf, subjectOf } from './load-messages.ts'
import type { KafkaPublishParams, KafkaReadParams, ReadCounted } from './task-types.ts'

const warmUpShare = 0.3
const topicResource = 2
const setOperation = 0
/** Of the stream: a client that spreads batches over partitions sends smaller ones. */
const partition = 0

export async function kafkaPublish(params: KafkaPublishParams): Promise<ClosedLoopResult> {
  const { Producer } = await import('@platformatic/kafka')
  const producer = new Producer({ clientId: 'bench', bootstrapBrokers: [params.kafkaAddress], retries: 0 })
  const value = Buffer.from(payloadOf(params.payloadBytes))
  const messages = Array.from({ length: params.batchCount }, (_, index) => ({
    topic: STREAM,
    partition,
    key: Buffer.from(subjectOf(index % params.subjectCount)),
    value,
  }))
  const request = async (): Promise<void> => void (await producer.send({ messages, acks: -1 }))
  const { lanes, durationMs } = params
  try {
    return await runClosedLoop({ lanes, durationMs, warmUpMs: durationMs * warmUpShare, request })
  } finally {
    await producer.close()
  }
}

/** To the last of `messageCount` records, or until the time is over. */
export async function kafkaRead(params: KafkaReadParams): Promise<ReadCounted> {
  const { Consumer, MessagesStreamModes } = await import('@platformatic/kafka')
  const bootstrapBrokers = [params.kafkaAddress]
  const consumer = new Consumer({ clientId: 'bench', groupId: 'bench', bootstrapBrokers, autocommit: false })
  const stream = await consumer.consume({
    topics: [STREAM],
    mode: MessagesStreamModes.EARLIEST,
    maxBytes: params.fetchBytes,
    maxBytesPerPartition: params.fetchBytes,
  })
  const [startedAt, startMs, cpu] = [Date.now(), performance.now(), process.cpuUsage()]
  let [messageCount, dataBytes] = [0, 0]
  for await (const { value } of stream) {
    dataBytes += value.length
    if (++messageCount === params.messageCount) break
    if ((messageCount & 1023) === 0 && performance.now() - startMs > params.durationMs) break
  }
  const elapsedMs = performance.now() - startMs
  const { user, system } = process.cpuUsage(cpu)
  const endedAt = Date.now()
  await consumer.close(true)
  return { messageCount, dataBytes, elapsedMs, cpuMs: (user + system) / 1000, startedAt, endedAt }
}

/** From now on the stream keeps the newest record of each subject. */
export async function compactTopic({ kafkaAddress }: { kafkaAddress: string }): Promise<void> {
  const link = await KafkaLink.open(kafkaAddress)
  const configs = [{ name: 'cleanup.policy', configOperation: setOperation, value: 'compact' }]
  const resources = [{ resourceType: topicResource, resourceName: STREAM, configs }]
  const answer = await link.ask(incrementalAlterConfigsApi, { resources, validateOnly: false })
  link.close()
  const { errorCode, errorMessage } = answer.responses[0]!
  if (errorCode !== 0) throw new Error(`The topic is not altered: ${errorMessage ?? errorCode}`)
}
