// What a client has towards its brokers: links, the memberships that go by them, and the word to those who
// listen when one breaks or comes back.

import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { EventListeners } from './client-events.ts'
import type { ClientSettings } from './client-options.ts'
import type { Membership, MembershipListener, MemberPlace } from './consume/membership.ts'
import { Memberships } from './consume/memberships.ts'
import type { Link } from './link/link.ts'
import { NodeLinks } from './routing/node-links.ts'
import { Retries } from './routing/retries.ts'
import { Router } from './routing/router.ts'
import { StreamRoutes } from './routing/stream-routes.ts'
import type { ClientPlatform } from './transport/platform.ts'

export class Connections {
  readonly links: NodeLinks
  readonly router: Router
  readonly #platform: ClientPlatform
  readonly #memberships: Memberships
  readonly #events: EventListeners
  /** Links whose connection broke, and when. */
  readonly #lostMs = new Map<Link, number>()

  constructor(settings: ClientSettings, platform: ClientPlatform, events: EventListeners) {
    this.#platform = platform
    this.#events = events
    this.#memberships = new Memberships(platform)
    const retries = new Retries(platform, settings.requestTimeoutMs)
    this.links = this.#linksOf(settings, retries)
    const routes = new StreamRoutes(this.links.control, platform)
    this.router = new Router(this.links, routes, retries)
  }

  /** Every node in use is connected. */
  get isWhole(): boolean {
    return this.links.home.session !== undefined && this.#lostMs.size === 0
  }

  /** Some node is. */
  get isAny(): boolean {
    return this.links.all().some(({ session }) => session !== undefined)
  }

  join(place: MemberPlace, listener: MembershipListener): Membership {
    const membership = this.#memberships.add(this.links, place, listener)
    membership.start()
    return membership
  }

  /** Ends memberships, then links. */
  async close(): Promise<void> {
    await this.#memberships.close()
    await this.links.close()
  }

  #linksOf(settings: ClientSettings, retries: Retries): NodeLinks {
    const memberships = this.#memberships
    return new NodeLinks(this.#platform, settings, retries, {
      opened: (link, session) => {
        memberships.opened(link, session)
        this.#opened(link)
      },
      delivered: (session, bytes, start, end) => memberships.delivered(session, bytes, start, end),
      subscriptionEnded: (session, ended) => memberships.subscriptionEnded(session, ended),
      lost: (link, reason) => this.#lost(link, reason),
      unreachable: (link) => {
        // Why: a link that was given up for good is nobody's any more.
        if (link.isClosed) this.#lostMs.delete(link)
        memberships.unreachable(link)
      },
    })
  }

  #opened(link: Link): void {
    const lostMs = this.#lostMs.get(link)
    if (lostMs === undefined) return
    this.#lostMs.delete(link)
    const afterMs = this.#platform.monotonicMs() - lostMs
    this.#events.tell('reconnect', { server: link.server!.text, afterMs })
  }

  #lost(link: Link, reason: BrokerError): void {
    this.#lostMs.set(link, this.#platform.monotonicMs())
    this.router.routes.expire()
    this.#memberships.lost(link)
    this.#events.tell('disconnect', { server: link.server!.text, reason })
  }
}
