// Sees to it that streams that keep the newest record of each key do so: looks at them every so often, and at
// once when one is altered. Only what this node leads; one partition after the other, so that the memory for
// keys is needed once. Must never fail whoever altered a stream.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Logger } from '../../base/logger.ts'
import { LedPartition } from '../../cluster/partition.ts'
import type { Clock, Random, Timer, Timers } from '../../io/io.ts'
import { KeyMaps } from '../../log/key-maps.ts'
import { isCompacted } from './stream-config.ts'
import type { Stream } from './stream.ts'

export interface CompactionOptions {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly logger: Logger
  readonly everyMs: number
  readonly mapBytes: number
}

export class Compaction {
  readonly #options: CompactionOptions
  readonly #maps: KeyMaps
  readonly #compacted = new Set<Stream>()
  #running: Promise<void> | undefined
  /** There only while a stream is compacted. */
  #timer: Timer | undefined
  /** A stream was altered while one round was under way: another one follows. */
  #isAskedAgain = false
  #isStopped = false

  constructor(options: CompactionOptions) {
    this.#options = options
    this.#maps = new KeyMaps(options.random, options.mapBytes)
  }

  follow(stream: Stream): void {
    if (isCompacted(stream.config)) this.#changed(stream)
    stream.onChanged(() => this.#changed(stream))
    stream.onDeleted(() => this.#compacted.delete(stream))
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#running
  }

  #changed(stream: Stream): void {
    if (isCompacted(stream.config)) this.#compacted.add(stream)
    else this.#compacted.delete(stream)
    if (this.#running !== undefined) this.#isAskedAgain = true
    else if (this.#compacted.size > 0) this.#run()
  }

  #run(): void {
    this.#isAskedAgain = false
    this.#running ??= this.#compactAll().finally(() => {
      this.#running = undefined
      this.#maps.release()
      if (this.#isStopped) return
      if (this.#isAskedAgain && this.#compacted.size > 0) this.#run()
      else this.#arm()
    })
  }

  async #compactAll(): Promise<void> {
    for (const stream of this.#compacted) {
      for (const partition of stream.partitions) {
        if (this.#isStopped) return
        if (partition instanceof LedPartition) await this.#compact(stream, partition)
      }
    }
  }

  async #compact(stream: Stream, partition: LedPartition): Promise<void> {
    const { clock, logger } = this.#options
    const startMs = clock.monotonicMs()
    const place = { stream: stream.name, partition: partition.index }
    try {
      const isDone = await partition.compact({
        settings: stream.config,
        wallMs: clock.wallMs(),
        logger,
        mapFor: (keys) => this.#maps.mapFor(keys),
        isStopped: () => this.#isStopped,
      })
      if (isDone) logger.info({ ...place, tookMs: clock.monotonicMs() - startMs }, 'compacted')
    } catch (error) {
      if (stream.isDeleted || (error instanceof BrokerError && error.code === 'stopping')) return
      logger.warn({ ...place, error }, 'a stream could not be compacted; it is tried again')
    }
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#compacted.size === 0) return
    this.#timer = this.#options.timers.after(this.#options.everyMs, () => {
      this.#timer = undefined
      this.#run()
    })
  }
}
