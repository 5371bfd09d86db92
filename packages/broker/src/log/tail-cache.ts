// The youngest durable batches of all logs in memory, so that readers at the tail cost no disk read.
// One per broker. Bounded in bytes over all logs: the oldest batch of all goes first. May forget, never lies.

import { lastOffsetOf } from '@sluice/protocol/record/record-batch'
import type { LogSlice } from './log-slice.ts'

/** One cached batch; the slice that readers get is made once. */
interface TailEntry {
  slice: LogSlice | undefined
  readonly baseOffset: number
  readonly sizeBytes: number
  readonly tail: LogTail
  /** The next younger batch of any log. */
  younger: TailEntry | undefined
}

export class TailCache {
  readonly bytesMax: number
  #sizeBytes = 0
  #oldest: TailEntry | undefined
  #youngest: TailEntry | undefined

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** The part of the cache that one log fills and reads. */
  tailOf(): LogTail {
    return new LogTail(this)
  }

  /** Called by `LogTail` only. */
  enqueue(entry: TailEntry): void {
    if (this.#youngest === undefined) this.#oldest = entry
    else this.#youngest.younger = entry
    this.#youngest = entry
    this.#sizeBytes += entry.sizeBytes
    while (this.#sizeBytes > this.bytesMax) this.#evictOldest()
  }

  /** Called by `LogTail` only: the entry stays in the queue, without its bytes, until its turn comes. */
  forget(entry: TailEntry): void {
    this.#sizeBytes -= entry.sizeBytes
    entry.slice = undefined
  }

  #evictOldest(): void {
    const entry = this.#oldest!
    this.#oldest = entry.younger
    if (this.#oldest === undefined) this.#youngest = undefined
    if (entry.slice === undefined) return
    this.forget(entry)
    entry.tail.evicted()
  }
}

/**
 * The cached batches of one log: without gaps, in order of their offsets, up to the last one
 * that was durable.
 */
export class LogTail {
  readonly #cache: TailCache
  #entries: TailEntry[] = []
  /** Where the oldest entry stands in `#entries`; the places before it are empty. */
  #first = 0

  constructor(cache: TailCache) {
    this.#cache = cache
  }

  /** Keeps a durable batch that fills `bytes`; the next call brings the one that follows. Returns its end. */
  add(bytes: Uint8Array, baseOffset: number): number {
    const nextOffset = lastOffsetOf(bytes, 0) + 1
    if (bytes.length > this.#cache.bytesMax) {
      this.clear()
      return nextOffset
    }
    // Why: a small view would keep the whole buffer that it came in, and the bound would be a lie.
    const kept = bytes.buffer.byteLength > 2 * bytes.length ? bytes.slice() : bytes
    const slice = { bytes: kept, start: 0, end: kept.length, nextOffset }
    const entry = { slice, baseOffset, sizeBytes: kept.length, tail: this, younger: undefined }
    this.#entries.push(entry)
    this.#cache.enqueue(entry)
    return nextOffset
  }

  /** The batch that contains the offset. */
  find(offset: number): LogSlice | undefined {
    let low = this.#first
    let high = this.#entries.length - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      const entry = this.#entries[middle]
      if (offset < entry.baseOffset) high = middle - 1
      else if (offset >= entry.slice!.nextOffset) low = middle + 1
      else return entry.slice
    }
    return undefined
  }

  /** Forgets the batches that begin at or below the offset; what is younger stays. */
  forgetUpTo(offset: number): void {
    const entries = this.#entries
    let kept = this.#first
    for (; kept < entries.length && entries[kept].baseOffset <= offset; kept++)
      this.#cache.forget(entries[kept])
    this.#entries = entries.slice(kept)
    this.#first = 0
  }

  clear(): void {
    for (let index = this.#first; index < this.#entries.length; index++)
      this.#cache.forget(this.#entries[index])
    this.#entries = []
    this.#first = 0
  }

  /** Called by `TailCache` only: the oldest batch of this log is gone. */
  evicted(): void {
    this.#first++
    if (this.#first < 256 || this.#first * 2 < this.#entries.length) return
    this.#entries.splice(0, this.#first)
    this.#first = 0
  }
}
