// The subscriptions of one connection, by the number that the client gave them.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Subscription } from './subscription.ts'

export class SubscriptionTable {
  readonly #subscriptionsMax: number
  readonly #byId = new Map<number, Subscription>()

  constructor(subscriptionsMax: number) {
    this.#subscriptionsMax = subscriptionsMax
  }

  get count(): number {
    return this.#byId.size
  }

  /** Throws `too-many-subscriptions`, or `invalid-request` when the number is in use. */
  add(subscription: Subscription): void {
    if (this.#byId.has(subscription.id)) {
      throw new BrokerError('invalid-request', `Subscription ${subscription.id} is in use on this connection`)
    }
    if (this.#byId.size >= this.#subscriptionsMax) {
      throw new BrokerError('too-many-subscriptions', `This connection has ${this.#byId.size} subscriptions`)
    }
    this.#byId.set(subscription.id, subscription)
  }

  /** Throws `unknown-subscription`. */
  require(id: number): Subscription {
    const subscription = this.#byId.get(id)
    if (subscription !== undefined) return subscription
    throw new BrokerError('unknown-subscription', `There is no subscription ${id} on this connection`)
  }

  remove(subscription: Subscription): void {
    if (this.#byId.get(subscription.id) === subscription) this.#byId.delete(subscription.id)
  }

  resumeAll(): void {
    for (const subscription of this.#byId.values()) subscription.resume()
  }

  leaveAll(how: 'closed' | 'lost'): void {
    const all = [...this.#byId.values()]
    this.#byId.clear()
    for (const subscription of all) subscription.leave(how)
  }
}
