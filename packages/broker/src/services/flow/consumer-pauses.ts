// The pauses of a flow consumer: what is paused, since when and until when. Pure: times are given.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Pause } from '@sluice/protocol/model/consumer'
import { parsePattern } from '@sluice/protocol/subject/pattern'
import { parseTime } from './iso-time.ts'

const pausesMax = 1024
/** The wall clock may be set: so long a pause may outlast its end then. */
const lookAgainMs = 5000

export interface PauseRequest {
  readonly match: string
  /** ISO 8601; undefined: until it is resumed. */
  readonly until: string | undefined
}

/** Those that have not ended. */
export function pausesAt(pauses: readonly Pause[], nowMs: number): Pause[] {
  return pauses.filter((pause) => endOf(pause) > nowMs)
}

/**
 * With one pause more, or with another end of the one that there is. Throws `invalid-pattern`, and
 * `invalid-request` for an end that is no time or has passed.
 */
export function pausedAnew(pauses: readonly Pause[], { match, until }: PauseRequest, nowMs: number): Pause[] {
  parsePattern(match)
  const untilMs = until === undefined ? Infinity : parseTime(until)
  if (untilMs === undefined) {
    const text = `'until' is ${JSON.stringify(until)}, which is no time in ISO 8601 with its zone`
    throw new BrokerError('invalid-request', text)
  }
  if (untilMs <= nowMs) throw new BrokerError('invalid-request', `'until' is ${until}, which has passed`)
  const others = pausesAt(pauses, nowMs)
  const at = others.findIndex((pause) => pause.match === match)
  if (at < 0 && others.length >= pausesMax) {
    throw new BrokerError('invalid-request', `There are ${pausesMax} pauses, which is the limit`)
  }
  const since = others[at]?.since ?? new Date(nowMs).toISOString()
  const end = untilMs === Infinity ? {} : { until: new Date(untilMs).toISOString() }
  const pause = { match, since, ...end }
  return at < 0 ? [...others, pause] : others.with(at, pause)
}

/** Without the pause of exactly this pattern. Throws `not-paused`. */
export function resumed(pauses: readonly Pause[], match: string, nowMs: number): Pause[] {
  const current = pausesAt(pauses, nowMs)
  const left = current.filter((pause) => pause.match !== match)
  if (left.length < current.length) return left
  const others = current.slice(0, 5).map((pause) => `'${pause.match}'`)
  const why = others.length === 0 ? 'nothing is' : `what is: ${others.join(', ')}`
  throw new BrokerError('not-paused', `'${match}' is not paused; ${why}`)
}

/** The pauses of one consumer as they hold now. */
export class PausesInForce {
  #pauses: readonly Pause[] = []
  #isNew = false
  /** As if all were paused, for a moment. */
  isHeld = false

  /** Others from now on; `advance` says so. */
  replace(pauses: readonly Pause[]): void {
    this.#pauses = pauses
    this.#isNew = true
  }

  /** Drops those that have ended; returns whether others hold than when it was asked before. */
  advance(nowMs: number): boolean {
    const before = this.#pauses.length
    if (before > 0) this.#pauses = pausesAt(this.#pauses, nowMs)
    const isChanged = this.#isNew || this.#pauses.length < before
    this.#isNew = false
    return isChanged
  }

  /** Those that have not ended. */
  at(nowMs: number): Pause[] {
    return pausesAt(this.#pauses, nowMs)
  }

  get patterns(): string[] {
    return this.#pauses.map(({ match }) => match)
  }

  /** The whole consumer is paused: nothing is read either. */
  get isAll(): boolean {
    return this.isHeld || this.#pauses.some(({ match }) => match === '>')
  }

  /** How long until `advance` is to be asked again; Infinity: no pause ends by itself. */
  nextLookMs(nowMs: number): number {
    let endMs = Infinity
    for (const pause of this.#pauses) endMs = Math.min(endMs, endOf(pause))
    return endMs === Infinity ? Infinity : Math.min(Math.max(0, endMs - nowMs), lookAgainMs)
  }
}

function endOf({ until }: Pause): number {
  return until === undefined ? Infinity : Date.parse(until)
}
