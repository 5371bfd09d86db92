// A partition that another node leads, as the services of this one see it: facts that its leader tells, and
// requests over a channel. While the leader is away the last facts stand, and requests are refused.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { LogSlice, Removed } from '../log/log.ts'
import type { PartitionFacts, PartitionKey, PartitionMessages } from './partition-messages.ts'
import type { Partition } from './partition.ts'
import type { PeerTable } from './peer-table.ts'
import type { Peer } from './peer.ts'

export interface RemoteLeadership {
  readonly node: number
  readonly peers: PeerTable<PartitionMessages>
  /** Its log ends with its leader: after a restart there is another one. */
  readonly isVolatile: boolean
}

export class RemotePartition implements Partition {
  readonly key: PartitionKey
  readonly leadership: RemoteLeadership
  readonly #listeners = new Set<() => void>()
  readonly #removalListeners = new Set<(removed: Removed) => void>()
  #facts: PartitionFacts

  constructor(key: PartitionKey, leadership: RemoteLeadership, facts: PartitionFacts) {
    this.key = key
    this.leadership = leadership
    this.#facts = facts
  }

  get node(): number {
    return this.leadership.node
  }

  get index(): number {
    return this.key.partition
  }

  get leaderEpoch(): number {
    return this.#facts.leaderEpoch
  }

  get logStart(): number {
    return this.#facts.logStart
  }

  get highWatermark(): number {
    return this.#facts.highWatermark
  }

  get sizeBytes(): number {
    return this.#facts.sizeBytes
  }

  get quarantined(): number {
    return this.#facts.quarantined
  }

  get offline(): BrokerError | undefined {
    const { offline } = this.#facts
    return offline === undefined ? undefined : BrokerError.received('partition-offline', offline)
  }

  async store(batches: readonly Uint8Array[]): Promise<number> {
    // Why copied: a batch may be part of a larger buffer, and what is moved is gone here.
    const copies = batches.map((batch) => new Uint8Array(batch))
    const buffers = copies.map(({ buffer }) => buffer)
    return this.#leader().request('partition.store', { ...this.key, batches: copies }, buffers)
  }

  async refresh(): Promise<void> {
    const [facts] = await this.#leader().request('partition.facts', [this.key])
    if (facts !== undefined) this.moved(facts)
  }

  onAdvance(listener: () => void): () => void {
    return this.#listen(this.#listeners, listener)
  }

  async removeBelow(offset: number): Promise<number> {
    return this.#leader().request('partition.removeBelow', { ...this.key, offset })
  }

  async deleteRecords(offsets: readonly number[]): Promise<number> {
    return this.#leader().request('partition.deleteRecords', { ...this.key, offsets })
  }

  onRemoved(listener: (removed: Removed) => void): () => void {
    return this.#listen(this.#removalListeners, listener)
  }

  /** Nothing is kept here but what the services themselves decode and keep. */
  readCached(): undefined {
    return undefined
  }

  async read(offset: number, bytesMax: number): Promise<LogSlice> {
    const body = { ...this.key, offset, bytesMax }
    const { bytes, nextOffset } = await this.#leader().request('partition.read', body)
    return { bytes, start: 0, end: bytes.length, nextOffset }
  }

  async offsetForTime(timeMs: number): Promise<number> {
    return this.#leader().request('partition.offsetForTime', { ...this.key, timeMs })
  }

  /** For the table of them: its leader has said how it stands. */
  moved(facts: PartitionFacts): void {
    this.#facts = facts
    for (const listener of this.#listeners) listener()
  }

  /** For the table of them: records have left it. */
  removed(removed: Removed): void {
    for (const listener of this.#removalListeners) listener(removed)
  }

  /** For the table of them: asks to be told, where anybody here listens. */
  follow(): void {
    if (this.#listenerCount > 0) this.#tellFollowed(true)
  }

  get #listenerCount(): number {
    return this.#listeners.size + this.#removalListeners.size
  }

  #listen<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
    listeners.add(listener)
    if (this.#listenerCount === 1) this.follow()
    return () => {
      if (listeners.delete(listener) && this.#listenerCount === 0) this.#tellFollowed(false)
    }
  }

  #tellFollowed(isFollowed: boolean): void {
    this.leadership.peers.find(this.node)?.tell('partition.follow', { ...this.key, isFollowed })
  }

  #leader(): Peer<PartitionMessages> {
    return this.leadership.peers.require(this.node)
  }
}
