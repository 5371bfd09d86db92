// Which records a drain has settled, for certain or perhaps.

import { isMatch } from './reference-rules.ts'
import type { FoundLog } from './reference-stream.ts'
import { placeOf } from './reference-stream.ts'
import type { Track } from './reference-track.ts'

/** One drain that was asked for. */
export interface Drain {
  readonly match: string
  /** Places of the records that it must settle unless they are given out before it comes to them. */
  readonly waiting: Set<string>
  /** Deliveries that were out when it was asked for, by their order; it leaves them alone. */
  readonly outs: ReadonlyMap<Track, number>
  /** Those that were out all the time. */
  readonly spared: Set<Track>
  endMs: number
}

export class ReferenceDrains {
  readonly #drains: Drain[] = []
  readonly #settled = new Set<string>()

  /** `waiting`: the places of all known records that match and are not out. */
  asked(match: string, waiting: Iterable<string>, outs: Iterable<Track>): Drain {
    const orders = new Map([...outs].map((track) => [track, track.out!.order]))
    const drain = {
      match,
      waiting: new Set(waiting),
      outs: orders,
      spared: new Set<Track>(),
      endMs: Infinity,
    }
    this.#drains.push(drain)
    return drain
  }

  /** The record was given to a member: a drain that is under way has not settled it yet. */
  delivered(place: string): void {
    for (const { waiting, endMs } of this.#drains) if (endMs === Infinity) waiting.delete(place)
  }

  /** Whatever it was to settle is settled. */
  confirmed(drain: Drain, nowMs: number): void {
    drain.endMs = nowMs
    for (const place of drain.waiting) this.#settled.add(place)
    drain.waiting.clear()
    for (const [track, order] of drain.outs) {
      const wasOut = track.out?.order === order && track.out.deadlineMs > nowMs
      if (wasOut) drain.spared.add(track)
    }
  }

  isSettled(partition: number, offset: number): boolean {
    return this.#settled.has(placeOf(partition, offset))
  }

  /** Whether a drain may have settled what was sent then, and given to members, if at all, last then. */
  mayBeSettled(subject: string, sentMs: number, track?: Track): boolean {
    const sinceMs = Math.max(sentMs, track?.deliveredMs ?? 0)
    return this.#drains.some(({ match, endMs, spared }) => {
      const isSpared = track !== undefined && spared.has(track)
      return sinceMs <= endMs && !isSpared && isMatch(match, subject)
    })
  }

  /** The power was lost, and with it what was not synced: nothing is certain any more. */
  doubt(): void {
    this.#settled.clear()
    for (const { waiting } of this.#drains) waiting.clear()
  }

  /** The log has lost records, whose offsets are given again. */
  forget(partition: number, found: FoundLog): void {
    for (const places of [this.#settled, ...this.#drains.map(({ waiting }) => waiting)]) {
      for (const place of places) {
        const [own, offset] = place.split('@').map(Number)
        if (own === partition && found[offset] === undefined) places.delete(place)
      }
    }
  }
}
