// Claim: the other tenants are served as before while one is stuck. Their delays are measured and shown
// beside each other, not judged by the millisecond, for machines are noisy: only a stall fails the run.

import type { DemoEvent, EventOf, Phase } from '../events.ts'
import { classOf, hotSubject, tenantClasses } from '../tenants.ts'
import type { ClassName } from '../tenants.ts'
import { Breaches, formatCount } from './claim.ts'
import type { Claim, Verdict } from './claim.ts'
import { percentile } from './percentile.ts'

/** A stall is both: so much slower than before, and slower than anybody would accept. */
const stallRatio = 20
const stallMs = 1_000

export interface DelayRow {
  readonly name: ClassName | 'all'
  readonly calmP50Ms: number
  readonly hotP50Ms: number
  readonly calmP99Ms: number
  readonly hotP99Ms: number
  /** Of the two p99. */
  readonly ratio: number
}

/** The p99 of each second by itself, and the median of those: what a hiccup of the machine does not reach. */
export interface TypicalDelays {
  readonly calmMs: number
  readonly hotMs: number
}

type Compared = 'calm' | 'hot'
type Delays = Record<Compared, number[]>

const secondMs = 1_000

export class DelayClaim implements Claim {
  readonly #delays: Record<ClassName, Delays> = {
    premium: { calm: [], hot: [] },
    basic: { calm: [], hot: [] },
    freemium: { calm: [], hot: [] },
  }
  /** The same by the second in which they were sent. */
  readonly #bySecond: Record<Compared, Map<number, number[]>> = { calm: new Map(), hot: new Map() }
  readonly #seen = new Set<number>()
  /** When each phase began, in order. */
  readonly #began: { readonly phase: Phase; readonly atMs: number }[] = []
  readonly #publishedCount: Record<Compared, number> = { calm: 0, hot: 0 }

  see(event: DemoEvent): void {
    if (event.event === 'phase') this.#began.push(event)
    else if (event.event === 'published') this.#published(event)
    else if (event.event === 'delivered') this.#delivered(event)
  }

  rows(): DelayRow[] {
    const rows = tenantClasses.map(({ name }) => rowOf(name, this.#delays[name]))
    const all = Object.values(this.#delays)
    const calm = all.flatMap((delays) => delays.calm)
    const hot = all.flatMap((delays) => delays.hot)
    return [...rows, rowOf('all', { calm, hot })]
  }

  typical(): TypicalDelays {
    const median = (seconds: Map<number, number[]>): number => {
      return percentile(
        [...seconds.values()].map((delays) => percentile(delays, 0.99)),
        0.5,
      )
    }
    return { calmMs: median(this.#bySecond.calm), hotMs: median(this.#bySecond.hot) }
  }

  verdict(): Verdict {
    const rows = this.rows()
    const { calmP99Ms, hotP99Ms, ratio } = rows.at(-1)!
    const { calmMs, hotMs } = this.typical()
    const breaches = this.#breaches(rows)
    return {
      name: 'Nobody else held up',
      isHeld: breaches.count === 0,
      text:
        `p99 ${calmP99Ms.toFixed(1)} ms without the hot tenant, ${hotP99Ms.toFixed(1)} ms with it: ` +
        `${ratio.toFixed(2)}×; in a median second ${calmMs.toFixed(1)} ms and ${hotMs.toFixed(1)} ms`,
      how:
        'from publish to the hand of a worker, first deliveries of the same steady load in both phases ' +
        '(bursts, which wait for their own limit, and the crash are left out)',
      numbers: {
        calmP99Ms,
        hotP99Ms,
        ratio,
        calmMedianMs: calmMs,
        hotMedianMs: hotMs,
        breaches: breaches.count,
      },
      breaches: breaches.shown,
    }
  }

  #published({ subject, count, sentMs }: EventOf<'published'>): void {
    const phase = this.#phaseAt(sentMs)
    if (phase !== undefined && subject !== hotSubject) this.#publishedCount[phase] += count
  }

  /** By the phase in which it was sent: what comes late must count for the phase that delayed it. */
  #delivered({ subject, offset, sentMs, atMs, isBurst }: EventOf<'delivered'>): void {
    const phase = this.#phaseAt(sentMs)
    if (phase === undefined || isBurst || subject === hotSubject || this.#seen.has(offset)) return
    this.#seen.add(offset)
    this.#delays[classOf(subject).name][phase].push(atMs - sentMs)
    const second = Math.floor(sentMs / secondMs)
    const delays = this.#bySecond[phase].get(second) ?? []
    this.#bySecond[phase].set(second, delays)
    delays.push(atMs - sentMs)
  }

  #phaseAt(sentMs: number): Compared | undefined {
    const phase = this.#began.findLast(({ atMs }) => atMs <= sentMs)?.phase
    return phase === 'calm' || phase === 'hot' ? phase : undefined
  }

  #breaches(rows: readonly DelayRow[]): Breaches {
    const breaches = new Breaches()
    for (const { name, calmP99Ms, hotP99Ms, ratio } of rows) {
      if (Number.isNaN(calmP99Ms) || Number.isNaN(hotP99Ms)) breaches.add(`${name}: no deliveries to compare`)
      const isStall = ratio > stallRatio && hotP99Ms > stallMs
      if (isStall) breaches.add(`${name}: p99 went from ${calmP99Ms.toFixed(1)} to ${hotP99Ms.toFixed(1)} ms`)
    }
    for (const phase of ['calm', 'hot'] as const) {
      if (this.#publishedCount[phase] === 0)
        breaches.add(`${formatCount(0)} messages were confirmed while ${phase}`)
    }
    return breaches
  }
}

function rowOf(name: DelayRow['name'], { calm, hot }: Delays): DelayRow {
  const calmP99Ms = percentile(calm, 0.99)
  const hotP99Ms = percentile(hot, 0.99)
  return {
    name,
    calmP50Ms: percentile(calm, 0.5),
    hotP50Ms: percentile(hot, 0.5),
    calmP99Ms,
    hotP99Ms,
    ratio: hotP99Ms / calmP99Ms,
  }
}
