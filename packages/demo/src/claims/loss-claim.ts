// Claim: every message that the broker confirmed was delivered and settled, or is still waiting, to the last
// one; and the broker's books after the crash say the same.

import type { BrokerBooks, DeliveryId, DemoEvent, EventOf } from '../events.ts'
import { hotSubject } from '../tenants.ts'
import { Breaches, formatCount } from './claim.ts'
import type { Claim, Verdict } from './claim.ts'

export class LossClaim implements Claim {
  /** By offset, which message was confirmed there; without those of the hot tenant. */
  readonly #confirmed = new Map<number, string>()
  /** Why ranges: a set of 100 000 offsets would cost the pauses that the demo measures. */
  readonly #hotRanges: { readonly first: number; readonly count: number }[] = []
  /** By offset, which message a worker got. */
  readonly #delivered = new Map<number, string>()
  #confirmedTwiceCount = 0
  /** By offset, the latest delivery while no ack of it was sent. */
  readonly #unfinished = new Map<number, DeliveryId>()
  #unconfirmedCount = 0
  #books: BrokerBooks | undefined

  see(event: DemoEvent): void {
    switch (event.event) {
      case 'published':
        return this.#published(event)
      case 'unconfirmed':
        this.#unconfirmedCount++
        return
      case 'delivered':
        this.#delivered.set(event.offset, nameOf(event))
        if (event.subject !== hotSubject) this.#unfinished.set(event.offset, event.delivery)
        return
      case 'ackSent':
        if (this.#unfinished.get(event.offset) === event.delivery) this.#unfinished.delete(event.offset)
        return
      case 'counted':
        this.#books = event
        return
      default:
    }
  }

  verdict(): Verdict {
    const breaches = this.#breaches()
    const others = this.#confirmed.size
    const hot = this.#hotCount()
    const confirmed = others + hot
    const waiting = this.#books === undefined ? 0 : waitingOf(this.#books)
    return {
      name: 'Nothing lost',
      isHeld: breaches.count === 0 && confirmed > 0,
      text:
        `${formatCount(confirmed)} confirmed = ${formatCount(others)} delivered and finished + ` +
        `${formatCount(hot)} of the stuck tenant, and ${formatCount(waiting)} still wait`,
      how:
        'every confirmed message against what workers had in hand, by offset, and against the books of the ' +
        `broker; ${formatCount(this.#unconfirmedCount)} publishes cut off by the kill may be either`,
      numbers: {
        confirmed,
        unconfirmed: this.#unconfirmedCount,
        delivered: this.#delivered.size,
        waiting,
        stored: this.#books?.stored ?? 0,
        breaches: breaches.count,
      },
      breaches: breaches.shown,
    }
  }

  #published(event: EventOf<'published'>): void {
    const { subject, offset, count } = event
    if (subject === hotSubject) {
      this.#hotRanges.push({ first: offset, count })
      return
    }
    if (this.#confirmed.has(offset)) this.#confirmedTwiceCount++
    this.#confirmed.set(offset, nameOf(event))
  }

  #hotCount(): number {
    return this.#hotRanges.reduce((sum, { count }) => sum + count, 0)
  }

  #isHot(offset: number): boolean {
    return this.#hotRanges.some(({ first, count }) => offset >= first && offset < first + count)
  }

  #breaches(): Breaches {
    const breaches = new Breaches()
    for (const [offset, name] of this.#confirmed) {
      const got = this.#delivered.get(offset)
      if (got === undefined) breaches.add(`${name} was confirmed at offset ${offset} and never delivered`)
      else if (got !== name)
        breaches.add(`offset ${offset} was confirmed for ${name} and delivered as ${got}`)
    }
    for (const offset of this.#unfinished.keys()) breaches.add(`offset ${offset} was never finished`)
    if (this.#confirmedTwiceCount > 0)
      breaches.add(`${this.#confirmedTwiceCount} offsets were confirmed twice`)
    if (this.#books === undefined) breaches.add('the broker was not asked for its books')
    else this.#compareBooks(this.#books, breaches)
    return breaches
  }

  #compareBooks(books: BrokerBooks, breaches: Breaches): void {
    for (let offset = 0; offset < books.stored; offset++) {
      if (this.#delivered.has(offset) || this.#isHot(offset)) continue
      breaches.add(`offset ${offset} is stored and was never delivered`)
    }
    const hot = this.#hotCount()
    const firstHot = this.#hotRanges[0]?.first ?? books.stored
    const hotWaiting = books.hotInFlight + books.hotParked + books.hotDelayed
    if (waitingOf(books) !== hot) breaches.add(`the broker has ${waitingOf(books)} unsettled, not ${hot}`)
    if (hotWaiting !== hot) breaches.add(`the broker has ${hotWaiting} of the hot tenant, not ${hot}`)
    if (books.floor !== firstHot) breaches.add(`the broker's floor is ${books.floor}, not ${firstHot}`)
  }
}

function nameOf({ subject, sequence }: { subject: string; sequence: number }): string {
  return `${subject} number ${sequence}`
}

/** All that is stored and not settled, in whatever state. */
function waitingOf({ inFlight, parked, ready, delayed, unread }: BrokerBooks): number {
  return inFlight + parked + ready + delayed + unread
}
