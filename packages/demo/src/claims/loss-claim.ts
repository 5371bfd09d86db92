// Claim: every message that the broker confirmed was delivered and settled, or is still waiting, to the last
// one; and the broker's books after the crash say the same.

import type { BrokerBooks, DeliveryId, DemoEvent, EventOf } from '../events.ts'
import { hotSubject } from '../tenants.ts'
import { Breaches, formatCount } from './claim.ts'
import type { Claim, Verdict } from './claim.ts'

export class LossClaim implements Claim {
  /** Offsets that were confirmed, without those of the hot tenant. */
  readonly #confirmed = new Set<number>()
  readonly #hotConfirmed = new Set<number>()
  readonly #delivered = new Set<number>()
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
        this.#delivered.add(event.offset)
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
    const hot = this.#hotConfirmed.size
    const confirmed = others + hot
    const waiting = this.#books === undefined ? 0 : waitingOf(this.#books)
    return {
      name: 'Nothing lost',
      isHeld: breaches.count === 0 && confirmed > 0,
      text:
        `${formatCount(confirmed)} confirmed = ${formatCount(others)} delivered and finished + ` +
        `${formatCount(hot)} of the stuck tenant, and ${formatCount(waiting)} still wait`,
      how:
        'every confirmed offset against the offsets in the hands of workers, and against the books of the ' +
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

  #published({ subject, offset, count }: EventOf<'published'>): void {
    const confirmed = subject === hotSubject ? this.#hotConfirmed : this.#confirmed
    for (let each = offset; each < offset + count; each++) confirmed.add(each)
  }

  #breaches(): Breaches {
    const breaches = new Breaches()
    for (const offset of this.#confirmed) {
      if (!this.#delivered.has(offset)) breaches.add(`offset ${offset} was confirmed and never delivered`)
    }
    for (const offset of this.#unfinished.keys()) breaches.add(`offset ${offset} was never finished`)
    if (this.#books === undefined) breaches.add('the broker was not asked for its books')
    else this.#compareBooks(this.#books, breaches)
    return breaches
  }

  #compareBooks(books: BrokerBooks, breaches: Breaches): void {
    for (let offset = 0; offset < books.stored; offset++) {
      if (this.#delivered.has(offset) || this.#hotConfirmed.has(offset)) continue
      breaches.add(`offset ${offset} is stored and was never delivered`)
    }
    const hot = this.#hotConfirmed.size
    const [firstHot = books.stored] = this.#hotConfirmed
    const hotWaiting = books.hotInFlight + books.hotParked + books.hotDelayed
    if (waitingOf(books) !== hot) breaches.add(`the broker has ${waitingOf(books)} unsettled, not ${hot}`)
    if (hotWaiting !== hot) breaches.add(`the broker has ${hotWaiting} of the hot tenant, not ${hot}`)
    if (books.floor !== firstHot) breaches.add(`the broker's floor is ${books.floor}, not ${firstHot}`)
  }
}

/** All that is stored and not settled, in whatever state. */
function waitingOf({ inFlight, parked, ready, delayed, unread }: BrokerBooks): number {
  return inFlight + parked + ready + delayed + unread
}
