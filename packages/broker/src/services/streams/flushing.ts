// Has what streams leave to the system's memory (durability `os`) synced as often as their configuration
// says: after so many records, or so long after the first that was not. Nobody waits for it. Streams of
// `fsync` have every record synced before it is confirmed, those of `memory` none. Only what this node leads.

import type { Logger } from '../../base/logger.ts'
import { LedPartition } from '../../cluster/partition.ts'
import type { Timer, Timers } from '../../io/io.ts'
import type { Stream } from './stream.ts'

export interface FlushingOptions {
  readonly timers: Timers
  readonly logger: Logger
}

export class Flushing {
  readonly #options: FlushingOptions
  readonly #flushed = new Set<FlushedPartition>()

  constructor(options: FlushingOptions) {
    this.#options = options
  }

  follow(stream: Stream): void {
    if (stream.config.durability !== 'os') return
    const known = new Map<LedPartition, FlushedPartition>()
    const look = (): void => {
      for (const partition of stream.partitions) {
        if (!(partition instanceof LedPartition)) continue
        if (!known.has(partition)) known.set(partition, this.#begin(stream, partition))
        known.get(partition)!.configured()
      }
    }
    look()
    stream.onChanged(look)
    stream.onDeleted(() => {
      for (const each of known.values()) {
        void each.stop()
        this.#flushed.delete(each)
      }
    })
  }

  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#flushed, (each) => each.stop()))
  }

  #begin(stream: Stream, partition: LedPartition): FlushedPartition {
    const flushed = new FlushedPartition(stream, partition, this.#options)
    this.#flushed.add(flushed)
    return flushed
  }
}

class FlushedPartition {
  readonly #stream: Stream
  readonly #partition: LedPartition
  readonly #options: FlushingOptions
  readonly #stopAdvance: () => void
  /** Below it all is synced. What was there at the start is not counted. */
  #syncedEnd: number
  #syncing: Promise<void> | undefined
  #timer: Timer | undefined
  #isStopped = false

  constructor(stream: Stream, partition: LedPartition, options: FlushingOptions) {
    this.#stream = stream
    this.#partition = partition
    this.#options = options
    this.#syncedEnd = partition.highWatermark
    this.#stopAdvance = partition.onAdvance(() => this.look())
  }

  /** The stream may say otherwise than before: the time that it says begins anew. */
  configured(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.look()
  }

  /** There may be new records. */
  look(): void {
    const { flushMessages, flushMs } = this.#stream.config
    const behind = this.#partition.highWatermark - this.#syncedEnd
    if (behind === 0 || this.#isStopped || this.#partition.offline !== undefined) return
    if (flushMessages > 0 && behind >= flushMessages) this.#sync()
    else if (flushMs > 0) this.#timer ??= this.#options.timers.after(flushMs, () => this.#sync())
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    this.#stopAdvance()
    await this.#syncing
  }

  #sync(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#syncing ??= this.#syncAll().finally(() => {
      this.#syncing = undefined
      this.look()
    })
  }

  async #syncAll(): Promise<void> {
    const end = this.#partition.highWatermark
    try {
      await this.#partition.sync()
      this.#syncedEnd = end
    } catch (error) {
      if (this.#isStopped || this.#stream.isDeleted) return
      const fields = { error, stream: this.#stream.name, partition: this.#partition.index }
      this.#options.logger.warn(fields, 'a partition could not be synced')
    }
  }
}
