// All partitions that other nodes lead, as this node knows them. Hears what their leaders tell, and asks
// anew when a leader has been started again.

import { assert } from '../base/assert.ts'
import type { Logger } from '../base/logger.ts'
import { textOfKey } from './partition-messages.ts'
import type { PartitionFacts, PartitionKey, PartitionMessages } from './partition-messages.ts'
import type { PeerTable } from './peer-table.ts'
import type { PeerServices } from './peer.ts'
import { RemotePartition } from './remote-partition.ts'

/** A log has begun anew: this object stands for its new life, and whoever holds the old one must change. */
export type LifeListener = (replacement: RemotePartition) => void

export class RemotePartitions {
  readonly #peers: PeerTable<PartitionMessages>
  readonly #logger: Logger
  readonly #partitions = new Map<string, RemotePartition>()
  readonly #lifeListeners = new Set<LifeListener>()

  constructor(
    peers: PeerTable<PartitionMessages>,
    services: PeerServices<PartitionMessages>,
    logger: Logger,
  ) {
    this.#peers = peers
    this.#logger = logger
    services.hear('partition.moved', (moved) => {
      for (const { facts, ...key } of moved) this.#moved(key, facts)
    })
  }

  /** As their leader, which must lead all of them, says that they stand now. Throws `node-unavailable`. */
  async open(node: number, keys: readonly PartitionKey[], isVolatile: boolean): Promise<RemotePartition[]> {
    const peer = this.#peers.require(node)
    const facts = await peer.request('partition.facts', keys)
    return keys.map((key, at) => {
      const leadership = { node, peers: this.#peers, isVolatile }
      const partition = new RemotePartition(key, leadership, facts[at] ?? unheardOf)
      this.#partitions.set(textOfKey(key), partition)
      return partition
    })
  }

  close(key: PartitionKey): void {
    this.#partitions.delete(textOfKey(key))
  }

  onNewLife(listener: LifeListener): void {
    this.#lifeListeners.add(listener)
  }

  /** A node has been started again: its logs may have changed, and it knows nothing of who follows. */
  async renewed(node: number): Promise<void> {
    const partitions = [...this.#partitions.values()].filter((partition) => partition.node === node)
    const keys = partitions.map(({ key }) => key)
    try {
      const facts = await this.#peers.require(node).request('partition.facts', keys)
      for (const [at, key] of keys.entries()) {
        const found = facts[at]
        if (found === undefined) continue
        this.#moved(key, found)
        this.#partitions.get(textOfKey(key))?.follow()
      }
    } catch (error) {
      // Why not tried again: it has died once more, and is renewed once more.
      this.#logger.warn({ error, node }, 'a node that was started again did not answer')
    }
  }

  #moved(key: PartitionKey, facts: PartitionFacts): void {
    const text = textOfKey(key)
    const partition = this.#partitions.get(text)
    if (partition === undefined) return
    // Why: what an earlier life of the leader said may still be under way on its old channel.
    if (facts.leaderEpoch < partition.leaderEpoch) return
    if (facts.leaderEpoch === partition.leaderEpoch || !partition.leadership.isVolatile) {
      // Why fatal: consumers have settled what this log no longer has, and its offsets are given again.
      assert(
        facts.highWatermark >= partition.highWatermark,
        `partition ${text} has lost what it had confirmed`,
      )
      return partition.moved(facts)
    }
    const replacement = new RemotePartition(key, partition.leadership, facts)
    this.#partitions.set(text, replacement)
    for (const listener of this.#lifeListeners) listener(replacement)
  }
}

/** Of a partition that its leader is about to close. */
const unheardOf: PartitionFacts = {
  leaderEpoch: 0,
  logStart: 0,
  highWatermark: 0,
  sizeBytes: 0,
  quarantined: 0,
}
