// The deliveries that workers have in hand, by subject, as the workers see it.
//
// A delivery begins when a worker has the message, and ends when the worker sends its ack. Without an ack it
// is void when the broker is killed, or when the broker may have taken it back because its time was up.
// Invariant: what is counted here never exceeds what the broker has in flight, for it begins later and ends
// earlier. So an excess that is seen here is one.

import type { DeliveryId, DemoEvent, EventOf } from '../events.ts'

/** The broker's time begins earlier than the worker's: from here on a delivery may have been taken back. */
const overdueShare = 0.9

interface OpenDelivery {
  readonly offset: number
  readonly beganMs: number
}

export class OpenDeliveries {
  readonly #bySubject = new Map<string, Map<DeliveryId, OpenDelivery>>()
  #overdueMs = Infinity

  see(event: DemoEvent): void {
    switch (event.event) {
      case 'begun':
        this.#overdueMs = event.ackWaitMs * overdueShare
        return
      case 'delivered':
        return this.#open(event)
      case 'ackSent':
        this.#bySubject.get(event.subject)?.delete(event.delivery)
        return
      case 'killed':
      case 'restarted':
        this.#bySubject.clear()
        return
      default:
    }
  }

  countOf(subject: string): number {
    return this.#bySubject.get(subject)?.size ?? 0
  }

  /** Over all subjects but one. */
  countWithout(subject: string): number {
    let count = -this.countOf(subject)
    for (const open of this.#bySubject.values()) count += open.size
    return count
  }

  /** A message that two workers have in hand is open twice. */
  #open({ delivery, subject, offset, atMs }: EventOf<'delivered'>): void {
    const open = this.#bySubject.get(subject) ?? new Map<DeliveryId, OpenDelivery>()
    this.#bySubject.set(subject, open)
    for (const [other, { beganMs }] of open) if (atMs - beganMs >= this.#overdueMs) open.delete(other)
    open.set(delivery, { offset, beganMs: atMs })
  }

  /** Whether a message is in hand already, and rightly so. */
  isInHand({ subject, offset, atMs }: EventOf<'delivered'>): boolean {
    for (const open of this.#bySubject.get(subject)?.values() ?? []) {
      if (open.offset === offset && atMs - open.beganMs < this.#overdueMs) return true
    }
    return false
  }
}
