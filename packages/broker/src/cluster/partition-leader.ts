// Answers other nodes for the partitions that this one leads, and tells them how those they follow stand.
// Must never tell of a record that is not readable yet: a follower may ask for it at once.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { textOfKey } from './partition-messages.ts'
import type { PartitionFacts, PartitionKey, PartitionMessages } from './partition-messages.ts'
import type { LedPartition } from './partition.ts'
import { Moved } from './peer.ts'
import type { MessageTable, Peer, PeerServices } from './peer.ts'

interface Led {
  readonly key: PartitionKey
  readonly partition: LedPartition
  readonly followers: Set<Peer<MessageTable>>
  readonly stops: readonly (() => void)[]
}

export class PartitionLeader {
  readonly #led = new Map<string, Led>()
  /** Those that have moved in this turn and are followed. */
  readonly #moved = new Set<Led>()

  constructor(services: PeerServices<PartitionMessages>) {
    services.answer('partition.facts', (keys) => keys.map((key) => this.#factsOf(key)))
    services.answer('partition.read', (body) => this.#read(body))
    services.answer('partition.store', ({ batches, ...key }) => this.#require(key).store(batches))
    services.answer('partition.offsetForTime', ({ timeMs, ...key }) =>
      this.#require(key).offsetForTime(timeMs),
    )
    services.answer('partition.removeBelow', ({ offset, ...key }) => this.#require(key).removeBelow(offset))
    services.answer('partition.deleteRecords', ({ offsets, ...key }) =>
      this.#require(key).deleteRecords(offsets),
    )
    services.hear('partition.follow', ({ isFollowed, ...key }, { from }) =>
      this.#follow(key, from, isFollowed),
    )
  }

  add(key: PartitionKey, partition: LedPartition): void {
    const followers = new Set<Peer<MessageTable>>()
    const stops = [
      partition.onAdvance(() => {
        if (followers.size > 0) this.#markMoved(led)
      }),
      partition.onRemoved((removed) => {
        for (const peer of followers) asFollower(peer).tell('partition.removed', { ...key, removed })
        if (followers.size > 0) this.#markMoved(led)
      }),
    ]
    const led: Led = { key, partition, followers, stops }
    this.#led.set(textOfKey(key), led)
  }

  remove(key: PartitionKey): void {
    const text = textOfKey(key)
    const led = this.#led.get(text)
    if (led === undefined) return
    for (const stop of led.stops) stop()
    this.#led.delete(text)
    this.#moved.delete(led)
  }

  #factsOf(key: PartitionKey): PartitionFacts | undefined {
    const led = this.#led.get(textOfKey(key))
    return led === undefined ? undefined : factsOf(led.partition)
  }

  async #read({
    offset,
    bytesMax,
    ...key
  }: PartitionKey & { offset: number; bytesMax: number }): Promise<
    Moved<{ bytes: Uint8Array; nextOffset: number }>
  > {
    const { bytes, start, end, nextOffset } = await this.#require(key).read(offset, bytesMax)
    // Why copied: the bytes are the tail cache's, or shared with whoever else reads them here.
    const copy = new Uint8Array(end - start)
    copy.set(bytes.subarray(start, end))
    return new Moved({ bytes: copy, nextOffset }, [copy.buffer])
  }

  #follow(key: PartitionKey, peer: Peer<MessageTable>, isFollowed: boolean): void {
    const led = this.#led.get(textOfKey(key))
    if (led === undefined) return
    if (!isFollowed) led.followers.delete(peer)
    else {
      led.followers.add(peer)
      this.#markMoved(led)
    }
  }

  #markMoved(led: Led): void {
    if (this.#moved.size === 0) queueMicrotask(() => this.#tell())
    this.#moved.add(led)
  }

  #tell(): void {
    const notices = new Map<Peer<MessageTable>, (PartitionKey & { facts: PartitionFacts })[]>()
    for (const { key, partition, followers } of this.#moved) {
      const moved = { ...key, facts: factsOf(partition) }
      for (const peer of followers) {
        if (peer.isClosed) followers.delete(peer)
        else if (notices.has(peer)) notices.get(peer)!.push(moved)
        else notices.set(peer, [moved])
      }
    }
    this.#moved.clear()
    for (const [peer, moved] of notices) asFollower(peer).tell('partition.moved', moved)
  }

  #require(key: PartitionKey): LedPartition {
    const led = this.#led.get(textOfKey(key))
    if (led !== undefined) return led.partition
    const text = `Partition ${key.partition} of stream ${key.stream} is not here any more`
    throw new BrokerError('stream-deleted', text)
  }
}

function asFollower(peer: Peer<MessageTable>): Peer<PartitionMessages> {
  return peer as unknown as Peer<PartitionMessages>
}

function factsOf(partition: LedPartition): PartitionFacts {
  const { leaderEpoch, logStart, highWatermark, sizeBytes, quarantined, offline } = partition
  const facts = { leaderEpoch, logStart, highWatermark, sizeBytes, quarantined }
  return offline === undefined ? facts : { ...facts, offline: offline.message }
}
