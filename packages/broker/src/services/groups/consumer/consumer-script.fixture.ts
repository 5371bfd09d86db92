// A group of the consumer protocol under test: members that ask, with what they have been told to have.

import { TopicDirectory } from '../topic-directory.ts'
import { joiningEpoch } from '../consumer-messages.ts'
import type { ConsumerAnswer, ConsumerHeartbeat } from '../consumer-messages.ts'
import { noPartitions, partitionSets } from '../partition-sets.ts'
import type { PartitionSets } from '../partition-sets.ts'
import { ConsumerGroupState } from './consumer-group-state.ts'
import type { ConsumerGroupBounds, KnownConsumerGroup } from './consumer-group-state.ts'
import { consumerHeartbeat } from './consumer-heartbeat.ts'

export const sessionMs = 45_000
export const rebalanceMs = 60_000
export const bounds: ConsumerGroupBounds = {
  membersMax: 10,
  membersBytesMax: 100_000,
  sessionTimeoutMs: sessionMs,
  heartbeatIntervalMs: 5000,
}

/** A heartbeat that says nothing new. */
export function beatOf(changes: Partial<ConsumerHeartbeat> = {}): ConsumerHeartbeat {
  return {
    memberId: '',
    instanceId: null,
    epoch: 1,
    clientId: 'client',
    clientHost: 'host',
    rackId: null,
    rebalanceTimeoutMs: -1,
    topics: null,
    pattern: null,
    assignor: null,
    owned: null,
    isIdRequired: true,
    ...changes,
  }
}

/** Of a member that wants topic T. */
export function joiningOf(changes: Partial<ConsumerHeartbeat> = {}): ConsumerHeartbeat {
  const said = { rebalanceTimeoutMs: rebalanceMs, topics: ['T'], owned: noPartitions }
  return beatOf({ epoch: joiningEpoch, ...said, ...changes })
}

/** As `1: 0 1 2`: by stream id. */
export function textOf(sets: PartitionSets | null): string | null {
  if (sets === null) return null
  return Array.from(sets, ([id, partitions]) => `${id}: ${partitions.join(' ')}`).join(', ')
}

export function sets(rows: Readonly<Record<number, readonly number[]>>): PartitionSets {
  return partitionSets(Object.entries(rows).map(([id, partitions]) => [Number(id), partitions] as const))
}

export class ConsumerScript {
  readonly topics: TopicDirectory
  state: ConsumerGroupState
  nowMs = 0

  constructor(changes: Partial<ConsumerGroupBounds> = {}, topics: TopicDirectory = new TopicDirectory()) {
    this.topics = topics
    if (topics.comeCount === 0) topics.put({ id: 1, name: 'T', partitionCount: 4 })
    this.state = new ConsumerGroupState({ ...bounds, ...changes }, topics)
  }

  ask(request: ConsumerHeartbeat): ConsumerAnswer {
    return consumerHeartbeat(this.state, request, 'made', this.nowMs)
  }

  join(memberId: string, changes: Partial<ConsumerHeartbeat> = {}): ConsumerAnswer {
    return this.ask(joiningOf({ memberId, ...changes }))
  }

  /** With the epoch that it was told, if it does not say otherwise. */
  beat(memberId: string, changes: Partial<ConsumerHeartbeat> = {}): ConsumerAnswer {
    return this.ask(beatOf({ memberId, epoch: this.epochOf(memberId), ...changes }))
  }

  /** It has what it was told to have, and nothing else any more. */
  confirm(memberId: string): ConsumerAnswer {
    return this.beat(memberId, { owned: this.state.members.get(memberId)!.assigned })
  }

  /** Everybody does what it is told until nothing happens any more. */
  settle(): void {
    for (let round = 0; round < 4; round++) for (const id of this.state.members.keys()) this.confirm(id)
  }

  epochOf(memberId: string): number {
    return this.state.members.get(memberId)?.epoch ?? -9
  }

  has(memberId: string): string | null {
    return textOf(this.state.members.get(memberId)?.assigned ?? null)
  }

  pass(ms: number): void {
    this.nowMs += ms
    this.state.expire(this.nowMs, true)
  }

  /** As after a crash: only what is stored is left. */
  restart(): KnownConsumerGroup {
    const known = this.state.known()
    this.state = new ConsumerGroupState(this.state.bounds, this.topics, known, this.nowMs)
    return known
  }
}
