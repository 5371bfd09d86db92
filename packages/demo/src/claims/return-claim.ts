// Claim: a message whose ack the broker has confirmed never comes again, also not after the kill.

import type { DemoEvent, EventOf } from '../events.ts'
import { Breaches, formatCount, plural } from './claim.ts'
import type { Claim, Verdict } from './claim.ts'

export class ReturnClaim implements Claim {
  readonly #settled = new Set<number>()
  /** By offset: the broker that delivered it last, counted from 0. */
  readonly #deliveredBy = new Map<number, number>()
  readonly #breaches = new Breaches()
  #broker = 0
  #settledBeforeKill = 0
  #afterKillCount = 0
  #timedOutCount = 0

  see(event: DemoEvent): void {
    switch (event.event) {
      case 'ackConfirmed':
        this.#settled.add(event.offset)
        return
      case 'killed':
        this.#settledBeforeKill = this.#settled.size
        return
      case 'restarted':
        this.#broker++
        return
      case 'delivered':
        return this.#delivered(event)
      default:
    }
  }

  verdict(): Verdict {
    const { count } = this.#breaches
    const settled = formatCount(this.#settled.size)
    const before = formatCount(this.#settledBeforeKill)
    return {
      name: 'Nothing settled came back',
      isHeld: count === 0 && this.#settled.size > 0,
      text: `${settled} acks confirmed, ${before} of them before the kill; ${count} delivered again`,
      how:
        `offsets delivered after their ack was confirmed. Unfinished ones do come back: ` +
        `${plural(this.#afterKillCount, 'message')} after the kill, ${this.#timedOutCount} after a time-out`,
      numbers: {
        settled: this.#settled.size,
        settledBeforeKill: this.#settledBeforeKill,
        redeliveredAfterKill: this.#afterKillCount,
        redeliveredAfterTimeout: this.#timedOutCount,
        breaches: count,
      },
      breaches: this.#breaches.shown,
    }
  }

  #delivered({ subject, offset, atMs }: EventOf<'delivered'>): void {
    if (this.#settled.has(offset)) {
      this.#breaches.add(`offset ${offset} of ${subject} came again at ${atMs} ms`)
    }
    const before = this.#deliveredBy.get(offset)
    if (before === this.#broker) this.#timedOutCount++
    else if (before !== undefined) this.#afterKillCount++
    this.#deliveredBy.set(offset, this.#broker)
  }
}
