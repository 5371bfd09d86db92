// The records of one partition for all of its flow consumers: each batch is read once and decoded once.
// Bounded in bytes; what was used longest ago goes first.

import { baseOffsetOf, batchSizeOf } from '@sluice/protocol/record/record-batch'
import type { Partition } from '../../cluster/partition.ts'
import { BatchView } from './batch-view.ts'

/** What came from one read, and goes together, since its batches share their memory. */
interface Chunk {
  readonly views: readonly BatchView[]
  readonly sizeBytes: number
  usedAt: number
}

export class RecordSource {
  readonly #partition: Partition
  readonly #cacheBytesMax: number
  /** Sorted by base offset; no two overlap. */
  readonly #views: { readonly view: BatchView; readonly chunk: Chunk }[] = []
  readonly #chunks = new Set<Chunk>()
  readonly #loads = new Map<number, Promise<number>>()
  #cachedBytes = 0
  #uses = 0

  constructor(partition: Partition, cacheBytesMax: number) {
    this.#partition = partition
    this.#cacheBytesMax = cacheBytesMax
  }

  /** The batch that holds an offset, if it is in memory; otherwise `load` it. */
  viewAt(offset: number): BatchView | undefined {
    const index = this.#indexOf(offset)
    if (index >= 0) {
      const { view, chunk } = this.#views[index]!
      chunk.usedAt = ++this.#uses
      return view
    }
    const slice = this.#partition.readCached(offset)
    if (slice === undefined) return undefined
    this.#keep(slice.bytes, slice.start, slice.end)
    const found = this.#indexOf(offset)
    return found < 0 ? undefined : this.#views[found]!.view
  }

  /**
   * Reads from an offset on, about `bytesMax` bytes and at least a batch. Resolves with the first offset
   * from there on that there is: a larger one says that the records between are gone (quarantined, or
   * dropped from the start).
   */
  load(offset: number, bytesMax: number): Promise<number> {
    const running = this.#loads.get(offset)
    if (running !== undefined) return running
    const load = this.#load(offset, bytesMax).finally(() => this.#loads.delete(offset))
    this.#loads.set(offset, load)
    return load
  }

  async #load(offset: number, bytesMax: number): Promise<number> {
    if (offset < this.#partition.logStart) return this.#partition.logStart
    const { bytes, start, end, nextOffset } = await this.#partition.read(offset, bytesMax)
    if (start === end) return nextOffset
    this.#keep(bytes, start, end)
    return Math.max(offset, baseOffsetOf(bytes, start))
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    const views: BatchView[] = []
    for (let at = start; at < end; at += batchSizeOf(bytes, at)) {
      if (this.#indexOf(baseOffsetOf(bytes, at)) < 0) views.push(new BatchView(bytes, at))
    }
    if (views.length === 0) return
    const chunk = { views, sizeBytes: end - start, usedAt: ++this.#uses }
    this.#chunks.add(chunk)
    this.#cachedBytes += chunk.sizeBytes
    for (const view of views) this.#views.splice(this.#insertionPoint(view.baseOffset), 0, { view, chunk })
    while (this.#cachedBytes > this.#cacheBytesMax && this.#chunks.size > 1) this.#evict(chunk)
  }

  #evict(except: Chunk): void {
    let oldest: Chunk | undefined
    for (const chunk of this.#chunks) {
      if (chunk !== except && (oldest === undefined || chunk.usedAt < oldest.usedAt)) oldest = chunk
    }
    if (oldest === undefined) return
    this.#chunks.delete(oldest)
    this.#cachedBytes -= oldest.sizeBytes
    for (const view of oldest.views) this.#views.splice(this.#indexOf(view.baseOffset), 1)
  }

  /** Index of the view that holds the offset; -1 where none does. */
  #indexOf(offset: number): number {
    const index = this.#insertionPoint(offset + 1) - 1
    return index >= 0 && offset < this.#views[index]!.view.nextOffset ? index : -1
  }

  /** Index of the first view whose base offset is not below. */
  #insertionPoint(baseOffset: number): number {
    let low = 0
    let high = this.#views.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#views[middle]!.view.baseOffset < baseOffset) low = middle + 1
      else high = middle
    }
    return low
  }
}
