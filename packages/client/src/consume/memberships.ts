// All memberships of a client by the number that stands for them on the wire.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { SubscriptionEnded } from '@sluice/protocol/native/flow-messages'
import type { Link } from '../link/link.ts'
import type { Session } from '../link/session.ts'
import type { NodeLinks } from '../routing/node-links.ts'
import type { ClientPlatform } from '../transport/platform.ts'
import { Membership } from './membership.ts'
import type { MemberPlace, MembershipListener } from './membership.ts'

export class Memberships {
  readonly #platform: ClientPlatform
  readonly #open = new Map<number, Membership>()
  #lastId = 0

  constructor(platform: ClientPlatform) {
    this.#platform = platform
  }

  /** A membership that is not started. */
  add(links: NodeLinks, place: MemberPlace, listener: MembershipListener): Membership {
    const id = this.#nextId()
    const left = (): void => {
      this.#open.delete(id)
    }
    const membership = new Membership({ id, place, left }, links, this.#platform, listener)
    this.#open.set(id, membership)
    return membership
  }

  opened(link: Link, session: Session): void {
    for (const membership of this.#of(link)) membership.join(session)
  }

  lost(link: Link): void {
    for (const membership of this.#of(link)) membership.lost()
  }

  unreachable(link: Link): void {
    for (const membership of this.#of(link)) membership.unreachable()
  }

  delivered(session: Session, bytes: Uint8Array, start: number, end: number): void {
    if (end - start < 8) throw new BrokerError('malformed-frame', 'A DELIVER is too short')
    const id = new DataView(bytes.buffer, bytes.byteOffset).getUint32(start)
    this.#open.get(id)?.delivered(session, { bytes, start: start + 4, end })
  }

  subscriptionEnded(session: Session, { subscription, error }: SubscriptionEnded): void {
    this.#open.get(subscription)?.ended(session, error)
  }

  /** Ends all of them for the client's sake: in order, so without an error. */
  async close(): Promise<void> {
    const leaving = [...this.#open.values()].map((membership) => membership.close())
    await Promise.all(leaving)
  }

  #of(link: Link): Membership[] {
    return [...this.#open.values()].filter((membership) => membership.link === link)
  }

  #nextId(): number {
    do this.#lastId = this.#lastId === 0xffff_ffff ? 1 : this.#lastId + 1
    while (this.#open.has(this.#lastId))
    return this.#lastId
  }
}
