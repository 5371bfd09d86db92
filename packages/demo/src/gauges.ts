// What the live view shows of the workers: rates, delays and peaks of the last seconds.

import type { OpenDeliveries } from './claims/open-deliveries.ts'
import { percentile } from './claims/percentile.ts'
import type { DemoEvent, EventOf, Phase, Witness } from './events.ts'
import { classOf, hotSubject } from './tenants.ts'
import type { ClassName } from './tenants.ts'

const rateWindowMs = 1_000
const delayWindowMs = 3_000

interface Sight {
  readonly atMs: number
  /** NaN: not part of the steady load. */
  readonly delayMs: number
  /** How many messages of its tenant were at work then, itself included. */
  readonly openCount: number
}

export interface ClassReading {
  readonly deliveredPerSecond: number
  /** NaN while nothing was delivered. */
  readonly p99Ms: number
  /** Most at work at once for one tenant in the last second. */
  readonly peak: number
}

/** One second of the run. */
export interface SecondReading {
  /** NaN when nothing was delivered. */
  readonly p99Ms: number
  readonly phase: Phase
  readonly wasDown: boolean
}

export class Gauges implements Witness {
  readonly #open: OpenDeliveries
  readonly #sights: Record<ClassName, Sight[]> = { premium: [], basic: [], freemium: [] }
  readonly seconds: SecondReading[] = []
  #secondDelays: number[] = []
  #wasDown = false
  phase: Phase = 'warm-up'
  /** False from the kill until the next broker serves. */
  isBrokerUp = true

  /** `open` must have seen an event before this does. */
  constructor(open: OpenDeliveries) {
    this.#open = open
  }

  see(event: DemoEvent): void {
    this.#roll(event.atMs)
    switch (event.event) {
      case 'phase':
        this.phase = event.phase
        return
      case 'killed':
        this.isBrokerUp = false
        this.#wasDown = true
        return
      case 'recovered':
        this.isBrokerUp = true
        return
      case 'delivered':
        return this.#delivered(event)
      default:
    }
  }

  read(name: ClassName, nowMs: number): ClassReading {
    const recent = this.#sights[name].filter(({ atMs }) => nowMs - atMs < delayWindowMs)
    this.#sights[name] = recent
    const last = recent.filter(({ atMs }) => nowMs - atMs < rateWindowMs)
    const delays = recent.map(({ delayMs }) => delayMs).filter((delayMs) => !Number.isNaN(delayMs))
    return {
      deliveredPerSecond: last.length,
      p99Ms: percentile(delays, 0.99),
      peak: last.reduce((peak, { openCount }) => Math.max(peak, openCount), this.#stuckCount(name)),
    }
  }

  /** The hot tenant's message is at work all the time, though it came long ago. */
  #stuckCount(name: ClassName): number {
    return classOf(hotSubject).name === name ? this.#open.countOf(hotSubject) : 0
  }

  #delivered({ subject, atMs, sentMs, isBurst }: EventOf<'delivered'>): void {
    const isSteady = !isBurst && subject !== hotSubject
    const delayMs = isSteady ? atMs - sentMs : Number.NaN
    this.#sights[classOf(subject).name].push({ atMs, delayMs, openCount: this.#open.countOf(subject) })
    if (isSteady) this.#secondDelays.push(delayMs)
  }

  #roll(nowMs: number): void {
    while (nowMs >= (this.seconds.length + 1) * 1000) {
      this.seconds.push({
        p99Ms: percentile(this.#secondDelays, 0.99),
        phase: this.phase,
        wasDown: this.#wasDown,
      })
      this.#secondDelays = []
      this.#wasDown = !this.isBrokerUp
    }
  }
}
