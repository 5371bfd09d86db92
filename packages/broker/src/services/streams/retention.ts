// Sees to it that streams keep no more than their configuration says: at once when one is made or altered,
// and every so often, since records age. Only what this node leads; one stream after the other, so that a
// start with very many of them leaves the disk to others. Must never fail whoever altered a stream.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Logger } from '../../base/logger.ts'
import { LedPartition } from '../../cluster/partition.ts'
import type { Clock, Timer, Timers } from '../../io/io.ts'
import { keepsAll } from '../../log/log.ts'
import { isLimited } from './stream-config.ts'
import type { Stream } from './stream.ts'

export interface RetentionOptions {
  readonly clock: Clock
  readonly timers: Timers
  readonly logger: Logger
  readonly everyMs: number
}

export class Retention {
  readonly #options: RetentionOptions
  /** Streams that do not keep everything. */
  readonly #limited = new Set<Stream>()
  /** Streams whose turn comes. */
  readonly #due = new Set<Stream>()
  #running: Promise<void> | undefined
  /** There only while a stream is limited: a broker that keeps everything has nothing to wake up for. */
  #timer: Timer | undefined
  #isStopped = false

  constructor(options: RetentionOptions) {
    this.#options = options
  }

  follow(stream: Stream): void {
    if (isLimited(stream.config)) this.#changed(stream)
    stream.onChanged(() => this.#changed(stream))
    stream.onDeleted(() => this.#limited.delete(stream))
  }

  /** Resolves when the stream keeps no more than it should; what prevents it is told to the operator. */
  async enforce(stream: Stream): Promise<void> {
    const { clock, logger } = this.#options
    for (const partition of stream.partitions) {
      if (!(partition instanceof LedPartition) || this.#isStopped) continue
      try {
        partition.boundSegments(stream.config)
        await partition.retain(isLimited(stream.config) ? stream.config : keepsAll, clock.wallMs())
      } catch (error) {
        if (stream.isDeleted || (error instanceof BrokerError && error.code === 'stopping')) return
        const fields = { error, stream: stream.name, partition: partition.index }
        logger.warn(fields, 'what a stream is not to keep could not be removed; it is tried again')
      }
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#running
  }

  #changed(stream: Stream): void {
    if (isLimited(stream.config)) this.#limited.add(stream)
    else this.#limited.delete(stream)
    this.#due.add(stream)
    this.#run()
  }

  #run(): void {
    this.#running ??= this.#enforceDue().finally(() => {
      this.#running = undefined
      this.#arm()
    })
  }

  async #enforceDue(): Promise<void> {
    for (const stream of this.#due) {
      this.#due.delete(stream)
      if (!stream.isDeleted) await this.enforce(stream)
    }
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#limited.size === 0 || this.#isStopped) return
    this.#timer = this.#options.timers.after(this.#options.everyMs, () => {
      this.#timer = undefined
      for (const stream of this.#limited) this.#due.add(stream)
      this.#run()
    })
  }
}
