// All partitions that other nodes lead, as this node knows them. Hears what their leaders tell, and asks
// anew when a leader has been started again.

import { assert } from '../base/assert.ts'
import type { Logger } from '../base/logger.ts'
import { textOfKey } from './partition-messages.ts'
import type { PartitionFacts, PartitionKey, PartitionMessages } from './partition-messages.ts'
import type { PeerTable } from './peer-table.ts'
import type { PeerServices } from './peer.ts'
import { RemotePartition } from './remote-partition.ts'
import type { RemoteLeadership } from './remote-partition.ts'

export type RemotePlace = Omit<RemoteLeadership, 'peers'>

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
    services.hear('partition.removed', ({ removed, ...key }) => {
      this.#partitions.get(textOfKey(key))?.removed(removed)
    })
  }

  /**
   * Those that are known, as they are, and others as their leader says that they stand now. It must lead all
   * of them. Throws `node-unavailable`.
   */
  async open(leadership: RemotePlace, keys: readonly PartitionKey[]): Promise<RemotePartition[]> {
    const unknown = keys.filter((key) => !this.#partitions.has(textOfKey(key)))
    const facts = unknown.length === 0 ? [] : await this.#ask(leadership.node, unknown)
    for (const [at, key] of unknown.entries()) this.#add(leadership, key, facts[at] ?? unheardOf)
    return keys.map((key) => this.#partitions.get(textOfKey(key))!)
  }

  /** The same for such as are known or have just been made: they are empty, until their leader says more. */
  openNew(leadership: RemotePlace, keys: readonly PartitionKey[]): RemotePartition[] {
    return keys.map((key) => this.#partitions.get(textOfKey(key)) ?? this.#add(leadership, key, unheardOf))
  }

  /** Asks all leaders how the partitions of a stream, or of all, stand now. Throws `node-unavailable`. */
  async refresh(stream?: number): Promise<void> {
    const byNode = new Map<number, PartitionKey[]>()
    for (const { key, node } of this.#partitions.values()) {
      if (stream !== undefined && key.stream !== stream) continue
      const keys = byNode.get(node) ?? []
      byNode.set(node, keys)
      keys.push(key)
    }
    await Promise.all(Array.from(byNode, ([node, keys]) => this.#refresh(node, keys)))
  }

  close(key: PartitionKey): void {
    this.#partitions.delete(textOfKey(key))
  }

  onNewLife(listener: LifeListener): void {
    this.#lifeListeners.add(listener)
  }

  /** A node has been started again: its logs may have changed, and it knows nothing of who follows. */
  async renewed(node: number): Promise<void> {
    const keys = Array.from(this.#partitions.values()).filter((partition) => partition.node === node)
    try {
      await this.#refresh(
        node,
        keys.map(({ key }) => key),
      )
    } catch (error) {
      // Why not tried again: it has died once more, and is renewed once more.
      this.#logger.warn({ error, node }, 'a node that was started again did not answer')
      return
    }
    for (const partition of this.#partitions.values()) if (partition.node === node) partition.follow()
  }

  async #refresh(node: number, keys: readonly PartitionKey[]): Promise<void> {
    const facts = await this.#ask(node, keys)
    for (const [at, key] of keys.entries()) if (facts[at] !== undefined) this.#moved(key, facts[at])
  }

  #ask(node: number, keys: readonly PartitionKey[]): Promise<readonly (PartitionFacts | undefined)[]> {
    try {
      return this.#peers.require(node).request('partition.facts', keys)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #add({ node, isVolatile }: RemotePlace, key: PartitionKey, facts: PartitionFacts): RemotePartition {
    const partition = new RemotePartition(key, { node, isVolatile, peers: this.#peers }, facts)
    this.#partitions.set(textOfKey(key), partition)
    return partition
  }

  #moved(key: PartitionKey, facts: PartitionFacts): void {
    const text = textOfKey(key)
    const partition = this.#partitions.get(text)
    if (partition === undefined) return
    // Why: what an earlier life of the leader said may still be under way on its old channel.
    if (facts.leaderEpoch < partition.leaderEpoch) return
    const isSameLife = facts.leaderEpoch === partition.leaderEpoch || partition.leaderEpoch === 0
    if (isSameLife || !partition.leadership.isVolatile) {
      // Why fatal: consumers have settled what this log no longer has, and its offsets are given again.
      assert(
        facts.highWatermark >= partition.highWatermark,
        `partition ${text} has lost what it had confirmed`,
      )
      return partition.moved(facts)
    }
    const replacement = this.#add(partition.leadership, key, facts)
    for (const listener of this.#lifeListeners) listener(replacement)
  }
}

/** Boot epochs begin with 1. */
const unheardOf: PartitionFacts = {
  leaderEpoch: 0,
  logStart: 0,
  highWatermark: 0,
  sizeBytes: 0,
  quarantined: 0,
}
