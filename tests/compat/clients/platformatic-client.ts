// @platformatic/kafka: a client of today in JavaScript. It speaks only the newest versions of every request:
// flexible encodings, topic ids. Closing it leaves the group, also as a static member: those have processes
// of their own (platformatic-member.ts).

import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Admin as PlatformaticAdmin, Consumer, MessagesStreamModes, Producer } from '@platformatic/kafka'
import type { GroupAssignment, Message, MessagesStream } from '@platformatic/kafka'
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
import { ProcessClient } from './process-client.ts'

type Bytes = Buffer | null
type BytesConsumer = Consumer<Bytes, Bytes, Buffer, Buffer>
const TOPIC_RESOURCE = 2
const SET = 0
const LATEST = -1n
const EARLIEST = -2n

/** Records. */
const COMMIT_EVERY = 20
const LEAVE_MS_MAX = 10_000

interface BaseOptions {
  readonly clientId: string
  readonly bootstrapBrokers: string[]
  readonly retries: number
  readonly retryDelay: number
}

export async function openPlatformatic(address: string): Promise<KafkaClient> {
  return new PlatformaticClient({
    clientId: 'compat',
    bootstrapBrokers: [address],
    retries: 400,
    retryDelay: 100,
  })
}

class PlatformaticClient implements KafkaClient {
  readonly name = '@platformatic/kafka'
  readonly lacks: readonly Lack[] = [
    'metadata of commits',
    'static members of the consumer protocol',
    'description of groups of the consumer protocol',
  ]
  readonly assignors = { classic: ['roundrobin', 'cooperative-sticky'], consumer: ['uniform', 'range'] }
  readonly admin: Admin
  readonly #base: BaseOptions
  readonly #admin: PlatformaticAdmin
  readonly #producers = new Map<boolean, Producer<Bytes, Bytes, Buffer, Buffer>>()
  readonly #members = new Set<PlatformaticMember>()

  constructor(base: BaseOptions) {
    this.#base = base
    this.#admin = new PlatformaticAdmin({ ...base, retries: 10 })
    this.admin = adminOf(this.#admin)
  }

  async produce(topic: string, records: readonly NewRecord[], sending: Sending = {}): Promise<void> {
    const { codec = 'none', isIdempotent = false } = sending
    const messages = records.map(({ key, value, headers = {}, partition, timestamp }) => ({
      topic,
      ...(key === null ? {} : { key: Buffer.from(key) }),
      ...(value === null ? {} : { value: Buffer.from(value) }),
      headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
      ...(partition === undefined ? {} : { partition }),
      ...(timestamp === undefined ? {} : { timestamp: BigInt(timestamp) }),
    }))
    await this.#producer(isIdempotent).send({ messages, acks: -1, compression: codec })
  }

  async read(reading: Reading): Promise<SeenRecord[]> {
    const { topic, partition, count } = reading
    const consumer = this.#consumer({ group: `read-${crypto.randomUUID()}` })
    try {
      const offset = await startOf(consumer, reading)
      const stream = await consumer.consume({
        topics: [topic],
        mode: MessagesStreamModes.MANUAL,
        offsets: await everyPartitionFrom(this.#admin, { topic, partition, offset }),
        maxWaitTime: 100,
      })
      const seen: SeenRecord[] = []
      for await (const message of stream) {
        if (message.partition === partition) seen.push(seenOf(message))
        if (seen.length === count) break
      }
      return seen
    } finally {
      await consumer.close(true)
    }
  }

  async join(membership: Membership): Promise<GroupMember> {
    if (membership.instanceId !== undefined) return joinApart(membership, this.#base.bootstrapBrokers[0]!)
    const make = (): BytesConsumer => this.#consumer(membership)
    const member = new PlatformaticMember(make, membership.topic, () => this.#members.delete(member))
    this.#members.add(member)
    await member.start()
    return member
  }

  async commit({ group, topic, partition }: GroupPlace, offset: number): Promise<void> {
    const topics = [{ name: topic, partitionOffsets: [{ partition, offset: BigInt(offset) }] }]
    await this.#admin.alterConsumerGroupOffsets({ groupId: group, topics })
  }

  async committed({ group, topic, partition }: GroupPlace): Promise<Committed> {
    const groups = [{ groupId: group, topics: [{ name: topic, partitionIndexes: [partition] }] }]
    const [answer] = await this.#admin.listConsumerGroupOffsets({ groups })
    const found = answer?.topics[0]?.partitions[0]
    const offset = Number(found?.committedOffset ?? -1)
    return { offset: offset < 0 ? undefined : offset, metadata: found?.metadata ?? '' }
  }

  async close(): Promise<void> {
    for (const member of this.#members) await member.leave()
    for (const producer of this.#producers.values()) await producer.close()
    await this.#admin.close()
  }

  #producer(isIdempotent: boolean): Producer<Bytes, Bytes, Buffer, Buffer> {
    const made =
      this.#producers.get(isIdempotent) ?? new Producer({ ...this.#base, idempotent: isIdempotent })
    this.#producers.set(isIdempotent, made)
    return made
  }

  #consumer({ group, assignor, protocol }: Omit<Membership, 'topic'>): BytesConsumer {
    const base = { ...this.#base, groupId: group }
    if (protocol === 'consumer') {
      return new Consumer<Bytes, Bytes, Buffer, Buffer>({
        ...base,
        groupProtocol: protocol,
        ...(assignor === undefined ? {} : { groupRemoteAssignor: assignor }),
      })
    }
    return new Consumer<Bytes, Bytes, Buffer, Buffer>({
      ...base,
      ...(assignor === undefined ? {} : { protocols: [{ name: assignor, version: 1 }] }),
      sessionTimeout: 10_000,
      rebalanceTimeout: 10_000,
      heartbeatInterval: 200,
    })
  }
}

/** Leaving ends its process, and the group does not hear of it. */
async function joinApart(membership: Membership, address: string): Promise<GroupMember> {
  const client = new ProcessClient(
    {
      name: '@platformatic/kafka, a member',
      command: process.execPath,
      args: [fileURLToPath(new URL('platformatic-member.ts', import.meta.url))],
      lacks: [],
      lacksAdmin: [],
    },
    address,
  )
  const member = await client.join(membership)
  return {
    seen: member.seen,
    get partitions() {
      return member.partitions
    },
    get assignments() {
      return member.assignments
    },
    leave: () => client.close(),
  }
}

class PlatformaticMember implements GroupMember {
  readonly seen: SeenRecord[] = []
  assignments = 0
  readonly #make: () => BytesConsumer
  readonly #topic: string
  readonly #left: () => void
  #consumer: BytesConsumer | undefined
  #stream: MessagesStream<Bytes, Bytes, Buffer, Buffer> | undefined
  #reading: Promise<void> | undefined
  #beginning: Promise<void> | undefined
  #isLeaving = false

  constructor(make: () => BytesConsumer, topic: string, left: () => void) {
    this.#make = make
    this.#topic = topic
    this.#left = left
  }

  get partitions(): readonly number[] {
    return partitionsOf(this.#consumer?.assignments ?? null, this.#topic)
  }

  async start(): Promise<void> {
    const consumer = this.#make()
    this.#consumer = consumer
    consumer.on('consumer:group:join', () => this.assignments++)
    // Why: where it could not join again it sends no heartbeats any more, and its users make another.
    consumer.on('error', () => {
      if (this.#consumer === consumer && !this.#isLeaving) this.#beginning = this.#beginAnew()
    })
    this.#stream = await consumer.consume({
      topics: [this.#topic],
      mode: MessagesStreamModes.COMMITTED,
      fallbackMode: 'earliest',
      autocommit: false,
      maxWaitTime: 100,
    })
    this.#reading = this.#read(this.#stream)
  }

  async leave(): Promise<void> {
    this.#isLeaving = true
    this.#left()
    await this.#beginning
    await this.#end()
  }

  async #beginAnew(): Promise<void> {
    await this.#end()
    if (!this.#isLeaving) await this.start()
  }

  async #end(): Promise<void> {
    const consumer = this.#consumer
    this.#consumer = undefined
    await this.#stream?.close()
    await atMost(this.#reading)
    await atMost(consumer?.close(true))
  }

  async #read(stream: MessagesStream<Bytes, Bytes, Buffer, Buffer>): Promise<void> {
    const uncommitted = new Map<number, Message<Bytes, Bytes, Buffer, Buffer>>()
    for await (const message of stream) {
      this.seen.push(seenOf(message))
      uncommitted.set(message.partition, message)
      if (this.seen.length % COMMIT_EVERY === 0) await commitLast(uncommitted)
    }
    await commitLast(uncommitted)
  }
}

async function startOf(consumer: BytesConsumer, { topic, partition, from }: Reading): Promise<bigint> {
  if (typeof from === 'object' && 'offset' in from) return BigInt(from.offset)
  const timestamp = from === 'first' ? EARLIEST : 'time' in from ? BigInt(from.time) : LATEST
  const found = await consumer.listOffsets({
    topics: [topic],
    partitions: { [topic]: [partition] },
    timestamp,
  })
  const offset = found.get(topic)![partition]!
  return typeof from === 'object' && 'last' in from ? offset - BigInt(from.last) : offset
}

/** The library wants to be told of every partition that it may be given. */
async function everyPartitionFrom(
  admin: PlatformaticAdmin,
  { topic, partition, offset }: { topic: string; partition: number; offset: bigint },
): Promise<{ topic: string; partition: number; offset: bigint }[]> {
  const { topics } = await admin.metadata({ topics: [topic] })
  const count = topics.get(topic)!.partitionsCount
  return Array.from({ length: count }, (_, index) => ({
    topic,
    partition: index,
    offset: index === partition ? offset : 0n,
  }))
}

function adminOf(admin: PlatformaticAdmin): Admin {
  const resource = { resourceType: TOPIC_RESOURCE } as const
  return {
    async createTopic(topic, partitions, configs = {}) {
      const entries = Object.entries(configs).map(([name, value]) => ({ name, value }))
      await admin.createTopics({ topics: [topic], partitions, replicas: 1, configs: entries })
    },
    async partitionCount(topic) {
      const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true })
      return topics.get(topic)!.partitionsCount
    },
    topics: () => admin.listTopics(),
    deleteTopic: (topic) => admin.deleteTopics({ topics: [topic] }),
    async addPartitions(topic, count) {
      await admin.createPartitions({ topics: [{ name: topic, count, assignments: null }] })
    },
    async configs(topic) {
      const [found] = await admin.describeConfigs({ resources: [{ ...resource, resourceName: topic }] })
      return Object.fromEntries(found!.configs.map(({ name, value }) => [name, value ?? '']))
    },
    async alterConfigs(topic, configs) {
      const entries = Object.entries(configs)
      const changes = entries.map(([name, value]) => ({ name, value, configOperation: SET }))
      await admin.incrementalAlterConfigs({
        resources: [{ ...resource, resourceName: topic, configs: changes as never }],
      })
    },
    async deleteRecords(topic, partition, before) {
      const partitions = [{ partition, offset: BigInt(before) }]
      await admin.deleteRecords({ topics: [{ name: topic, partitions }] })
    },
    groups: async () => [...(await admin.listGroups({ types: ['classic', 'consumer'] })).keys()],
    async groupState(group) {
      const found = (await admin.describeGroups({ groups: [group] })).get(group)!
      return { state: String(found.state), members: found.members.size }
    },
    deleteGroup: (group) => admin.deleteGroups({ groups: [group] }),
  }
}

/** Why not for ever: who leaves while joining again after an outage may not hear from the library again. */
function atMost(ending: Promise<void> | undefined): Promise<void> {
  return Promise.race([ending, sleep(LEAVE_MS_MAX, undefined, { ref: false })])
}

/** A late commit, after the partition went to another member, is refused: it is read again there. */
async function commitLast(uncommitted: Map<number, Message<Bytes, Bytes, Buffer, Buffer>>): Promise<void> {
  for (const message of uncommitted.values()) await Promise.resolve(message.commit()).catch(() => {})
  uncommitted.clear()
}

export function partitionsOf(assignments: readonly GroupAssignment[] | null, asked: string): number[] {
  const found = assignments?.find(({ topic }) => topic === asked)
  return (found?.partitions ?? []).toSorted((one, other) => one - other)
}

export function seenOf(message: Message<Bytes, Bytes, Buffer, Buffer>): SeenRecord {
  const headers = [...message.headers].map(([name, value]) => [String(name), String(value)])
  return {
    partition: message.partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: textOf(message.key),
    value: textOf(message.value),
    headers: Object.fromEntries(headers),
  }
}

function textOf(bytes: Bytes | undefined): string | null {
  return bytes === null || bytes === undefined ? null : bytes.toString()
}
