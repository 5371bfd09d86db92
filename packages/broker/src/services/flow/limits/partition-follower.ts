// Reads one partition from its start, and everything that comes, in pieces. Must never end because of a read
// that failed: the partition may be led by a node that is being started.

import type { Partition } from '../../../cluster/partition.ts'
import type { Timers } from '../../../io/io.ts'
import type { LogSlice } from '../../../log/log.ts'

const readBytes = 256 * 1024
/** Wait before a failed read is tried again. */
const retryMs = 1000

export interface FollowerListener {
  /** Batches with the records from offset `from` on; earlier ones in them have been heard of. */
  read(slice: LogSlice, from: number): void
  /** All that was there when it began has been read. Called once. */
  caughtUp(): void
  failed(error: unknown): void
}

export class PartitionFollower {
  readonly partition: Partition
  readonly #timers: Timers
  readonly #listener: FollowerListener
  readonly #stopListening: () => void
  #position = 0
  /** The high watermark when it began; undefined until its leader has said it. */
  #firstEnd: number | undefined
  #isBehind = true
  #isReading = false
  #isClosed = false

  constructor(partition: Partition, timers: Timers, listener: FollowerListener) {
    this.partition = partition
    this.#timers = timers
    this.#listener = listener
    this.#stopListening = partition.onAdvance(() => this.#wake())
    this.#wake()
  }

  /** Whether `caughtUp` has not been called yet. */
  get isBehind(): boolean {
    return this.#isBehind
  }

  close(): void {
    this.#isClosed = true
    this.#stopListening()
  }

  #wake(): void {
    if (this.#isReading || this.#isClosed) return
    this.#isReading = true
    this.#goOn().then(
      () => {
        this.#isReading = false
        // Why looked at again: what came in just now found us reading.
        if (this.#position < this.partition.highWatermark) this.#wake()
      },
      (error: unknown) => this.#failed(error),
    )
  }

  async #goOn(): Promise<void> {
    const { partition } = this
    if (this.#firstEnd === undefined) {
      await partition.refresh()
      this.#firstEnd = partition.highWatermark
    }
    for (;;) {
      const from = Math.max(this.#position, partition.logStart)
      this.#position = from
      if (this.#isClosed || from >= partition.highWatermark) break
      const slice = await partition.read(from, readBytes)
      if (this.#isClosed) return
      this.#listener.read(slice, from)
      this.#position = Math.max(slice.nextOffset, from + 1)
      await new Promise<void>((resolve) => {
        this.#timers.soon(resolve)
      })
    }
    if (
      !this.#isBehind ||
      this.#isClosed ||
      this.#position < Math.min(this.#firstEnd, partition.highWatermark)
    )
      return
    this.#isBehind = false
    this.#listener.caughtUp()
  }

  #failed(error: unknown): void {
    if (this.#isClosed) return
    this.#listener.failed(error)
    this.#timers.after(retryMs, () => {
      this.#isReading = false
      this.#wake()
    })
  }
}
