// All links of a client: one to whichever broker was dialled, its home, and one to each other node that leads
// something it needs, opened when that is first needed. Where answers name no nodes there is the home alone.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { SubscriptionEnded } from '@sluice/protocol/native/flow-messages'
import type { NodeAddress } from '@sluice/protocol/native/calls'
import type { ClientSettings } from '../client-options.ts'
import { Control } from '../control.ts'
import { Link, closedError } from '../link/link.ts'
import { serverAddress } from '../link/server-address.ts'
import type { ServerAddress } from '../link/server-address.ts'
import type { Session } from '../link/session.ts'
import type { ClientPlatform } from '../transport/platform.ts'
import type { Retries } from './retries.ts'

export interface NodeLinksHandler {
  /** Called before the requests that waited for the connection are sent. */
  opened(link: Link, session: Session): void
  delivered(session: Session, bytes: Uint8Array, start: number, end: number): void
  subscriptionEnded(session: Session, ended: SubscriptionEnded): void
  lost(link: Link, reason: BrokerError): void
  /** A node could not be reached once more, or is no longer where it was: what it led may be elsewhere. */
  unreachable(link: Link): void
}

/** What was learned over one connection of the home. */
interface Surroundings {
  readonly session: Session | undefined
  readonly homeNode: number
  readonly addresses: readonly NodeAddress[]
}

export class NodeLinks {
  readonly home: Link
  /** Asked at the home. */
  readonly control: Control
  readonly #platform: ClientPlatform
  readonly #settings: ClientSettings
  readonly #handler: NodeLinksHandler
  readonly #links = new Map<number, Link>()
  #surroundings: Surroundings | undefined
  #looking: Promise<Surroundings> | undefined
  #isClosed = false

  constructor(
    platform: ClientPlatform,
    settings: ClientSettings,
    retries: Retries,
    handler: NodeLinksHandler,
  ) {
    this.#platform = platform
    this.#settings = settings
    this.#handler = handler
    this.home = this.#make(settings)
    this.control = new Control(this.home, retries)
  }

  /** The link to a node, where it is known without asking; the home for undefined. */
  find(node: number | undefined): Link | undefined {
    if (node === undefined) return this.home
    const link = this.#links.get(node)
    if (link?.isClosed === false) return link
    const known = this.#surroundings
    const isHome = known?.homeNode === node && known.session === this.home.session
    return isHome && known.session !== undefined ? this.home : undefined
  }

  /** The link to a node; rejects with `node-unavailable` where no such node is known. */
  async to(node: number | undefined, spentMs = 0): Promise<Link> {
    const found = this.find(node)
    if (found !== undefined || node === undefined) return found ?? this.home
    const { addresses } = await this.#look(spentMs)
    if (this.#isClosed) throw closedError()
    const link = this.find(node)
    if (link !== undefined) return link
    const address = addresses.find((one) => one.node === node)
    if (address === undefined) throw unavailable(`The broker has no node ${node}`)
    return this.#open(node, this.#serverOf(address))
  }

  /** A node refused what is not its own: who is where has to be asked again. */
  forget(): void {
    this.#surroundings = undefined
  }

  all(): Link[] {
    return [this.home, ...this.#links.values()]
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.all().map((link) => link.close()))
  }

  /** Asks who is where, once for all who want to know at the time. */
  #look(spentMs: number): Promise<Surroundings> {
    this.#looking ??= this.#ask(spentMs).finally(() => (this.#looking = undefined))
    return this.#looking
  }

  async #ask(spentMs: number): Promise<Surroundings> {
    const [{ node }, addresses] = await Promise.all([
      this.control.ask('broker.info', {}, spentMs),
      this.control.ask('cluster.nodes', {}, spentMs),
    ])
    this.#surroundings = { session: this.home.session, homeNode: node, addresses }
    this.home.learn(addresses.map((address) => this.#serverOf(address)))
    return this.#surroundings
  }

  #serverOf({ host, port }: NodeAddress): ServerAddress {
    return serverAddress(host ?? this.home.server!.host, port)
  }

  #open(node: number, server: ServerAddress): Link {
    const link = this.#make({ ...this.#settings, servers: [server] })
    this.#links.set(node, link)
    link.open()
    return link
  }

  #make(settings: ClientSettings): Link {
    const handler = this.#handler
    const link: Link = new Link(this.#platform, settings, {
      opened: (session) => handler.opened(link, session),
      delivered: (session, bytes, start, end) => handler.delivered(session, bytes, start, end),
      subscriptionEnded: (session, ended) => handler.subscriptionEnded(session, ended),
      lost: (reason) => handler.lost(link, reason),
      unreachable: () => this.#unreachable(link),
    })
    return link
  }

  /** Why not the home: what waits there can be answered by nobody else. */
  #unreachable(link: Link): void {
    if (link === this.home || this.#isClosed) return
    link.failWaiting(unavailable(`There is no connection: ${link.reasons}`))
    this.#look(0)
      .then(({ addresses }) => this.#dropMoved(link, addresses))
      .catch(ignore)
      .finally(() => this.#handler.unreachable(link))
  }

  /** A link to where no such node is any longer ends; whoever needs the node finds it anew. */
  #dropMoved(link: Link, addresses: readonly NodeAddress[]): void {
    for (const [node, known] of this.#links) {
      if (known !== link || link.session !== undefined) continue
      const address = addresses.find((one) => one.node === node)
      if (address !== undefined && !link.isClosed && this.#serverOf(address).text === link.target.text) return
      this.#links.delete(node)
      link.abandon(unavailable(`Node ${node} is no longer at ${link.target.text}`))
    }
  }
}

/** Why ignore: without an answer the node may still be where it was, and is tried on. */
function ignore(): void {}

function unavailable(text: string): BrokerError {
  return new BrokerError('node-unavailable', text)
}
