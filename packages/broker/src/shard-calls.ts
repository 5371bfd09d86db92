// Which shard carries out which call: those about streams go to the control thread, those about a consumer to
// its home, and what a consumer does with a stream begins with how the stream stands at its leaders.

import type { CallMethod } from '@sluice/protocol/native/calls'
import type { ConsumerInfo } from '@sluice/protocol/model/consumer'
import type { PeerTable } from './cluster/peer-table.ts'
import type { Peer } from './cluster/peer.ts'
import type { Placement } from './cluster/placement.ts'
import type { CallRouter } from './servers/native/native-session.ts'
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
    if (method === 'consumers.list') return this.#listConsumers(params as { stream: string })
    return this.#atHome(method, params as { stream: string; name: string })
  }

  async #atHome(method: CallMethod, params: { stream: string; name: string }): Promise<unknown> {
    const { placement, peers, streams, runHere } = this.#options
    const home = placement.homeOf(streams.require(params.stream), params.name)
    if (home === placement.node) return runHere(method, params)
    return peers.require(home).request('call', { method, params })
  }

  async #listConsumers(params: { stream: string }): Promise<ConsumerInfo[]> {
    const { placement, peers, streams, runHere } = this.#options
    streams.require(params.stream)
    const method = 'consumers.list'
    const nodes = Array.from({ length: placement.nodeCount }, (_, node) => node)
    const lists = await Promise.all(
      nodes.map(async (node) =>
        node === placement.node
          ? runHere(method, params)
          : peers.require(node).request('call', { method, params }),
      ),
    )
    const all = (lists as ConsumerInfo[][]).flat()
    return all.sort((one, other) => (one.name < other.name ? -1 : 1))
  }
}
