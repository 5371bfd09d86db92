// The streams of this broker: created, altered and deleted through the catalog, their logs opened and closed
// here. Must never leave half a stream: the catalog decides what exists, and files without an entry are
// removed at start.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { StreamConfig, StreamInfo } from '@sluice/protocol/model/stream'
import type { Partition } from '../../cluster/partition.ts'
import type { DiskSpace } from '../../io/io.ts'
import { PublishAdmission } from './publish-admission.ts'
import { StreamCatalog } from './stream-catalog.ts'
import { alteredStreamConfig, checkStreamName, differenceOf, newStreamConfig } from './stream-config.ts'
import type { StreamBounds } from './stream-config.ts'
import { StreamFiles } from './stream-files.ts'
import { closeAll } from './stream-logs.ts'
import type { OpenPartition, StreamLogs } from './stream-logs.ts'
import type { NamedStream } from './stream-messages.ts'
import { Compaction } from './compaction.ts'
import { Flushing } from './flushing.ts'
import { Retention } from './retention.ts'
import { Stream } from './stream.ts'
import type { StreamIdentity } from './stream.ts'
import type { StreamLimits, StreamsOptions } from './streams-options.ts'

export type { StreamLimits, StreamsOptions } from './streams-options.ts'

interface OpenStream {
  readonly stream: Stream
  readonly identity: StreamIdentity
  logs: readonly OpenPartition[]
}

type CreateListener = (stream: Stream) => void
type DeleteListener = (stream: Stream) => Promise<void>

export class Streams {
  readonly #options: StreamsOptions
  readonly #catalog: StreamCatalog
  readonly #files: StreamLogs
  readonly #admission: PublishAdmission
  readonly #bounds: StreamBounds
  readonly #retention: Retention
  readonly #compaction: Compaction
  readonly #flushing: Flushing
  readonly #open = new Map<string, OpenStream>()
  readonly #createListeners = new Set<CreateListener>()
  readonly #deleteListeners = new Set<DeleteListener>()
  readonly #growthChecks: ((stream: Stream) => void)[] = []
  /** Also counts ids whose creation failed: their files may still be there. */
  #lastId = 0
  /**
   * The last change in line. Why one line for all: changes are rare, and each sees the one before completed.
   */
  #last: Promise<unknown> = Promise.resolve()
  #isClosed = false

  static async open(options: StreamsOptions): Promise<Streams> {
    const streams = new Streams(options)
    try {
      await streams.#openAll()
    } catch (error) {
      await streams.close().catch(() => undefined)
      throw error
    }
    return streams
  }

  private constructor(options: StreamsOptions) {
    this.#options = options
    this.#catalog = new StreamCatalog(options.metadata)
    this.#files = options.logs ?? new StreamFiles(options)
    this.#admission = new PublishAdmission(options.limits.unflushedBytesMax, options.io.clock)
    this.#bounds = { partitionsMax: options.limits.partitionsMax, onlyDurability: options.onlyDurability }
    const { io, logger, limits } = options
    this.#retention = new Retention({ ...io, logger, everyMs: limits.retentionCheckMs })
    const { compactionCheckMs: everyMs, compactionMapBytes: mapBytes } = limits
    this.#compaction = new Compaction({ ...io, logger, everyMs, mapBytes })
    this.#flushing = new Flushing({ timers: io.timers, logger })
  }

  find(name: string): Stream | undefined {
    return this.#open.get(name)?.stream
  }

  /** Throws `unknown-stream`. */
  require(name: string): Stream {
    return this.#require(name).stream
  }

  /** Sorted by name. */
  list(): StreamInfo[] {
    const streams = Array.from(this.#open.values(), ({ stream }) => stream)
    return streams.sort((one, other) => (one.name < other.name ? -1 : 1)).map((stream) => stream.info())
  }

  /** What of it an alteration may not exceed, and what streams have where they do not say. */
  get bounds(): StreamBounds & Pick<StreamLimits, 'segmentBytes' | 'segmentMs' | 'indexIntervalBytes'> {
    const { segmentBytes, segmentMs, indexIntervalBytes } = this.#options.limits
    return { ...this.#bounds, segmentBytes, segmentMs, indexIntervalBytes }
  }

  /** Where the logs are that this node leads and that are on disk. */
  get directory(): string {
    return this.#options.directory
  }

  /** Of the disk that they are on; undefined where there is none. */
  diskSpace(): Promise<DiskSpace | undefined> {
    return this.#options.io.files.space(this.#options.directory)
  }

  /** Throws why a new stream could not be made so after `others`, but for what only the attempt can tell. */
  checkNew(name: string, given: Partial<StreamConfig>, others: number = 0): StreamConfig {
    checkStreamName(name)
    if (this.#open.has(name)) throw new BrokerError('stream-exists', `Stream ${name} exists`)
    this.#checkCount(others)
    return newStreamConfig(given, this.#bounds)
  }

  /** Throws why a stream could not be altered so. */
  checkAlteration(name: string, changes: Partial<StreamConfig>): StreamConfig {
    const { stream } = this.#require(name)
    const config = alteredStreamConfig(stream.config, changes, this.#bounds)
    if (config.partitions > stream.config.partitions) this.checkGrowth(stream)
    return config
  }

  /**
   * Answers with the stream as it is when it exists with the same configuration, and may; else throws
   * `stream-exists`.
   */
  create(name: string, given: Partial<StreamConfig>, mustBeNew: boolean = false): Promise<StreamInfo> {
    const { createElsewhere } = this.#options
    if (createElsewhere !== undefined) return createElsewhere(name, given, mustBeNew)
    return this.#inTurn(async () => {
      checkStreamName(name)
      const config = newStreamConfig(given, this.#bounds)
      const existing = this.#open.get(name)
      if (existing === undefined) return (await this.#create(name, config)).info()
      if (mustBeNew) throw new BrokerError('stream-exists', `Stream ${name} exists`)
      const difference = differenceOf(existing.stream.config, config)
      if (difference === undefined) return existing.stream.info()
      throw new BrokerError('stream-exists', `Stream ${name} exists: ${difference}`)
    })
  }

  /** Resolves when the stream keeps no more than it is to keep from now on. */
  async alter(name: string, changes: Partial<StreamConfig>): Promise<StreamInfo> {
    const stream = await this.#inTurn(async () => {
      const open = this.#require(name)
      const config = alteredStreamConfig(open.stream.config, changes, this.#bounds)
      if (config.partitions > open.stream.config.partitions) await this.#checkGrowth(open, config)
      await this.#alter(open, config)
      return open.stream
    })
    // Why not in turn: other changes need not wait for files to go.
    await this.#retention.enforce(stream)
    return stream.info()
  }

  async delete(name: string): Promise<void> {
    const open = await this.#inTurn(() => this.#forget(this.#require(name)))
    // Why not in turn: removing large files takes long, and no other change depends on it.
    await this.#files.remove(open.identity, open.stream.config).catch((error: unknown) => {
      const fields = { error, stream: name, id: open.identity.id }
      this.#options.logger.error(
        fields,
        'files of a deleted stream could not be removed; the next start tries again',
      )
    })
  }

  /** Hears of streams that are made from now on; returns how to stop. */
  onCreate(listener: CreateListener): () => void {
    this.#createListeners.add(listener)
    return () => {
      this.#createListeners.delete(listener)
    }
  }

  /**
   * Awaited after the catalog has forgotten the stream and before its logs are closed; returns how to stop.
   */
  onDelete(listener: DeleteListener): () => void {
    this.#deleteListeners.add(listener)
    return () => {
      this.#deleteListeners.delete(listener)
    }
  }

  /** Asked before a stream is given more partitions; throws the reason why that must not be. */
  beforeGrowth(check: (stream: Stream) => void): void {
    this.#growthChecks.push(check)
  }

  /** No stream is changed until the action has ended, and it begins after the changes under way. */
  whileUnchanged<T>(action: () => Promise<T>): Promise<T> {
    return this.#inTurn(action)
  }

  // ── Where another node decides ───────────────────────────────────────────────────────────────────────────

  /** The catalog has taken a stream. */
  async admit(entry: NamedStream): Promise<void> {
    this.#admit(entry, await this.#files.open(entry, true))
  }

  /** A partition that another node leads has begun another life. */
  async renewed(streamId: number): Promise<void> {
    for (const { identity, stream } of this.#open.values()) {
      if (identity.id === streamId) await this.changed({ identity, config: stream.config })
    }
  }

  /** The catalog has taken an alteration. */
  async changed({ identity, config }: NamedStream): Promise<void> {
    const open = this.#require(identity.name)
    open.logs = await this.#files.open({ identity, config }, true)
    open.stream.changed(config, partitionsOf(open.logs))
  }

  /** Throws the reason why a stream must not be given more partitions. */
  checkGrowth(stream: Stream): void {
    for (const check of this.#growthChecks) check(stream)
  }

  /** The catalog has forgotten a stream; its logs are closed by whoever opened them. */
  async forget(name: string): Promise<void> {
    const open = this.#open.get(name)
    if (open !== undefined) await this.#takeLeave(open)
  }

  // ── The end ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Closes the logs; whoever uses them must have stopped. Rejects when one of them was offline. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#last
    await Promise.all([this.#retention.stop(), this.#compaction.stop(), this.#flushing.stop()])
    const logs = Array.from(this.#open.values(), (open) => open.logs).flat()
    await closeAll(logs)
    const offline = logs.map(({ partition }) => partition.offline).find((error) => error !== undefined)
    if (offline !== undefined) throw offline
  }

  async #openAll(): Promise<void> {
    const entries = await this.#catalog.list()
    this.#lastId = await this.#catalog.lastId()
    await this.#files.removeOrphans(entries)
    await this.#catalog.removeOrphanedConsumers(new Set(entries.map(({ identity }) => identity.name)))
    for (const entry of entries) this.#admit(entry, await this.#files.open(entry, false))
  }

  #admit({ identity, config }: NamedStream, logs: readonly OpenPartition[]): Stream {
    const stream = new Stream(identity, config, partitionsOf(logs), this.#admission)
    this.#open.set(identity.name, { stream, identity, logs })
    this.#retention.follow(stream)
    this.#compaction.follow(stream)
    this.#flushing.follow(stream)
    for (const listener of this.#createListeners) listener(stream)
    return stream
  }

  /** Files first: when they cannot be made, the catalog has not heard of the stream. */
  async #create(name: string, config: StreamConfig): Promise<Stream> {
    this.#checkCount(0)
    const createdAt = new Date(this.#options.io.clock.wallMs()).toISOString()
    const identity = { id: ++this.#lastId, name, createdAt, firstPartitions: config.partitions }
    const logs = await this.#makeLogs(identity, config, 0, () => this.#catalog.add(identity, config))
    await this.#files.announce({ kind: 'added', identity, config })
    return this.#admit({ identity, config }, logs)
  }

  #checkCount(others: number): void {
    const { streamsMax } = this.#options.limits
    if (this.#open.size + others < streamsMax) return
    throw new BrokerError('too-many-streams', `There are ${streamsMax} streams, which is the limit`)
  }

  async #checkGrowth({ stream, identity }: OpenStream, config: StreamConfig): Promise<void> {
    this.checkGrowth(stream)
    await this.#files.announce({ kind: 'growing', identity, config })
  }

  async #alter(open: OpenStream, config: StreamConfig): Promise<void> {
    const { stream, identity, logs } = open
    const commit = (): Promise<boolean> => this.#catalog.change(identity, config)
    const added = await this.#makeLogs(identity, config, logs.length, commit)
    await this.#files.announce({ kind: 'changed', identity, config })
    open.logs = [...logs, ...added]
    stream.changed(config, partitionsOf(open.logs))
  }

  /** The logs from partition `from` on, which stay only if the catalog takes the change that needs them. */
  async #makeLogs(
    identity: StreamIdentity,
    config: StreamConfig,
    from: number,
    commit: () => Promise<boolean>,
  ): Promise<readonly OpenPartition[]> {
    let logs: readonly OpenPartition[] = []
    let isRefused = true
    try {
      logs = await this.#files.make(identity, config, from)
      // Why not undone when the commit fails for an unknown reason: the catalog may name these files after
      // all, and the next start removes them if it does not.
      isRefused = false
      isRefused = !(await commit())
      if (!isRefused) return logs
    } catch (error) {
      const areFilesRemoved = isRefused || (error instanceof BrokerError && error.code === 'disk-full')
      await this.#undoLogs(identity, config, from, { logs, areFilesRemoved })
      throw error
    }
    await this.#undoLogs(identity, config, from, { logs, areFilesRemoved: true })
    throw new BrokerError('stream-exists', `Stream ${identity.name} was changed elsewhere meanwhile`)
  }

  async #undoLogs(
    identity: StreamIdentity,
    config: StreamConfig,
    from: number,
    { logs, areFilesRemoved }: { logs: readonly OpenPartition[]; areFilesRemoved: boolean },
  ): Promise<void> {
    try {
      await closeAll(logs).catch(() => undefined)
      if (!areFilesRemoved) return
      if (from === 0) await this.#files.remove(identity, config)
      else await this.#files.removePartitions(identity, config, from)
    } catch (error) {
      const fields = { error, stream: identity.name, id: identity.id }
      this.#options.logger.warn(fields, 'files of a change that failed are left; the next start removes them')
    }
  }

  /** From the transaction on nobody finds the stream; then its readers end, then its logs. */
  async #forget(open: OpenStream): Promise<OpenStream> {
    const { stream, identity, logs } = open
    if (!(await this.#catalog.remove(identity))) {
      throw new BrokerError('stream-deleted', `Stream ${identity.name} was changed elsewhere meanwhile`)
    }
    await this.#takeLeave(open)
    await this.#files.announce({ kind: 'removed', identity, config: stream.config })
    await closeAll(logs).catch((error: unknown) => this.#warnOfDelete(stream, error))
    return open
  }

  /** Nobody finds it any more, and whoever used it has ended. */
  async #takeLeave({ stream }: OpenStream): Promise<void> {
    this.#open.delete(stream.name)
    stream.deleted()
    // Why errors are only logged: the stream is gone, whoever could not take leave of it.
    for (const outcome of await Promise.allSettled(
      Array.from(this.#deleteListeners, (listener) => listener(stream)),
    )) {
      if (outcome.status === 'rejected') this.#warnOfDelete(stream, outcome.reason)
    }
  }

  #warnOfDelete({ name, id }: Stream, error: unknown): void {
    this.#options.logger.error({ error, stream: name, id }, 'a deleted stream could not be closed in order')
  }

  #require(name: string): OpenStream {
    const open = this.#open.get(name)
    if (open === undefined)
      throw new BrokerError('unknown-stream', `There is no stream ${JSON.stringify(name)}`)
    return open
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(new BrokerError('stopping', 'The broker is shutting down'))
    const turn = this.#last.then(change)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}

function partitionsOf(logs: readonly OpenPartition[]): Partition[] {
  return logs.map(({ partition }) => partition)
}
