// Reads of a stream's log: whole record batches from an offset, a time or an end, up to the high
// watermark. Up again from cluster/partition.ts to servers/native/handlers/read.ts. A read at the tail
// waits, within bounds.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { readFrom } from '@sluice/protocol/native/publish-messages'
import type { ReadRequest } from '@sluice/protocol/native/publish-messages'
import type { Partition } from '../../cluster/partition.ts'
import type { Timers } from '../../io/io.ts'
import type { LogSlice } from '../../log/log.ts'
import { lastKept, readKept, withoutPurged } from './kept-records.ts'
import type { Stream } from './stream.ts'

const fetchBytesDefault = 1024 * 1024
const fetchBytesLimit = 8 * 1024 * 1024
/** Longest wait for a record; a client that wants to wait longer asks again. */
const fetchWaitMsLimit = 60_000

/**
 * Bytes of others: those of the slices belong to the log and must not be changed. Who has done with a slice
 * may say so by its `release`.
 */
export interface Fetched {
  readonly logStart: number
  readonly highWatermark: number
  readonly nextOffset: number
  /** One after the other; none when there is no record to give. */
  readonly slices: readonly LogSlice[]
}

export interface FetchContext {
  readonly timers: Timers
  /** Aborted, with a `BrokerError` as its reason, when nobody waits for the answer any longer. */
  readonly signal: AbortSignal
  /**
   * Hears how many bytes this read may hold from now on: first before `fetch` returns, and none while it
   * waits. The caller counts them, and takes them back when it has done with the answer.
   */
  readonly hold: (bytes: number) => void
  /** Bounds how many wait; `enter` throws where there is no room for another. */
  readonly waiting: { enter(): void; leave(): void }
}

/** Throws `offset-out-of-range` beyond the high watermark; below the log start it reads from there. */
export async function fetch(stream: Stream, request: ReadRequest, context: FetchContext): Promise<Fetched> {
  const partition = stream.requireLed(request.partition)
  const bytesMax = Math.min(request.bytesMax === 0 ? fetchBytesDefault : request.bytesMax, fetchBytesLimit)
  context.hold(bytesMax)
  let offset = await startOf(partition, request)
  if (offset === partition.highWatermark && request.waitMs > 0) {
    // Why none: a read that waits must not keep others out.
    context.hold(0)
    context.waiting.enter()
    try {
      const waitMs = Math.min(request.waitMs, fetchWaitMsLimit)
      await somethingAt(stream, partition, { ...context, offset, waitMs })
    } finally {
      context.waiting.leave()
    }
  }
  context.hold(bytesMax)
  offset = Math.max(offset, partition.logStart)
  let slices: readonly LogSlice[] = []
  if (offset < partition.highWatermark) {
    const isDoubted = request.from === readFrom.doubtedOffset
    if (!isDoubted) slices = cachedFrom(partition, offset, bytesMax)
    const lend = (from: number): Promise<LogSlice> => partition.lend(from, bytesMax, isDoubted)
    if (slices.length === 0) slices = [await readKept(partition, offset, lend)]
  }
  const { logStart, highWatermark } = partition
  slices = withoutPurged(slices, logStart)
  return { logStart, highWatermark, nextOffset: slices.at(-1)?.nextOffset ?? offset, slices }
}

/** Small batches come one by one out of the cache; a reader that catches up is to get many at once. */
export function cachedFrom(partition: Partition, offset: number, bytesMax: number): LogSlice[] {
  const slices: LogSlice[] = []
  let bytes = 0
  for (
    let slice = partition.readCached(offset);
    slice !== undefined;
    slice = partition.readCached(slice.nextOffset)
  ) {
    bytes += slice.end - slice.start
    if (slices.length > 0 && bytes > bytesMax) break
    slices.push(slice)
  }
  return slices
}

async function startOf(partition: Partition, { from, value }: ReadRequest): Promise<number> {
  const { logStart, highWatermark } = partition
  switch (from) {
    case readFrom.offset:
    case readFrom.doubtedOffset:
      if (value >= 0 && value <= highWatermark) return Math.max(value, logStart)
      throw new BrokerError(
        'offset-out-of-range',
        `Offset ${value} is beyond the high watermark ${highWatermark}`,
      )
    case readFrom.time:
      return partition.offsetForTime(value)
    case readFrom.first:
      return logStart
    case readFrom.last:
      return lastKept(partition)
    case readFrom.next:
      return highWatermark
    default:
      throw new BrokerError('invalid-request', `A read cannot start from ${String(from)}`)
  }
}

interface Wait extends FetchContext {
  readonly offset: number
  readonly waitMs: number
}

/** Resolves when there is a record at the offset, the time is over, the stream is gone, or nobody listens. */
function somethingAt(stream: Stream, partition: Partition, wait: Wait): Promise<void> {
  const { offset, waitMs, timers, signal } = wait
  return new Promise((resolve, reject) => {
    const finish = (error?: Error): void => {
      timer.cancel()
      stopAdvance()
      stopDeleted()
      signal.removeEventListener('abort', aborted)
      if (error === undefined) resolve()
      else reject(error)
    }
    const aborted = (): void => finish(signal.reason as BrokerError)
    const timer = timers.after(waitMs, () => finish())
    const stopAdvance = partition.onAdvance(() => {
      if (partition.highWatermark > offset) finish()
    })
    const stopDeleted = stream.onDeleted(() => {
      finish(new BrokerError('stream-deleted', `Stream ${stream.name} was deleted`))
    })
    signal.addEventListener('abort', aborted)
    if (signal.aborted) aborted()
    else if (stream.isDeleted) finish(new BrokerError('stream-deleted', `Stream ${stream.name} was deleted`))
    else if (partition.highWatermark > offset) finish()
  })
}
