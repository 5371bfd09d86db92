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
import { onlyNode } from '../../cluster/placement.ts'
import type { Stream } from '../streams/stream.ts'
import { ConsumerCatalog } from './consumer-catalog.ts'
import type { ConsumerEntry, ConsumerSurvey } from './consumer-catalog.ts'
import {
  alteredConsumerConfig,
  checkConsumerName,
  consumerDifference,
  newConsumerConfig,
} from './consumer-config.ts'
import { ConsumerOpener } from './consumer-opener.ts'
import type { BegunConsumer } from './consumer-opener.ts'
import { ConsumerOperations } from './consumer-operations.ts'
import type { OpenConsumer } from './consumer-operations.ts'
import { checkLoop } from './dead-letter-loop.ts'
import type { FlowConsumer, Membership } from './flow-consumer.ts'
import type { FlowConsumersOptions } from './flow-options.ts'
import { explain } from './flow-explanation.ts'
import { statsOf, topPools } from './flow-report.ts'
import type { MemberPort } from './member.ts'
import { ProgressStore } from './progress/progress-store.ts'

export type { Membership } from './flow-consumer.ts'
export type { Delivery, MemberPort } from './member.ts'

export class FlowConsumers {
  /** What operators do with consumers that run. */
  readonly operations: ConsumerOperations
  readonly #options: FlowConsumersOptions
  readonly #catalog: ConsumerCatalog
  readonly #progress: ProgressStore
  /** By stream, then by name. */
  readonly #consumers = new Map<string, Map<string, OpenConsumer>>()
  readonly #opener: ConsumerOpener
  /** Places to begin that are being looked for. */
  readonly #beginnings = new Set<Promise<unknown>>()
  /** The last change in line: changes are rare, and each sees the one before completed. */
  #last: Promise<unknown> = Promise.resolve()
  #isClosed = false

  static async open(options: FlowConsumersOptions): Promise<FlowConsumers> {
    const progress = await ProgressStore.open(options)
    const consumers = new FlowConsumers(options, progress)
    for (const entry of await consumers.#catalog.list()) {
      const stream = options.streams.find(entry.stream)
      if (stream !== undefined && consumers.#isHome(stream, entry.name)) consumers.#admit(stream, entry)
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
    this.#opener = new ConsumerOpener(options, progress)
    this.operations = new ConsumerOperations({
      io: options.io,
      streams: options.streams,
      require: (stream, name) => this.#require(stream, name),
      change: (stream, name, changed) => this.#change(stream, name, changed),
    })
  }

  /** Answers with the consumer when it exists with the same configuration, else throws `consumer-exists`. */
  async create(streamName: string, name: string, given: Partial<ConsumerConfig>): Promise<ConsumerInfo> {
    const made = await this.#inStreamsTurn(() => this.#createNow(streamName, name, given))
    if ('pauses' in made) return made
    // Why not in turn: finding where it begins may take reading a whole log.
    const begun = await this.#begin(made)
    try {
      const info = await this.#inStreamsTurn(() => this.#createNow(streamName, name, given, begun))
      if ('pauses' in info) return info
      throw streamChanged(streamName)
    } finally {
      if (!begun.isNamed) this.#opener.abandon(begun)
    }
  }

  /** Answers with the place at which it is to begin where that has to be found first. */
  async #createNow(
    streamName: string,
    name: string,
    given: Partial<ConsumerConfig>,
    begun?: BegunConsumer,
  ): Promise<ConsumerInfo | Place> {
    checkConsumerName(name)
    const stream = this.#requireHome(streamName, name)
    const config = newConsumerConfig(streamName, given)
    checkRulesHold(stream, config)
    const existing = this.#consumers.get(streamName)?.get(name)
    if (existing !== undefined) return this.#same(existing, config)
    this.#checkCount()
    checkLoop({ stream: streamName, name, config }, await this.#catalog.list())
    if (begun === undefined && config.deliverFrom !== 'all') return { stream, config }
    const createdAt = new Date(this.#options.io.clock.wallMs()).toISOString()
    if (begun !== undefined && begun.stream !== stream) throw streamChanged(streamName)
    const id = begun?.id ?? (await this.#catalog.reserveId())
    const entry = { id, stream: streamName, name, createdAt, config, pauses: [] }
    await this.#addToCatalog(entry, begun)
    return this.#infoOf(this.#admit(stream, entry, begun))
  }

  async #addToCatalog(entry: ConsumerEntry, begun: BegunConsumer | undefined): Promise<void> {
    let isNamed: boolean | undefined = false
    try {
      for (;;) {
        const survey = await this.#unloopedSurvey(entry)
        isNamed = undefined
        isNamed = (await this.#catalog.add(entry, survey)) !== undefined
        if (isNamed || (await this.#catalog.isCurrent(survey))) break
      }
    } catch (error) {
      if (error instanceof BrokerError && error.code === 'disk-full') isNamed = false
      throw error
    } finally {
      // Why also where nobody knows: then it must begin right after the next start.
      if (begun !== undefined) begun.isNamed = isNamed !== false
    }
    if (!isNamed) throw streamChanged(entry.stream)
  }

  /** Throws `dead-letter-loop`. Why a survey: other nodes make consumers at the same time. */
  async #unloopedSurvey(entry: ConsumerEntry): Promise<ConsumerSurvey> {
    const survey = await this.#catalog.survey()
    checkLoop(entry, survey.consumers)
    return survey
  }

  async #begin({ stream, config }: Place): Promise<BegunConsumer> {
    const id = await this.#catalog.reserveId()
    const beginning = this.#opener.begin(stream, id, config, () => {
      if (this.#isClosed) throw new BrokerError('stopping', 'The broker is shutting down')
      if (stream.isDeleted) throw new BrokerError('stream-deleted', `Stream ${stream.name} was deleted`)
    })
    this.#beginnings.add(beginning)
    return beginning.finally(() => this.#beginnings.delete(beginning))
  }

  alter(stream: string, name: string, changes: Partial<ConsumerConfig>): Promise<ConsumerInfo> {
    return this.#inTurn(async () => {
      const open = this.#require(stream, name)
      const config = alteredConsumerConfig(stream, open.entry.config, changes)
      const entry = { ...open.entry, config, pauses: open.consumer.pauses }
      open.consumer.hold()
      try {
        // Why first: what the old filter passed over is settled, and a restart must not ask the new
        // one about it.
        await open.consumer.saveProgress()
        await this.#options.streams.whileUnchanged(async () => {
          checkRulesHold(this.#options.streams.require(stream), config)
          await this.#commitUnlooped(open, entry)
        })
        open.consumer.alter(config)
      } finally {
        open.consumer.letGo()
      }
      return this.#infoOf(open)
    })
  }

  /** For operations: other pauses, in the line of changes. */
  #change(
    stream: string,
    name: string,
    changed: (entry: ConsumerEntry) => ConsumerEntry,
  ): Promise<ConsumerInfo> {
    return this.#inTurn(async () => {
      const open = this.#require(stream, name)
      await this.#commit(open, changed(open.entry))
      open.consumer.pause(open.entry.pauses)
      return this.#infoOf(open)
    })
  }

  async #commit(open: OpenConsumer, entry: ConsumerEntry): Promise<void> {
    if (!(await this.#catalog.change(entry))) throw consumerGone(entry)
    open.entry = entry
  }

  async #commitUnlooped(open: OpenConsumer, entry: ConsumerEntry): Promise<void> {
    for (;;) {
      const survey = await this.#unloopedSurvey(entry)
      if (await this.#catalog.change(entry, survey)) break
      if (await this.#catalog.isCurrent(survey)) throw consumerGone(entry)
    }
    open.entry = entry
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
    return this.#infoOf(this.#require(stream, name))
  }

  /** Sorted by name. */
  list(stream: string): ConsumerInfo[] {
    this.#options.streams.require(stream)
    const entries = [...(this.#consumers.get(stream)?.values() ?? [])].map((open) => this.#infoOf(open))
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

  /** Throws `unknown-stream`, `not-leader` or `unknown-consumer`. */
  join(stream: string, name: string, port: MemberPort, window: number): Membership {
    return this.#require(stream, name).consumer.join(port, window)
  }

  /** Deliveries end; what was settled is on disk when it resolves. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await Promise.allSettled(this.#beginnings)
    await this.#last
    // Why no reason: members are not ended, their connections are, and they come back to the broker that
    // starts next.
    for (const consumers of this.#consumers.values())
      for (const { consumer } of consumers.values()) consumer.close()
    await this.#progress.close()
  }

  #admit(stream: Stream, entry: ConsumerEntry, begun?: BegunConsumer): OpenConsumer {
    const open = { entry, consumer: this.#opener.open(stream, entry, begun) }
    const ofStream = this.#consumers.get(stream.name) ?? new Map<string, OpenConsumer>()
    this.#consumers.set(stream.name, ofStream)
    ofStream.set(entry.name, open)
    return open
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

  #same(open: OpenConsumer, wanted: ConsumerConfig): ConsumerInfo {
    const { entry } = open
    const difference = consumerDifference(entry.config, wanted)
    if (difference === undefined) return this.#infoOf(open)
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

  #isHome(stream: Stream, name: string): boolean {
    const { placement = onlyNode } = this.#options
    return placement.homeOf(stream, name) === placement.node
  }

  /** Throws `unknown-stream`, or `not-leader` where another node serves the consumers of that name. */
  #requireHome(streamName: string, name: string): Stream {
    const { streams, placement = onlyNode } = this.#options
    const stream = streams.require(streamName)
    if (this.#isHome(stream, name)) return stream
    const text = `Consumer ${name} of ${streamName} is served by node ${placement.homeOf(stream, name)}`
    throw new BrokerError('not-leader', text)
  }

  #infoOf({ entry, consumer }: OpenConsumer): ConsumerInfo {
    const { stream, name, config, createdAt } = entry
    const { pauses } = consumer
    const { placement = onlyNode } = this.#options
    const node = placement.named(placement.node)
    return { stream, name, config, createdAt, pauses, ...(node === undefined ? {} : { node }) }
  }

  #require(stream: string, name: string): OpenConsumer {
    this.#requireHome(stream, name)
    const open = this.#consumers.get(stream)?.get(name)
    if (open !== undefined) return open
    throw new BrokerError('unknown-consumer', `Stream ${stream} has no consumer ${JSON.stringify(name)}`)
  }

  /** The catalog has forgotten the stream and its consumers; its logs close when this resolves. */
  #streamDeleted(stream: Stream): Promise<void> {
    const reason = new BrokerError('stream-deleted', `Stream ${stream.name} was deleted`)
    for (const { consumer } of this.#consumers.get(stream.name)?.values() ?? []) forget(consumer, reason)
    this.#consumers.delete(stream.name)
    this.#opener.streamDeleted(stream)
    return Promise.resolve()
  }

  /** Why: a stream must not be given partitions between the check of the rules and the catalog. */
  #inStreamsTurn<T>(change: () => Promise<T>): Promise<T> {
    return this.#inTurn(() => this.#options.streams.whileUnchanged(change))
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(new BrokerError('stopping', 'The broker is shutting down'))
    const turn = this.#last.then(change)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}

/** Where a consumer that there is not yet is to begin. */
interface Place {
  readonly stream: Stream
  readonly config: ConsumerConfig
}

/** Ends a consumer that is no more, with its progress. */
function forget(consumer: FlowConsumer, reason: BrokerError): void {
  consumer.close(reason)
  for (const coordinator of consumer.coordinators) coordinator.forget()
}

function consumerGone({ name }: ConsumerEntry): BrokerError {
  return new BrokerError('consumer-deleted', `Consumer ${name} is gone`)
}

function streamChanged(name: string): BrokerError {
  return new BrokerError('stream-deleted', `Stream ${name} was changed meanwhile`)
}

function checkRulesHold(stream: Stream, { rules }: ConsumerConfig): void {
  if (rules.length === 0 || stream.areSubjectsWhole) return
  const why = 'a subject may be in two of them, where limits do not hold'
  const text = `Stream ${stream.name} has been given partitions since it was created: ${why}`
  throw new BrokerError('invalid-rule', text)
}
