// kafkajs: the client in JavaScript that most programs still have. It speaks old versions of every
// request, and knows of no static members.

import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import type { Admin as KafkajsAdmin, Consumer, KafkaMessage, Producer } from 'kafkajs'
import { lz4Codec, snappyCodec, zstdCodec } from '../harness/added-codecs.ts'
import type {
  Admin,
  Committed,
  GroupMember,
  GroupPlace,
  KafkaClient,
  Lack,
  Membership,
  NewRecord,
  Reading,
  SeenRecord,
  Sending,
} from '../harness/kafka-client.ts'

const { CompressionTypes, CompressionCodecs, ConfigResourceTypes, Kafka, KafkaJSError, logLevel } = kafkajs
CompressionCodecs[CompressionTypes.Snappy] = () => snappyCodec
CompressionCodecs[CompressionTypes.LZ4] = () => lz4Codec
CompressionCodecs[CompressionTypes.ZSTD] = () => zstdCodec

const compressionOf = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
}

export async function openKafkajs(address: string): Promise<KafkaClient> {
  const kafka = new Kafka({
    brokers: [address],
    clientId: 'compat',
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 100, retries: 12, maxRetryTime: 1000 },
  })
  const admin = kafka.admin({ retry: { initialRetryTime: 100, retries: 5 } })
  await admin.connect()
  return new KafkajsClient(kafka, admin)
}

class KafkajsClient implements KafkaClient {
  readonly name = 'kafkajs'
  readonly lacks: readonly Lack[] = ['static members']
  readonly admin: Admin
  readonly #kafka: kafkajs.Kafka
  readonly #admin: KafkajsAdmin
  readonly #producers = new Map<boolean, Promise<Producer>>()
  readonly #members = new Set<Consumer>()

  constructor(kafka: kafkajs.Kafka, admin: KafkajsAdmin) {
    this.#kafka = kafka
    this.#admin = admin
    this.admin = adminOf(admin)
  }

  async produce(topic: string, records: readonly NewRecord[], sending: Sending = {}): Promise<void> {
    const { codec = 'none', isIdempotent = false } = sending
    const producer = await this.#producer(isIdempotent)
    const messages = records.map(({ timestamp, ...record }) => ({
      ...record,
      ...(timestamp === undefined ? {} : { timestamp: String(timestamp) }),
    }))
    const send = () => producer.send({ topic, messages, acks: -1, compression: compressionOf[codec] })
    if (isIdempotent) await throughOutages(send)
    else await send()
  }

  async read({ topic, partition, from, count }: Reading): Promise<SeenRecord[]> {
    const start = await this.#startOf({ topic, partition, from, count })
    const consumer = this.#kafka.consumer({ groupId: `read-${crypto.randomUUID()}`, maxWaitTimeInMs: 100 })
    await consumer.connect()
    try {
      await consumer.subscribe({ topic, fromBeginning: true })
      const seen: SeenRecord[] = []
      await new Promise<void>((resolve, reject) => {
        const eachMessage = async (got: { partition: number; message: KafkaMessage }): Promise<void> => {
          // What comes before the seek takes effect is not what was asked for.
          if (got.partition !== partition || Number(got.message.offset) < start) return
          if (seen.push(seenOf(got.partition, got.message)) === count) resolve()
        }
        consumer.run({ eachMessage }).catch(reject)
        consumer.seek({ topic, partition, offset: String(start) })
      })
      return seen.slice(0, count)
    } finally {
      await consumer.disconnect()
    }
  }

  async join({ group, topic }: Membership): Promise<GroupMember> {
    const consumer = this.#kafka.consumer({
      groupId: group,
      maxWaitTimeInMs: 100,
      heartbeatInterval: 200,
      sessionTimeout: 10_000,
      rebalanceTimeout: 10_000,
    })
    this.#members.add(consumer)
    const member = new KafkajsMember(consumer, topic, () => this.#members.delete(consumer))
    await member.start()
    return member
  }

  /** The library's administration commits without metadata, so a member does it. */
  async commit({ group, topic, partition }: GroupPlace, offset: number, metadata: string): Promise<void> {
    // Why a short wait: leaving the group waits for what is being fetched. Why a short session: a broker that
    // is killed just after the member left may not know it yet, and waits for it.
    const consumer = this.#kafka.consumer({ groupId: group, maxWaitTimeInMs: 100, sessionTimeout: 6000 })
    await consumer.connect()
    await consumer.subscribe({ topic })
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
    await consumer.run({ autoCommit: false, eachMessage: async () => {} })
    await joined
    await consumer.commitOffsets([{ topic, partition, offset: String(offset), metadata }])
    await consumer.disconnect()
  }

  async committed({ group, topic, partition }: GroupPlace): Promise<Committed> {
    const [answer] = await this.#admin.fetchOffsets({ groupId: group, topics: [topic] })
    const found = answer?.partitions.find((one) => one.partition === partition)
    const offset = Number(found?.offset ?? -1)
    return { offset: offset < 0 ? undefined : offset, metadata: found?.metadata ?? '' }
  }

  async close(): Promise<void> {
    for (const member of this.#members) await member.disconnect()
    for (const producer of this.#producers.values()) await (await producer).disconnect()
    await this.#admin.disconnect()
  }

  #producer(isIdempotent: boolean): Promise<Producer> {
    const made = this.#producers.get(isIdempotent) ?? this.#makeProducer(isIdempotent)
    this.#producers.set(isIdempotent, made)
    return made
  }

  async #makeProducer(isIdempotent: boolean): Promise<Producer> {
    const producer = this.#kafka.producer({ idempotent: isIdempotent, maxInFlightRequests: 1 })
    await producer.connect()
    return producer
  }

  async #startOf({ topic, partition, from }: Reading): Promise<number> {
    if (typeof from === 'object' && 'offset' in from) return from.offset
    if (typeof from === 'object' && 'time' in from) {
      const found = await this.#admin.fetchTopicOffsetsByTimestamp(topic, from.time)
      return Number(found.find((one) => one.partition === partition)!.offset)
    }
    const bounds = await this.#admin.fetchTopicOffsets(topic)
    const { low, high } = bounds.find((one) => one.partition === partition)!
    return from === 'first' ? Number(low) : Number(high) - from.last
  }
}

/** How long the broker may be away, or come and go. */
const OUTAGE_MS = 120_000

/**
 * The library gives up when it cannot connect again at once, and takes back the numbers of what it did
 * not send. So its users send again, with the same ones.
 */
async function throughOutages(send: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + OUTAGE_MS
  for (;;) {
    try {
      return void (await send())
    } catch (error) {
      if (!isOutage(error) || Date.now() > deadline) throw error
      await sleep(100)
    }
  }
}

/** Whether no answer came, rather than one that refuses. What it gives up with names that as its cause. */
function isOutage(error: unknown): boolean {
  if (!(error instanceof KafkaJSError)) return false
  const { name } = error.cause ?? error
  return name === 'KafkaJSConnectionError' || name === 'KafkaJSConnectionClosedError'
}

class KafkajsMember implements GroupMember {
  readonly seen: SeenRecord[] = []
  partitions: readonly number[] = []
  assignments = 0
  readonly #consumer: Consumer
  readonly #topic: string
  readonly #left: () => void

  constructor(consumer: Consumer, topic: string, left: () => void) {
    this.#consumer = consumer
    this.#topic = topic
    this.#left = left
  }

  async start(): Promise<void> {
    const consumer = this.#consumer
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.partitions = (payload.memberAssignment[this.#topic] ?? []).toSorted((one, other) => one - other)
      this.assignments++
    })
    await consumer.connect()
    await consumer.subscribe({ topic: this.#topic, fromBeginning: true })
    await consumer.run({
      partitionsConsumedConcurrently: 3,
      autoCommitThreshold: 20,
      eachMessage: async ({ partition, message }) => void this.seen.push(seenOf(partition, message)),
    })
  }

  async leave(): Promise<void> {
    this.#left()
    await this.#consumer.disconnect()
  }
}

function adminOf(admin: KafkajsAdmin): Admin {
  const resourceOf = (name: string) => ({ type: ConfigResourceTypes.TOPIC, name })
  return {
    async createTopic(topic, numPartitions, configs = {}) {
      const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }))
      const isNew = await admin.createTopics({ topics: [{ topic, numPartitions, configEntries }] })
      if (!isNew) throw new Error(`${topic} is there already`)
    },
    async partitionCount(topic) {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      return topics[0]!.partitions.length
    },
    topics: () => admin.listTopics(),
    deleteTopic: (topic) => admin.deleteTopics({ topics: [topic] }),
    async addPartitions(topic, count) {
      await admin.createPartitions({ topicPartitions: [{ topic, count }] })
    },
    async configs(topic) {
      const asked = { resources: [resourceOf(topic)], includeSynonyms: false }
      const { resources } = await admin.describeConfigs(asked)
      return Object.fromEntries(
        resources[0]!.configEntries.map(({ configName, configValue }) => [configName, configValue]),
      )
    },
    async alterConfigs(topic, configs) {
      const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }))
      await admin.alterConfigs({ validateOnly: false, resources: [{ ...resourceOf(topic), configEntries }] })
    },
    async deleteRecords(topic, partition, before) {
      // It must know the topic before, and does not ask.
      await admin.fetchTopicOffsets(topic)
      await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] })
    },
    async groups() {
      const { groups } = await admin.listGroups()
      return groups.map(({ groupId }) => groupId)
    },
    async groupState(group) {
      const { groups } = await admin.describeGroups([group])
      return { state: groups[0]!.state, members: groups[0]!.members.length }
    },
    async deleteGroup(group) {
      await admin.deleteGroups([group])
    },
  }
}

function seenOf(partition: number, message: KafkaMessage): SeenRecord {
  const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)])
  return {
    partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key === null ? null : message.key.toString(),
    value: message.value === null ? null : message.value.toString(),
    headers: Object.fromEntries(headers),
  }
}
