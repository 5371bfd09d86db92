// The flow consumers of this broker: created, altered and deleted through the catalog, joined by members.
// The door of services/flow.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type {
  ConsumerConfig,
  ConsumerInfo,
  ConsumerStats,
  Explanation,
  PoolOrder,
  PoolRow,
} from '@sluice/protocol/model/consumer'
import type { Metadata } from '../../cluster/metadata.ts'
import type { Partition } from '../../cluster/partition.ts'
import type { Stream } from '../streams/stream.ts'
import type { Streams } from '../streams/streams.ts'
import { ConsumerCatalog } from './consumer-catalog.ts'
import type { ConsumerEntry } from './consumer-catalog.ts'
import {
  alteredConsumerConfig,
  checkConsumerName,
  consumerDifference,
  newConsumerConfig,
} from './consumer-config.ts'
import { DeadLetters } from './dead-letters.ts'
import { FlowConsumer } from './flow-consumer.ts'
import type { Membership } from './flow-consumer.ts'
import { explain, statsOf, topPools } from './flow-report.ts'
import type { MemberPort } from './member.ts'
import { ProgressStore } from './progress/progress-store.ts'
import type { ProgressStoreOptions } from './progress/progress-store.ts'
import { RecordCache } from './reading/record-cache.ts'
import { RecordSource } from './reading/record-source.ts'

export type { Membership } from './flow-consumer.ts'
export type { Delivery, MemberPort } from './member.ts'

export interface FlowConsumersOptions extends ProgressStoreOptions {
  readonly metadata: Metadata
  readonly streams: Streams
  readonly limits: FlowLimits
  readonly areInvariantsChecked: boolean
}

export interface FlowLimits {
  /** Most parked records of one consumer and partition that are held in memory, at 8 bytes each. */
  readonly parkedMax: number
  /** Decoded batches of all partitions, each for all of its consumers. */
  readonly recordCacheBytes: number
  readonly consumersMax: number
}

export class FlowConsumers {
  readonly #options: FlowConsumersOptions
  readonly #catalog: ConsumerCatalog
  readonly #progress: ProgressStore
  readonly #deadLetters: DeadLetters
  /** By stream, then by name. */
  readonly #consumers = new Map<string, Map<string, OpenConsumer>>()
  readonly #sources = new WeakMap<Partition, RecordSource>()
  readonly #cache: RecordCache
  /** The last change in line: changes are rare, and each sees the one before completed. */
  #last: Promise<unknown> = Promise.resolve()
  #isClosed = false

  static async open(options: FlowConsumersOptions): Promise<FlowConsumers> {
    const progress = await ProgressStore.open(options)
    const consumers = new FlowConsumers(options, progress)
    for (const entry of await consumers.#catalog.list()) {
      const stream = options.streams.find(entry.stream)
      if (stream !== undefined) consumers.#admit(stream, entry)
    }
    progress.forgetUnclaimed()
    // Why before anything is published: offsets that a log gives again must not count as settled after a
    // crash. Why a sync also for `os`: of the settles and the cut behind them a power loss may keep the
    // settles alone.
    await progress.sync()
    options.streams.onDelete((stream) => consumers.#streamDeleted(stream))
    options.streams.beforeGrowth((stream) => consumers.#checkGrowth(stream))
    return consumers
  }

  private constructor(options: FlowConsumersOptions, progress: ProgressStore) {
    this.#options = options
    this.#progress = progress
    this.#catalog = new ConsumerCatalog(options.metadata)
    this.#deadLetters = new DeadLetters(options.streams, options.io)
    this.#cache = new RecordCache(options.limits.recordCacheBytes)
  }

  /** Answers with the consumer when it exists with the same configuration, else throws `consumer-exists`. */
  create(streamName: string, name: string, given: Partial<ConsumerConfig>): Promise<ConsumerInfo> {
    return this.#inTurn(async () => {
      checkConsumerName(name)
      const stream = this.#options.streams.require(streamName)
      const config = newConsumerConfig(streamName, given)
      checkRulesHold(stream, config)
      const existing = this.#consumers.get(streamName)?.get(name)
      if (existing !== undefined) return this.#same(existing, config)
      const createdAt = new Date(this.#options.io.clock.wallMs()).toISOString()
      this.#checkCount()
      const entry = await this.#catalog.add({ stream: streamName, name, createdAt, config, pauses: [] })
      if (entry === undefined)
        throw new BrokerError('stream-deleted', `Stream ${streamName} was changed meanwhile`)
      return infoOf(this.#admit(stream, entry).entry)
    })
  }

  alter(stream: string, name: string, changes: Partial<ConsumerConfig>): Promise<ConsumerInfo> {
    return this.#inTurn(async () => {
      const open = this.#require(stream, name)
      const entry = { ...open.entry, config: alteredConsumerConfig(stream, open.entry.config, changes) }
      checkRulesHold(this.#options.streams.require(stream), entry.config)
      // Why first: what the old filter passed over is settled, and a restart must not ask the new
      // one about it.
      await open.consumer.saveProgress()
      if (!(await this.#catalog.change(entry)))
        throw new BrokerError('consumer-deleted', `Consumer ${name} is gone`)
      open.entry = entry
      open.consumer.alter(entry.config)
      return infoOf(entry)
    })
  }

  delete(stream: string, name: string): Promise<void> {
    return this.#inTurn(async () => {
      const open = this.#require(stream, name)
      await this.#catalog.remove(open.entry)
      this.#consumers.get(stream)!.delete(name)
      forget(open.consumer, new BrokerError('consumer-deleted', `Consumer ${name} of ${stream} was deleted`))
    })
  }

  get(stream: string, name: string): ConsumerInfo {
    return infoOf(this.#require(stream, name).entry)
  }

  /** Sorted by name. */
  list(stream: string): ConsumerInfo[] {
    this.#options.streams.require(stream)
    const entries = [...(this.#consumers.get(stream)?.values() ?? [])].map(({ entry }) => infoOf(entry))
    return entries.sort((one, other) => (one.name < other.name ? -1 : 1))
  }

  stats(stream: string, name: string): ConsumerStats {
    return statsOf(this.#require(stream, name).consumer)
  }

  explain(stream: string, name: string, subject: string): Explanation {
    return explain(this.#require(stream, name).consumer, subject)
  }

  pools(stream: string, name: string, { top, count }: { top: PoolOrder; count: number }): PoolRow[] {
    return topPools(this.#require(stream, name).consumer, top, count)
  }

  /** Throws `unknown-stream` or `unknown-consumer`. */
  join(stream: string, name: string, port: MemberPort, window: number): Membership {
    return this.#require(stream, name).consumer.join(port, window)
  }

  /** Deliveries end; what was settled is on disk when it resolves. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#last
    // Why no reason: members are not ended, their connections are, and they come back to the broker that
    // starts next.
    for (const consumers of this.#consumers.values())
      for (const { consumer } of consumers.values()) consumer.close()
    await this.#progress.close()
  }

  #admit(stream: Stream, entry: ConsumerEntry): OpenConsumer {
    const { io, logger, limits, areInvariantsChecked } = this.#options
    const consumer = new FlowConsumer({
      ...entry,
      stream,
      io,
      logger,
      deadLetters: this.#deadLetters,
      parkedMax: limits.parkedMax,
      areInvariantsChecked,
      portsOf: (partition) => ({
        source: this.#sourceOf(partition),
        progress: this.#progress.attach(stream.config.durability, entry.id, partition.index),
      }),
    })
    const open = { entry, consumer }
    const ofStream = this.#consumers.get(stream.name) ?? new Map<string, OpenConsumer>()
    this.#consumers.set(stream.name, ofStream)
    ofStream.set(entry.name, open)
    return open
  }

  #sourceOf(partition: Partition): RecordSource {
    const known = this.#sources.get(partition)
    if (known !== undefined) return known
    const source = new RecordSource(partition, this.#cache)
    this.#sources.set(partition, source)
    return source
  }

  /** New partitions take subjects from the old ones, and a limit counts in one partition. */
  #checkGrowth({ name }: Stream): void {
    for (const { entry } of this.#consumers.get(name)?.values() ?? []) {
      if (entry.config.rules.length === 0) continue
      const why = 'subjects would move to other partitions, and their limits not hold'
      const text = `'partitions' cannot grow while consumer ${entry.name} has rules: ${why}`
      throw new BrokerError('invalid-stream-config', text)
    }
  }

  #same({ entry }: OpenConsumer, wanted: ConsumerConfig): ConsumerInfo {
    const difference = consumerDifference(entry.config, wanted)
    if (difference === undefined) return infoOf(entry)
    throw new BrokerError(
      'consumer-exists',
      `Consumer ${entry.name} of ${entry.stream} exists: ${difference}`,
    )
  }

  #checkCount(): void {
    let count = 0
    for (const consumers of this.#consumers.values()) count += consumers.size
    const { consumersMax } = this.#options.limits
    if (count < consumersMax) return
    throw new BrokerError('too-many-consumers', `There are ${consumersMax} consumers, which is the limit`)
  }

  #require(stream: string, name: string): OpenConsumer {
    this.#options.streams.require(stream)
    const open = this.#consumers.get(stream)?.get(name)
    if (open !== undefined) return open
    throw new BrokerError('unknown-consumer', `Stream ${stream} has no consumer ${JSON.stringify(name)}`)
  }

  /** The catalog has forgotten the stream and its consumers; its logs close when this resolves. */
  #streamDeleted(stream: Stream): Promise<void> {
    const reason = new BrokerError('stream-deleted', `Stream ${stream.name} was deleted`)
    for (const { consumer } of this.#consumers.get(stream.name)?.values() ?? []) forget(consumer, reason)
    this.#consumers.delete(stream.name)
    for (const partition of stream.partitions) this.#sources.get(partition)?.close()
    return Promise.resolve()
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(new BrokerError('stopping', 'The broker is shutting down'))
    const turn = this.#last.then(change)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}

interface OpenConsumer {
  entry: ConsumerEntry
  readonly consumer: FlowConsumer
}

/** Ends a consumer that is no more, with its progress. */
function forget(consumer: FlowConsumer, reason: BrokerError): void {
  consumer.close(reason)
  for (const coordinator of consumer.coordinators) coordinator.forget()
}

function infoOf({ stream, name, config, createdAt, pauses }: ConsumerEntry): ConsumerInfo {
  return { stream, name, config, createdAt, pauses }
}

function checkRulesHold(stream: Stream, { rules }: ConsumerConfig): void {
  if (rules.length === 0 || stream.areSubjectsWhole) return
  const why = 'a subject may be in two of them, where limits do not hold'
  const text = `Stream ${stream.name} has been given partitions since it was created: ${why}`
  throw new BrokerError('invalid-rule', text)
}
