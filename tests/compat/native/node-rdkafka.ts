// node-rdkafka, see client-server.ts: librdkafka as Debian has it. It has no metadata of commits, and its
// administration can only create, grow and delete topics.

import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import type { Committed, GroupPlace, Membership, SeenRecord } from '../harness/kafka-client.ts'
import { serve, textOf } from './client-server.ts'
import type { Asked, Leaving, Production, Telling } from './client-server.ts'

const LARGEST_BYTES = 8 * 1024 * 1024
const FIRST = -2
const TIMEOUT_MS = 10_000
const ASSIGN_PARTITIONS = -175

type Callback<T = unknown> = (error: Error | null | undefined, result: T) => void
type Settings = Readonly<Record<string, unknown>>

interface Place {
  readonly topic: string
  readonly partition: number
  readonly offset?: number
}

interface Message {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: Buffer | string | null
  readonly value: Buffer | null
  readonly headers?: readonly Readonly<Record<string, Buffer>>[]
}

interface Connection {
  connect(options: Settings, done: Callback): void
  disconnect(done: Callback): void
  getMetadata(
    options: Settings,
    done: Callback<{ topics: { name: string; partitions: { id: number }[] }[] }>,
  ): void
}

interface Producer extends Connection {
  // The library takes no fewer arguments.
  produce(
    topic: string,
    partition: number | null,
    value: Buffer | null,
    ...rest: [
      key: string | null,
      timestamp: number | null,
      headers: readonly Readonly<Record<string, string>>[],
      done: Callback,
    ]
  ): void
}

interface Consumer extends Connection {
  on(event: 'rebalance', listener: (error: { code: number }, places: readonly Place[]) => void): void
  subscribe(topics: readonly string[]): void
  assign(places: readonly Place[]): void
  setDefaultConsumeTimeout(timeoutMs: number): void
  consume(count: number, done: Callback<Message[]>): void
  commitSync(places: readonly Place[] | null): void
  committed(places: readonly Place[], timeoutMs: number, done: Callback<Place[]>): void
  offsetsForTimes(places: readonly Place[], timeoutMs: number, done: Callback<Place[]>): void
  queryWatermarkOffsets(
    topic: string,
    partition: number,
    timeoutMs: number,
    done: Callback<{ highOffset: number }>,
  ): void
}

interface AdminClient {
  createTopic(topic: Settings, timeoutMs: number, done: Callback): void
  deleteTopic(topic: string, timeoutMs: number, done: Callback): void
  createPartitions(topic: string, total: number, timeoutMs: number, done: Callback): void
  disconnect(): void
}

interface Library {
  readonly HighLevelProducer: new (settings: Settings, topicSettings: Settings) => Producer
  readonly KafkaConsumer: new (settings: Settings, topicSettings: Settings) => Consumer
  readonly AdminClient: { create(settings: Settings): AdminClient }
}

const library = createRequire(import.meta.url)('node-rdkafka') as Library
const base = {
  'metadata.broker.list': process.argv[2]!,
  'broker.address.family': 'v4',
  'reconnect.backoff.max.ms': 500,
  'topic.metadata.refresh.fast.interval.ms': 100,
  'topic.metadata.refresh.interval.ms': 1000,
}
const producers = new Map<string, Promise<Producer>>()
const admin = library.AdminClient.create(base)

async function connected<T extends Connection>(client: T): Promise<T> {
  await promisify(client.connect.bind(client))({ timeout: TIMEOUT_MS })
  return client
}

function producerOf({ codec = 'none', isIdempotent = false }: Partial<Production>): Promise<Producer> {
  const key = `${codec} ${isIdempotent}`
  const settings = {
    ...base,
    'compression.codec': codec,
    'enable.idempotence': isIdempotent,
    'linger.ms': 5,
    'message.max.bytes': LARGEST_BYTES,
  }
  const made = producers.get(key) ?? connected(new library.HighLevelProducer(settings, { acks: -1 }))
  producers.set(key, made)
  return made
}

const consumerOf = (group: string, settings: Settings = {}): Promise<Consumer> =>
  connected(
    new library.KafkaConsumer(
      { ...base, 'group.id': group, 'enable.auto.commit': false, 'fetch.wait.max.ms': 100, ...settings },
      { 'auto.offset.reset': 'earliest' },
    ),
  )

async function withConsumer<T>(group: string, use: (consumer: Consumer) => Promise<T>): Promise<T> {
  const consumer = await consumerOf(group)
  try {
    return await use(consumer)
  } finally {
    await promisify(consumer.disconnect.bind(consumer))()
  }
}

async function produce({ topic, records, ...sending }: Production): Promise<void> {
  const producer = await producerOf(sending)
  const sent = records.map(({ partition, value, key, timestamp, headers = {} }) => {
    const listed = Object.entries(headers).map(([name, text]) => ({ [name]: text }))
    const bytes = value === null ? null : Buffer.from(value)
    return new Promise<void>((resolve, reject) => {
      const done: Callback = (error) => (error ? reject(error) : resolve())
      producer.produce(topic, partition ?? null, bytes, key, timestamp ?? null, listed, done)
    })
  })
  await Promise.all(sent)
}

const read = ({ topic, partition, start, count }: Asked): Promise<SeenRecord[]> =>
  withConsumer(`read-${crypto.randomUUID()}`, async (consumer) => {
    consumer.setDefaultConsumeTimeout(200)
    consumer.assign([{ topic, partition, offset: await offsetOf(consumer, { topic, partition }, start) }])
    const consume = promisify(consumer.consume.bind(consumer))
    const found: SeenRecord[] = []
    while (found.length < count) found.push(...(await consume(count - found.length)).map(seenOf))
    return found
  })

async function offsetOf(consumer: Consumer, place: Place, start: Asked['start']): Promise<number> {
  if (start === 'first') return FIRST
  if ('offset' in start) return start.offset
  if ('last' in start) {
    const query = promisify(consumer.queryWatermarkOffsets.bind(consumer))
    return (await query(place.topic, place.partition, TIMEOUT_MS)).highOffset - start.last
  }
  const search = promisify(consumer.offsetsForTimes.bind(consumer))
  return (await search([{ ...place, offset: start.time }], TIMEOUT_MS))[0]!.offset!
}

async function join(
  { group, topic, instanceId, assignor = 'cooperative-sticky' }: Membership,
  telling: Telling,
): Promise<Leaving> {
  const consumer = await consumerOf(group, {
    ...(instanceId === undefined ? {} : { 'group.instance.id': instanceId }),
    'partition.assignment.strategy': assignor,
    'session.timeout.ms': 10_000,
    'heartbeat.interval.ms': 200,
    rebalance_cb: true,
  })
  const owned = new Set<number>()
  consumer.on('rebalance', ({ code }, places) => {
    if (code !== ASSIGN_PARTITIONS) return places.forEach(({ partition }) => owned.delete(partition))
    for (const { partition } of places) owned.add(partition)
    telling.owns([...owned])
  })
  consumer.setDefaultConsumeTimeout(100)
  consumer.subscribe([topic])
  const consume = promisify(consumer.consume.bind(consumer))
  let isLeaving = false
  const reading = (async () => {
    while (!isLeaving) {
      const messages = await consume(50)
      if (messages.length === 0) continue
      telling.saw(messages.map(seenOf))
      commitSeen(consumer)
    }
    await promisify(consumer.disconnect.bind(consumer))()
  })()
  // Heard of when the member leaves.
  reading.catch(() => {})
  return {
    leave() {
      isLeaving = true
      return reading
    },
  }
}

function commitSeen(consumer: Consumer): void {
  try {
    consumer.commitSync(null)
  } catch (error) {
    // Late: the partition is another's now, which reads it again.
    console.error('commit:', error)
  }
}

async function commit({ group, offset, ...place }: GroupPlace & { offset: number }): Promise<void> {
  await withConsumer(group, async (consumer) => consumer.commitSync([{ ...place, offset }]))
}

const committed = ({ group, ...place }: GroupPlace): Promise<Partial<Committed>> =>
  withConsumer(group, async (consumer) => {
    const [found] = await promisify(consumer.committed.bind(consumer))([place], TIMEOUT_MS)
    return found!.offset === undefined || found!.offset < 0 ? {} : { offset: found!.offset }
  })

async function topicsOf(options: Settings): Promise<{ name: string; partitions: { id: number }[] }[]> {
  const producer = await producerOf({})
  const { topics } = await promisify(producer.getMetadata.bind(producer))({ timeout: TIMEOUT_MS, ...options })
  return topics
}

const seenOf = ({ partition, offset, timestamp, key, value, headers = [] }: Message): SeenRecord => ({
  partition,
  offset,
  timestamp,
  key: textOf(key),
  value: textOf(value),
  headers: Object.fromEntries(
    headers.flatMap((header) => Object.entries(header).map(([name, bytes]) => [name, bytes.toString()])),
  ),
})

interface TopicAsked {
  readonly topic: string
  readonly partitions: number
  readonly total: number
  readonly configs: Readonly<Record<string, string>>
}

await serve({
  join,
  methods: {
    produce,
    read,
    commit,
    committed,
    createTopic: ({ topic, partitions, configs }: TopicAsked) =>
      promisify(admin.createTopic.bind(admin))(
        { topic, num_partitions: partitions, replication_factor: 1, config: configs },
        TIMEOUT_MS,
      ),
    deleteTopic: ({ topic }: TopicAsked) => promisify(admin.deleteTopic.bind(admin))(topic, TIMEOUT_MS),
    addPartitions: ({ topic, total }: TopicAsked) =>
      promisify(admin.createPartitions.bind(admin))(topic, total, TIMEOUT_MS),
    topics: async () => (await topicsOf({ allTopics: true })).map(({ name }) => name),
    partitionCount: async ({ topic }: TopicAsked) =>
      (await topicsOf({ topic })).find(({ name }) => name === topic)!.partitions.length,
  },
  async close() {
    admin.disconnect()
    for (const producer of await Promise.all(producers.values()))
      await promisify(producer.disconnect.bind(producer))()
  },
})
