// The records of one partition for all of its flow consumers: each batch is read once and decoded once.

import { baseOffsetOf, batchSizeOf } from '@sluice/protocol/record/record-batch'
import type { Partition } from '../../../cluster/partition.ts'
import type { Removed } from '../../../log/log.ts'
import { BatchView } from './batch-view.ts'
import type { CachedChunk, RecordCache } from './record-cache.ts'

interface Place {
  readonly view: BatchView
  readonly chunk: CachedChunk
}

export class RecordSource {
  readonly #partition: Partition
  readonly #cache: RecordCache
  /** Sorted by base offset; no two overlap. */
  readonly #places: Place[] = []
  readonly #loads = new Map<number, Promise<number>>()
  readonly #stopListening: () => void
  /** How often records were removed: bytes that were read before are not kept. */
  #removals = 0

  constructor(partition: Partition, cache: RecordCache) {
    this.#partition = partition
    this.#cache = cache
    this.#stopListening = partition.onRemoved((removed) => this.#removed(removed))
  }

  /** The batch that holds an offset, if it is in memory; otherwise `load` it. */
  viewAt(offset: number): BatchView | undefined {
    const index = this.#indexOf(offset)
    if (index >= 0) {
      const { view, chunk } = this.#places[index]!
      this.#cache.used(chunk)
      return view
    }
    const slice = this.#partition.readCached(offset)
    if (slice === undefined) return undefined
    this.#keep(slice.bytes, slice.start, slice.end)
    const found = this.#indexOf(offset)
    return found < 0 ? undefined : this.#places[found]!.view
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

  /** The partition is gone. */
  close(): void {
    this.#stopListening()
    for (const { chunk } of this.#places) this.#cache.remove(chunk)
    this.#places.length = 0
  }

  async #load(offset: number, bytesMax: number): Promise<number> {
    if (offset < this.#partition.logStart) return this.#partition.logStart
    const removals = this.#removals
    const { bytes, start, end, nextOffset } = await this.#partition.read(offset, bytesMax)
    if (removals !== this.#removals) return this.#load(offset, bytesMax)
    if (start === end) return nextOffset
    this.#keep(bytes, start, end)
    return Math.max(offset, baseOffsetOf(bytes, start))
  }

  /** What a removed record stood in is read anew: a consumer that is made later must not find it here. */
  #removed(removed: Removed): void {
    this.#removals++
    const chunks = new Set<CachedChunk>()
    for (const { view, chunk } of this.#places) if (isTouched(view, removed)) chunks.add(chunk)
    for (const chunk of chunks) {
      this.#cache.remove(chunk)
      chunk.evicted()
    }
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    const views: BatchView[] = []
    for (let at = start; at < end; at += batchSizeOf(bytes, at)) {
      if (this.#indexOf(baseOffsetOf(bytes, at)) < 0) views.push(new BatchView(bytes, at))
    }
    if (views.length === 0) return
    // Why the whole slice for one view that borrows: it keeps all of it.
    let sizeBytes = views.some((view) => view.ownBytes === 0) ? end - start : 0
    for (const view of views) sizeBytes += view.ownBytes
    const chunk = { sizeBytes, evicted: () => this.#forget(views) }
    for (const view of views) this.#places.splice(this.#insertionPoint(view.baseOffset), 0, { view, chunk })
    this.#cache.add(chunk)
  }

  #forget(views: readonly BatchView[]): void {
    for (const { baseOffset } of views) {
      const index = this.#indexOf(baseOffset)
      if (index >= 0) this.#places.splice(index, 1)
    }
  }

  /** Index of the view that holds the offset; -1 where none does. */
  #indexOf(offset: number): number {
    const index = this.#insertionPoint(offset + 1) - 1
    return index >= 0 && offset < this.#places[index]!.view.nextOffset ? index : -1
  }

  /** Index of the first view whose base offset is not below. */
  #insertionPoint(baseOffset: number): number {
    let low = 0
    let high = this.#places.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#places[middle]!.view.baseOffset < baseOffset) low = middle + 1
      else high = middle
    }
    return low
  }
}

function isTouched({ baseOffset, nextOffset }: BatchView, removed: Removed): boolean {
  if ('below' in removed) return baseOffset < removed.below
  return isAnyWithin(removed.offsets, baseOffset, nextOffset)
}

/** Whether one of the offsets, which rise, is in `[start, end)`. */
function isAnyWithin(offsets: readonly number[], start: number, end: number): boolean {
  let low = 0
  let high = offsets.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (offsets[middle]! < start) low = middle + 1
    else high = middle
  }
  return low < offsets.length && offsets[low]! < end
}
