// Claim: at limit 1 a tenant's messages come in the order in which they were published, each after the one
// before; one that was not finished comes again before any later one.

import type { DeliveryId, DemoEvent, EventOf } from '../events.ts'
import { classOf } from '../tenants.ts'
import { Breaches, formatCount, plural } from './claim.ts'
import type { Claim, Verdict } from './claim.ts'

interface TenantOrder {
  /** Highest sequence that was delivered; sequences begin with 1. */
  lastSequence: number
  /** Offset of the message that is owed an end: delivered, and no ack was sent to a living broker. */
  owedOffset: number | undefined
  owedDelivery: DeliveryId
  /** Which broker made that delivery: after its death no ack of it counts. */
  owedBy: number
}

export class OrderClaim implements Claim {
  readonly #tenants = new Map<string, TenantOrder>()
  readonly #breaches = new Breaches()
  #firstCount = 0
  #againCount = 0
  /** Counts the brokers that were killed. */
  #killedCount = 0

  see(event: DemoEvent): void {
    if (event.event === 'killed') this.#killedCount++
    if (event.event === 'delivered' && classOf(event.subject).limit === 1) this.#delivered(event)
    if (event.event === 'ackSent') this.#ended(event)
  }

  verdict(): Verdict {
    const again = plural(this.#againCount, 'redelivery', 'redeliveries')
    return {
      name: 'Order kept at limit 1',
      isHeld: this.#breaches.count === 0 && this.#firstCount > 0,
      text:
        `${formatCount(this.#firstCount)} first deliveries to ${formatCount(this.#tenants.size)} tenants, ` +
        `${plural(this.#breaches.count, 'breach', 'breaches')}; ${again}, none overtaken`,
      how: 'sequences per tenant only rise, and nothing comes while an earlier message is unfinished',
      numbers: { first: this.#firstCount, again: this.#againCount, breaches: this.#breaches.count },
      breaches: this.#breaches.shown,
    }
  }

  #delivered({ delivery, subject, sequence, offset, atMs }: EventOf<'delivered'>): void {
    const tenant = this.#tenantOf(subject)
    if (tenant.owedOffset !== undefined && tenant.owedOffset !== offset) {
      this.#breaches.add(
        `${subject} got offset ${offset} at ${atMs} ms before ${tenant.owedOffset} was finished`,
      )
    }
    if (sequence > tenant.lastSequence) this.#firstCount++
    else this.#againCount++
    // A repeated delivery is of the last one: what came before that was finished before it came.
    if (sequence < tenant.lastSequence) {
      this.#breaches.add(`${subject} got ${sequence} at ${atMs} ms, after ${tenant.lastSequence}`)
    }
    tenant.lastSequence = Math.max(tenant.lastSequence, sequence)
    tenant.owedOffset = offset
    tenant.owedDelivery = delivery
    tenant.owedBy = this.#killedCount
  }

  #ended({ subject, delivery }: EventOf<'ackSent'>): void {
    const tenant = this.#tenants.get(subject)
    if (tenant?.owedDelivery === delivery && tenant.owedBy === this.#killedCount)
      tenant.owedOffset = undefined
  }

  #tenantOf(subject: string): TenantOrder {
    const known = this.#tenants.get(subject)
    if (known !== undefined) return known
    const made = { lastSequence: 0, owedOffset: undefined, owedDelivery: 0, owedBy: 0 }
    this.#tenants.set(subject, made)
    return made
  }
}
