// Puts a flow consumer together: the sources that it shares with others of its stream, its progress, and
// where it begins. The consumers of one broker share one opener.

import type { ConsumerConfig } from '@sluice/protocol/model/consumer'
import type { Partition } from '../../cluster/partition.ts'
import type { Stream } from '../streams/stream.ts'
import { settleBefore } from './consumer-beginning.ts'
import type { ConsumerEntry } from './consumer-catalog.ts'
import { DeadLetters } from './dead-letters.ts'
import { FlowConsumer } from './flow-consumer.ts'
import type { FlowConsumersOptions } from './flow-options.ts'
import { LiveLimits } from './limits/live-limits.ts'
import type { ProgressStore, ProgressWriter } from './progress/progress-store.ts'
import { RecordCache } from './reading/record-cache.ts'
import { RecordSource } from './reading/record-source.ts'

/** A consumer that the catalog does not name yet, with the progress that says where it begins. */
export interface BegunConsumer {
  readonly id: number
  readonly stream: Stream
  /** By partition; those that the stream gets later begin with their first record. */
  readonly writers: readonly ProgressWriter[]
  /** The catalog names it, or may. */
  isNamed: boolean
}

export class ConsumerOpener {
  readonly #options: FlowConsumersOptions
  readonly #progress: ProgressStore
  readonly #deadLetters: DeadLetters
  readonly #sources = new WeakMap<Partition, RecordSource>()
  readonly #cache: RecordCache

  constructor(options: FlowConsumersOptions, progress: ProgressStore) {
    this.#options = options
    this.#progress = progress
    this.#deadLetters = new DeadLetters(options.streams, options.io)
    this.#cache = new RecordCache(options.limits.recordCacheBytes)
  }

  /**
   * Makes durable where a consumer begins. It may read a whole log; `check` is asked in between and throws
   * when it is not worth going on. Whoever does not open what it returns must call `abandon`.
   */
  async begin(stream: Stream, id: number, config: ConsumerConfig, check: () => void): Promise<BegunConsumer> {
    const begun = { id, stream, writers: [] as ProgressWriter[], isNamed: false }
    if (config.deliverFrom === 'all') return begun
    const { timers } = this.#options.io
    try {
      for (const partition of stream.partitions) {
        const writer = this.#progress.attach(stream.config.durability, id, partition.index)
        begun.writers.push(writer)
        await settleBefore({ partition, config, timers, check }, writer.image.settled)
        check()
        await writer.save()
      }
    } catch (error) {
      this.abandon(begun)
      throw error
    }
    return begun
  }

  /** The catalog will never name it. */
  abandon({ writers }: BegunConsumer): void {
    for (const writer of writers) writer.remove()
  }

  open(stream: Stream, entry: ConsumerEntry, begun?: BegunConsumer): FlowConsumer {
    const { io, logger, limits, areInvariantsChecked } = this.#options
    /** Each for the first life of its partition: another one has no beginning. */
    const beginnings = new Map(begun?.writers.map((writer) => [writer.partition, writer]))
    const progressOf = (partition: number): ProgressWriter => {
      const beginning = beginnings.get(partition)
      beginnings.delete(partition)
      return beginning ?? this.#progress.attach(stream.config.durability, entry.id, partition)
    }
    return new FlowConsumer({
      ...entry,
      stream,
      io,
      logger,
      deadLetters: this.#deadLetters,
      parkedMax: limits.parkedMax,
      areInvariantsChecked,
      liveLimitsOf: ({ rules }, changed) =>
        new LiveLimits(rules, { streams: this.#options.streams, timers: io.timers, logger, changed }),
      portsOf: (partition) => ({
        source: this.#sourceOf(partition),
        progress: progressOf(partition.index),
      }),
    })
  }

  /** The stream is gone, and its records with it. */
  streamDeleted(stream: Stream): void {
    for (const partition of stream.partitions) this.#sources.get(partition)?.close()
  }

  #sourceOf(partition: Partition): RecordSource {
    const known = this.#sources.get(partition)
    if (known !== undefined) return known
    const source = new RecordSource(partition, this.#cache)
    this.#sources.set(partition, source)
    return source
  }
}
