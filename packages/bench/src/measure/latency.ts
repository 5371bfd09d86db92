// Latencies of one measurement, kept in Node's own HDR histogram and told as percentiles.
// Must never be given a time that was taken when a request was sent: whoever measures an open loop passes
// the time at which the request was due. Else a stalled server hides the requests that it kept from being
// sent (coordinated omission).

import { createHistogram } from 'node:perf_hooks'
import type { RecordableHistogram } from 'node:perf_hooks'

/** In milliseconds. */
export interface LatencySummary {
  readonly count: number
  readonly mean: number
  /** `[percentile, milliseconds]`, rising; the last one is the maximum. */
  readonly percentiles: readonly (readonly [number, number])[]
}

export const PERCENTILES = [50, 75, 90, 95, 99, 99.9, 99.99, 100] as const

const nsPerMs = 1e6
/** Three digits that count: an error of a thousandth, in some tens of kilobytes. */
const figures = 3
/** One hour. What is longer is recorded as this long. */
const longestNs = 3_600_000 * nsPerMs

export class Latency {
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: longestNs, figures })

  get count(): number {
    return this.#histogram.count
  }

  record(ms: number): void {
    const ns = Math.round(ms * nsPerMs)
    this.#histogram.record(Math.min(Math.max(ns, 1), longestNs))
  }

  summary(): LatencySummary {
    const { count } = this
    if (count === 0) return { count, mean: 0, percentiles: [] }
    const percentiles = PERCENTILES.map((percentile) => [percentile, this.#at(percentile)] as const)
    return { count, mean: this.#histogram.mean / nsPerMs, percentiles }
  }

  /** Why the maximum is asked for: a percentile is the upper end of its bucket and may lie above it. */
  #at(percentile: number): number {
    const ns = Math.min(this.#histogram.percentile(percentile), this.#histogram.max)
    return ns / nsPerMs
  }
}

/** Milliseconds at a percentile of `PERCENTILES`; 0 when nothing was measured. */
export function atPercentile({ percentiles }: LatencySummary, wanted: number): number {
  return percentiles.find(([percentile]) => percentile === wanted)?.[1] ?? 0
}
