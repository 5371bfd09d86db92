// The peers of a node, by their numbers. A node that dies leaves a gap until it has been started again.

import type { MessageTable, Peer } from './peer.ts'
import { unavailable } from './peer.ts'

export class PeerTable<T extends MessageTable> {
  readonly #peers = new Map<number, Peer<T>>()

  /** Takes the place of an earlier one of that number. */
  set(node: number, peer: Peer<T>): void {
    this.#peers.get(node)?.close()
    this.#peers.set(node, peer)
  }

  /** Throws `node-unavailable`. */
  require(node: number): Peer<T> {
    const peer = this.#peers.get(node)
    if (peer === undefined || peer.isClosed) throw unavailable(`Node ${node}`)
    return peer
  }

  find(node: number): Peer<T> | undefined {
    const peer = this.#peers.get(node)
    return peer?.isClosed === false ? peer : undefined
  }
}
