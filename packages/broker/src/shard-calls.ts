// Which shard carries out which call: those about streams go to the control thread, those about a consumer to
// its home.

import type { CallMethod } from '@sluice/protocol/native/calls'
import type { ConsumerInfo } from '@sluice/protocol/model/consumer'
import type { GroupSummary } from '@sluice/protocol/model/group'
import type { PeerTable } from './cluster/peer-table.ts'
import type { Peer } from './cluster/peer.ts'
import type { Placement } from './cluster/placement.ts'
import type { CallRouter } from './servers/native/native-session.ts'
import { coordinatorOf } from './services/groups/group-places.ts'
import type { Streams } from './services/streams/streams.ts'
import type { ShardMessages } from './shard-messages.ts'

export interface ShardCallsOptions {
  readonly placement: Placement
  readonly control: Peer<ShardMessages>
  readonly peers: PeerTable<ShardMessages>
  readonly streams: Streams
  /** Carries a call out at this shard. */
  readonly runHere: (method: CallMethod, params: unknown) => Promise<unknown>
}

export class ShardCalls implements CallRouter {
  readonly #options: ShardCallsOptions

  constructor(options: ShardCallsOptions) {
    this.#options = options
  }

  route(method: CallMethod, params: unknown): Promise<unknown> | undefined {
    if (method === 'broker.info') return undefined
    if (method === 'cluster.nodes' || method.startsWith('streams.')) {
      return this.#options.control.request('call', { method, params })
    }
    if (method === 'groups.list') return this.#listGroups()
    if (method.startsWith('groups.')) return this.#atCoordinator(method, params as { name: string })
    if (method === 'consumers.list') return this.#listConsumers(params as { stream: string })
    return this.#atHome(method, params as { stream: string; name: string })
  }

  async #atHome(method: CallMethod, params: { stream: string; name: string }): Promise<unknown> {
    const { placement, streams } = this.#options
    return this.#at(placement.homeOf(streams.require(params.stream), params.name), method, params)
  }

  async #atCoordinator(method: CallMethod, params: { name: string }): Promise<unknown> {
    return this.#at(coordinatorOf(params.name, this.#options.placement.nodeCount), method, params)
  }

  async #listConsumers(params: { stream: string }): Promise<ConsumerInfo[]> {
    this.#options.streams.require(params.stream)
    const lists = await this.#atAll('consumers.list', params)
    return (lists as ConsumerInfo[][]).flat().sort(byName)
  }

  async #listGroups(): Promise<GroupSummary[]> {
    const lists = await this.#atAll('groups.list', {})
    return (lists as GroupSummary[][]).flat().sort(byName)
  }

  #atAll(method: CallMethod, params: unknown): Promise<unknown[]> {
    const nodes = Array.from({ length: this.#options.placement.nodeCount }, (_, node) => node)
    return Promise.all(nodes.map((node) => this.#at(node, method, params)))
  }

  async #at(node: number, method: CallMethod, params: unknown): Promise<unknown> {
    const { placement, peers, runHere } = this.#options
    if (node === placement.node) return runHere(method, params)
    return peers.require(node).request('call', { method, params })
  }
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1
}
