// @confluentinc/kafka-javascript by its interface that is like kafkajs's, see client-server.ts. It builds a
// librdkafka of its own. Partitions are added by its other interface; it can neither describe nor alter
// configurations.

import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import type { Committed, GroupPlace, Membership, SeenRecord } from '../harness/kafka-client.ts'
import { serve, textOf } from './client-server.ts'
import type { Asked, Leaving, Production, Telling } from './client-server.ts'

const TIMEOUT_MS = 10_000
const ASSIGN_PARTITIONS = -175
const LARGEST_BYTES = 8 * 1024 * 1024

type Settings = Readonly<Record<string, unknown>>

interface Place {
  readonly topic: string
  readonly partition: number
}

interface CommittedPlace extends Place {
  /** Null: nothing is committed. */
  readonly offset: string | null
  readonly metadata?: string | null
}

interface Message {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestamp: string
  readonly offset: string
  readonly headers?: Readonly<Record<string, Buffer>>
}

interface Batch {
  readonly topic: string
  readonly partition: number
  readonly messages: readonly Message[]
}

interface Connection {
  connect(): Promise<void>
  disconnect(): Promise<void>
}

interface Producer extends Connection {
  send(production: Settings): Promise<unknown>
}

interface Consumer extends Connection {
  subscribe(subscription: { readonly topics: readonly string[] }): Promise<void>
  seek(place: CommittedPlace): void
  run(config: { readonly eachBatch: (got: { readonly batch: Batch }) => Promise<void> }): Promise<void>
  commitOffsets(places: readonly CommittedPlace[]): Promise<void>
  committed(places: readonly Place[], timeoutMs: number): Promise<CommittedPlace[]>
}

interface Admin extends Connection {
  createTopics(options: Settings): Promise<boolean>
  deleteTopics(options: Settings): Promise<void>
  listTopics(): Promise<string[]>
  fetchTopicMetadata(options: Settings): Promise<{ partitions: unknown[] }[]>
  fetchTopicOffsets(topic: string): Promise<{ partition: number; high: string }[]>
  fetchTopicOffsetsByTimestamp(topic: string, time: number): Promise<{ partition: number; offset: string }[]>
  deleteTopicRecords(options: Settings): Promise<unknown>
  listGroups(): Promise<{ groups: { groupId: string }[] }>
  describeGroups(groups: string[]): Promise<{ groups: { state: number; members: unknown[] }[] }>
  deleteGroups(groups: string[]): Promise<unknown>
}

interface Kafka {
  producer(settings: Settings): Producer
  consumer(settings: Settings): Consumer
  admin(): Admin
}

interface RdkafkaAdmin {
  createPartitions(topic: string, total: number, timeoutMs: number, done: (error: Error | null) => void): void
  disconnect(): void
}

interface Library {
  readonly KafkaJS: {
    readonly Kafka: new (settings: Settings) => Kafka
    readonly ConsumerGroupStates: Readonly<Record<string, number>>
    readonly logLevel: { readonly NOTHING: number }
  }
  readonly AdminClient: { create(settings: Settings): RdkafkaAdmin }
}

const library = createRequire(import.meta.url)('@confluentinc/kafka-javascript') as Library
const { Kafka, ConsumerGroupStates, logLevel } = library.KafkaJS
const base = { 'bootstrap.servers': process.argv[2]!, 'broker.address.family': 'v4' }
const kafka = new Kafka({
  ...base,
  'reconnect.backoff.max.ms': 500,
  'topic.metadata.refresh.fast.interval.ms': 100,
  'topic.metadata.refresh.interval.ms': 1000,
  kafkaJS: { logLevel: logLevel.NOTHING },
})
const producers = new Map<string, Promise<Producer>>()
const admin = await connected(kafka.admin())
const rdkafkaAdmin = library.AdminClient.create(base)

async function connected<T extends Connection>(client: T): Promise<T> {
  await client.connect()
  return client
}

function producerOf({ codec = 'none', isIdempotent = false }: Production): Promise<Producer> {
  const key = `${codec} ${isIdempotent}`
  const settings = {
    'compression.codec': codec,
    'enable.idempotence': isIdempotent,
    acks: -1,
    'linger.ms': 5,
    'message.max.bytes': LARGEST_BYTES,
  }
  const made = producers.get(key) ?? connected(kafka.producer(settings))
  producers.set(key, made)
  return made
}

const consumerOf = (group: string, settings: Settings = {}): Promise<Consumer> =>
  connected(
    kafka.consumer({
      'group.id': group,
      'auto.offset.reset': 'earliest',
      'enable.auto.commit': false,
      'fetch.wait.max.ms': 100,
      ...settings,
    }),
  )

async function withConsumer<T>(group: string, use: (consumer: Consumer) => Promise<T>): Promise<T> {
  const consumer = await consumerOf(group)
  try {
    return await use(consumer)
  } finally {
    await consumer.disconnect()
  }
}

async function produce({ topic, records, ...sending }: Production): Promise<void> {
  const producer = await producerOf({ topic, records, ...sending })
  const messages = records.map(({ timestamp, ...record }) => ({
    ...record,
    ...(timestamp === undefined ? {} : { timestamp: String(timestamp) }),
  }))
  await producer.send({ topic, messages })
}

const read = ({ topic, partition, start, count }: Asked): Promise<SeenRecord[]> =>
  withConsumer(`read-${crypto.randomUUID()}`, async (consumer) => {
    const offset = await offsetOf({ topic, partition }, start)
    await consumer.subscribe({ topics: [topic] })
    consumer.seek({ topic, partition, offset })
    const seen: SeenRecord[] = []
    await new Promise<void>((resolve, reject) => {
      const eachBatch = async ({ batch }: { readonly batch: Batch }): Promise<void> => {
        if (batch.partition !== partition) return
        seen.push(...seenOf(batch))
        if (seen.length >= count) resolve()
      }
      consumer.run({ eachBatch }).catch(reject)
    })
    return seen.slice(0, count)
  })

async function offsetOf({ topic, partition }: Place, start: Asked['start']): Promise<string> {
  // By its logical number, which the library takes for a place to seek to.
  if (start === 'first') return '-2'
  if ('offset' in start) return String(start.offset)
  const isAsked = (found: { partition: number }): boolean => found.partition === partition
  if ('last' in start)
    return String(Number((await admin.fetchTopicOffsets(topic)).find(isAsked)!.high) - start.last)
  return (await admin.fetchTopicOffsetsByTimestamp(topic, start.time)).find(isAsked)!.offset
}

/** The consumer protocol leaves to the broker what the classic one has the client say. */
const protocolSettings = ({ protocol = 'classic', assignor }: Membership): Settings =>
  protocol === 'consumer'
    ? { 'group.protocol': protocol, ...(assignor === undefined ? {} : { 'group.remote.assignor': assignor }) }
    : {
        'partition.assignment.strategy': assignor ?? 'cooperative-sticky',
        'session.timeout.ms': 10_000,
        'heartbeat.interval.ms': 200,
      }

async function join(membership: Membership, telling: Telling): Promise<Leaving> {
  const { group, topic, instanceId } = membership
  const owned = new Set<number>()
  const consumer = await consumerOf(group, {
    ...(instanceId === undefined ? {} : { 'group.instance.id': instanceId }),
    ...protocolSettings(membership),
    rebalance_cb({ code }: { code: number }, places: readonly Place[]) {
      if (code !== ASSIGN_PARTITIONS) return places.forEach(({ partition }) => owned.delete(partition))
      for (const { partition } of places) owned.add(partition)
      telling.owns([...owned])
    },
  })
  await consumer.subscribe({ topics: [topic] })
  const eachBatch = async ({ batch }: { readonly batch: Batch }): Promise<void> => {
    const { topic, partition } = batch
    telling.saw(seenOf(batch))
    const offset = String(Number(batch.messages.at(-1)!.offset) + 1)
    // A late commit, after the partition went to another member, is refused: it is read again there.
    await consumer
      .commitOffsets([{ topic, partition, offset }])
      .catch((error) => console.error('commit:', error))
  }
  await consumer.run({ eachBatch })
  return { leave: () => consumer.disconnect() }
}

interface Commit extends GroupPlace {
  readonly offset: number
  readonly metadata: string
}

async function commit({ group, offset, ...place }: Commit): Promise<void> {
  const places = [{ ...place, offset: String(offset) }]
  await withConsumer(group, (consumer) => consumer.commitOffsets(places))
}

const committed = ({ group, ...place }: GroupPlace): Promise<Partial<Committed>> =>
  withConsumer(group, async (consumer) => {
    const [found] = await consumer.committed([place], TIMEOUT_MS)
    if (found!.offset === null) return {}
    return { offset: Number(found!.offset), metadata: found!.metadata ?? '' }
  })

const seenOf = ({ partition, messages }: Batch): SeenRecord[] =>
  messages.map(({ offset, timestamp, key, value, headers = {} }) => ({
    partition,
    offset: Number(offset),
    timestamp: Number(timestamp),
    key: textOf(key),
    value: textOf(value),
    headers: Object.fromEntries(Object.entries(headers).map(([name, bytes]) => [name, bytes.toString()])),
  }))

interface AdminAsked extends GroupPlace {
  readonly partitions: number
  readonly total: number
  readonly before: number
  readonly configs: Readonly<Record<string, string>>
}

async function createTopic({ topic, partitions, configs }: AdminAsked): Promise<void> {
  const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }))
  const asked = { topic, numPartitions: partitions, replicationFactor: 1, configEntries }
  if (!(await admin.createTopics({ topics: [asked] }))) throw new Error(`${topic} is there already`)
}

await serve({
  join,
  methods: {
    produce,
    read,
    commit,
    committed,
    createTopic,
    deleteTopic: ({ topic }: AdminAsked) => admin.deleteTopics({ topics: [topic] }),
    addPartitions: ({ topic, total }: AdminAsked) =>
      promisify(rdkafkaAdmin.createPartitions.bind(rdkafkaAdmin))(topic, total, TIMEOUT_MS),
    topics: () => admin.listTopics(),
    partitionCount: async ({ topic }: AdminAsked) =>
      (await admin.fetchTopicMetadata({ topics: [topic] }))[0]!.partitions.length,
    deleteRecords: ({ topic, partition, before }: AdminAsked) =>
      admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] }),
    groups: async () => (await admin.listGroups()).groups.map(({ groupId }) => groupId),
    async groupState({ group }: AdminAsked) {
      const [found] = (await admin.describeGroups([group])).groups
      const [state] = Object.entries(ConsumerGroupStates).find(([, code]) => code === found!.state)!
      return { state, members: found!.members.length }
    },
    deleteGroup: ({ group }: AdminAsked) => admin.deleteGroups([group]),
  },
  async close() {
    rdkafkaAdmin.disconnect()
    for (const producer of await Promise.all(producers.values())) await producer.disconnect()
    await admin.disconnect()
  },
})
