// Reads of several partitions at once: whole record batches from each, up to the high watermark, and the
// wait for as many bytes as the reader wants to have at least. Must never hold what it read while it waits.
import { batchSizeOf, recordCountOf } from '@sluice/protocol/record/record-batch'
import type { LedPartition } from '../../cluster/partition.ts'
import type { Timers } from '../../io/io.ts'
import type { LogSlice } from '../../log/log.ts'
import { cachedFrom } from './fetch.ts'
import { readKept } from './kept-records.ts'
import type { Stream } from './stream.ts'

/** Of one partition. The offset is within what is kept, or was when the reader looked. */
export interface PartitionRead {
  readonly stream: Stream
  readonly partition: LedPartition
  readonly offset: number
  readonly bytesMax: number
}

/** What one partition gave; slices belong to the log, see `Fetched`. */
export type PartitionOutcome =
  | { readonly slices: readonly LogSlice[]; readonly error?: undefined }
  | { readonly slices: readonly []; readonly error: unknown }

export interface BytesWanted {
  readonly bytesMin: number
  readonly waitMs: number
  readonly timers: Timers
  /** Aborted when nobody waits for the answer any longer, or the broker stops: the wait just ends then. */
  readonly signal: AbortSignal
}

const nothing: PartitionOutcome = { slices: [] }

/**
 * In the order of the reads. They are served from `first` on, round to the one before it, as far as
 * `bytesMax` goes: who reads many partitions lets another one be the first each time. The first batch of all
 * is given whatever its size, so that a reader always gets on.
 */
export async function readPartitions(
  reads: readonly PartitionRead[],
  bytesMax: number,
  first: number,
): Promise<PartitionOutcome[]> {
  const outcomes = Array.from(reads, () => nothing)
  let left = bytesMax
  let isAnyRead = false
  for (let count = 0; count < reads.length && (left > 0 || !isAnyRead); count++) {
    const at = (first + count) % reads.length
    const read = reads[at]!
    if (read.offset >= read.partition.highWatermark) continue
    const outcome = await readOne(read, Math.min(left, read.bytesMax), isAnyRead)
    outcomes[at] = outcome
    // Why no other is tried: it would be read from disk, and most likely have no place either.
    if (isAnyRead && outcome === nothing && left < read.bytesMax) break
    if (outcome.slices.length === 0) continue
    isAnyRead = true
    left -= sizeOf(outcome.slices)
  }
  return outcomes
}

async function readOne(
  { partition, offset }: PartitionRead,
  bytesMax: number,
  isBounded: boolean,
): Promise<PartitionOutcome> {
  try {
    const slices = await readRecords(partition, offset, bytesMax)
    if (sizeOf(slices) > 0 && (!isBounded || sizeOf(slices) <= bytesMax)) return { slices }
    // Why given back: another partition has had its share, and a batch beyond the bound is for the next time.
    for (const { release } of slices) release?.()
    return nothing
  } catch (error) {
    return { slices: [], error }
  }
}

/**
 * Batches of which one has a record, where there is one up to the high watermark. Compaction leaves whole
 * segments without any, and there are clients that never get beyond an answer of such batches alone.
 */
async function readRecords(
  partition: LedPartition,
  offset: number,
  bytesMax: number,
): Promise<readonly LogSlice[]> {
  const lend = (from: number): Promise<LogSlice> => partition.lend(from, Math.max(bytesMax, 1), false)
  for (let from = offset; ;) {
    let slices: readonly LogSlice[] = cachedFrom(partition, from, bytesMax)
    if (slices.length === 0) slices = [await readKept(partition, from, lend)]
    const { nextOffset } = slices.at(-1)!
    if (nextOffset <= from || nextOffset >= partition.highWatermark || slices.some(hasRecord)) return slices
    for (const { release } of slices) release?.()
    from = nextOffset
  }
}

function hasRecord({ bytes, start, end }: LogSlice): boolean {
  for (let at = start; at < end; at += batchSizeOf(bytes, at)) if (recordCountOf(bytes, at) > 0) return true
  return false
}

/**
 * Resolves when there are so many bytes to be read, as far as the tail of the logs is in memory; when the
 * time is over; or when a stream is gone.
 */
export function bytesArrive(reads: readonly PartitionRead[], wanted: BytesWanted): Promise<void> {
  const { timers, signal, waitMs, bytesMin } = wanted
  const counts = reads.map((read) => new ArrivedBytes(read))
  let arrivedBytes = counts.reduce((sum, count) => sum + count.more(), 0)
  if (waitMs <= 0 || signal.aborted || arrivedBytes >= bytesMin) return Promise.resolve()
  return new Promise((resolve) => {
    const stops: (() => void)[] = []
    const finish = (): void => {
      timer.cancel()
      signal.removeEventListener('abort', finish)
      for (const stop of stops) stop()
      resolve()
    }
    const timer = timers.after(waitMs, finish)
    signal.addEventListener('abort', finish)
    for (const [at, { stream, partition }] of reads.entries()) {
      const look = (): void => {
        arrivedBytes += counts[at]!.more()
        if (arrivedBytes >= bytesMin) finish()
      }
      stops.push(partition.onAdvance(look), stream.onDeleted(finish))
    }
    if (reads.some(({ stream }) => stream.isDeleted)) finish()
  })
}

/** How much of a partition has come beyond the place that is read from. */
class ArrivedBytes {
  readonly #read: PartitionRead
  #nextOffset: number
  #bytes = 0

  constructor(read: PartitionRead) {
    this.#read = read
    this.#nextOffset = read.offset
  }

  /** Than when it was asked before, as far as the reader takes it. */
  more(): number {
    const { partition, bytesMax } = this.#read
    const before = this.#bytes
    while (this.#nextOffset < partition.highWatermark && this.#bytes < bytesMax) {
      const slice = partition.readCached(this.#nextOffset)
      // What is not in memory any more is old, and there is enough of it.
      if (slice === undefined) return Infinity
      this.#bytes += slice.end - slice.start
      this.#nextOffset = slice.nextOffset
    }
    return Math.min(this.#bytes, bytesMax) - Math.min(before, bytesMax)
  }
}

function sizeOf(slices: readonly LogSlice[]): number {
  return slices.reduce((sum, { start, end }) => sum + end - start, 0)
}
