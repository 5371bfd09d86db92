// Reads from disk the parked records whose turn has come, a few at a time. Until the bytes are there, or
// while they cannot be read, only their own pool waits: it holds no slot, and no member's window.

import type { RecordSource } from './record-source.ts'

const fetchesMax = 64
/** Enough for the one batch that holds the record. */
const fetchBytes = 1

export interface FetchListener {
  /** `found` is the first offset there is from `offset` on: a larger one says that the record is gone. */
  fetched(pool: number, offset: number, found: number): void
  /** Tells the operator, and calls `again` after a while. */
  readFailed(error: unknown, again: () => void): void
}

export class RecordFetcher {
  readonly #source: RecordSource
  readonly #listener: FetchListener
  /** Pools whose turn to be read has not come, with the offset that each wants; first come, first served. */
  readonly #waiting = new Map<number, number>()
  #running = 0

  constructor(source: RecordSource, listener: FetchListener) {
    this.#source = source
    this.#listener = listener
  }

  fetch(pool: number, offset: number): void {
    if (this.#running >= fetchesMax) {
      this.#waiting.set(pool, offset)
      return
    }
    this.#running++
    this.#source.load(offset, fetchBytes).then(
      (found) => {
        this.#ended()
        this.#listener.fetched(pool, offset, found)
      },
      (error: unknown) => {
        this.#ended()
        this.#listener.readFailed(error, () => this.fetch(pool, offset))
      },
    )
  }

  #ended(): void {
    this.#running--
    for (const [pool, offset] of this.#waiting) {
      this.#waiting.delete(pool)
      return this.fetch(pool, offset)
    }
  }
}
