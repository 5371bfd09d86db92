// Claim: no tenant ever had more messages at work than its limit allows.

import type { DemoEvent, EventOf } from '../events.ts'
import { classOf, tenantClasses } from '../tenants.ts'
import type { ClassName } from '../tenants.ts'
import { Breaches, formatCount } from './claim.ts'
import type { Claim, Verdict } from './claim.ts'
import { OpenDeliveries } from './open-deliveries.ts'

export class LimitClaim implements Claim {
  readonly open = new OpenDeliveries()
  readonly #most: Record<ClassName, number> = { premium: 0, basic: 0, freemium: 0 }
  readonly #breaches = new Breaches()
  readonly #subjects = new Set<string>()
  #deliveredCount = 0

  /** Most messages of one tenant of the class that were ever at work at a time. */
  mostOf(name: ClassName): number {
    return this.#most[name]
  }

  see(event: DemoEvent): void {
    if (event.event === 'delivered') this.#checkDouble(event)
    this.open.see(event)
    if (event.event === 'delivered') this.#count(event)
  }

  verdict(): Verdict {
    const parts = tenantClasses.map(({ name, limit }) => `${name} ${this.#most[name]} of ${limit}`)
    const deliveries = formatCount(this.#deliveredCount)
    const tenants = formatCount(this.#subjects.size)
    return {
      name: 'Limits never exceeded',
      isHeld: this.#breaches.count === 0 && this.#deliveredCount > 0,
      text: `most at work at once for one tenant: ${parts.join(', ')}`,
      how:
        "deliveries that overlap, per tenant, from the worker's hand to its ack; " +
        `${deliveries} deliveries for ${tenants} tenants`,
      numbers: { ...this.#most, deliveries: this.#deliveredCount, breaches: this.#breaches.count },
      breaches: this.#breaches.shown,
    }
  }

  /** The same message in two hands at once is one too many, whatever the limit. */
  #checkDouble(event: EventOf<'delivered'>): void {
    if (!this.open.isInHand(event)) return
    const { subject, offset, atMs } = event
    this.#breaches.add(`offset ${offset} of ${subject} was delivered at ${atMs} ms while it was at work`)
  }

  #count({ subject, atMs }: EventOf<'delivered'>): void {
    const { name, limit } = classOf(subject)
    const count = this.open.countOf(subject)
    this.#deliveredCount++
    this.#subjects.add(subject)
    if (count > this.#most[name]) this.#most[name] = count
    if (count > limit) this.#breaches.add(`${subject} had ${count} of ${limit} at work at ${atMs} ms`)
  }
}
