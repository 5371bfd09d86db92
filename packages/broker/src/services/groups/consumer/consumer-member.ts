// One member of a group of the consumer protocol, changed by consumer-group-state.ts alone. A classic member
// that came with the group, or joined it since, is one with `classic` set.

import type { GroupError, MemberProtocol } from '../group-messages.ts'
import { pausingEpoch } from '../consumer-messages.ts'
import { noPartitions } from '../partition-sets.ts'
import type { PartitionSets } from '../partition-sets.ts'

export interface ClassicSide {
  readonly sessionTimeoutMs: number
  readonly protocols: readonly MemberProtocol[]
}

/** What a member says of itself. */
export interface MemberWords {
  readonly memberId: string
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly topics: readonly string[]
  /** Empty: none. */
  readonly pattern: string
  readonly assignor: string | null
  readonly classic: ClassicSide | null
}

/** What survives a restart. */
export interface KnownConsumerMember extends MemberWords {
  readonly epoch: number
  readonly previousEpoch: number
  /** What it has been told to have. */
  readonly assigned: PartitionSets
  /** What it may still have and has been told to give up. */
  readonly revoking: PartitionSets
  /** What it is to have in the end. */
  readonly target: PartitionSets
}

export class ConsumerMember {
  words: MemberWords
  epoch = 0
  previousEpoch = 0
  assigned: PartitionSets = noPartitions
  revoking: PartitionSets = noPartitions
  target: PartitionSets = noPartitions
  /** The epoch of the assignment that it has come to wholly; -1: none. */
  settledEpoch = -1
  deadlineMs = Infinity
  /** Until when it must have given up what it was told to; of a classic one: have joined, or synced. */
  stepByMs = Infinity

  constructor(words: MemberWords) {
    this.words = words
  }

  get memberId(): string {
    return this.words.memberId
  }

  /** A static member that has left and may come back. */
  get isPaused(): boolean {
    return this.epoch === pausingEpoch
  }

  known(): KnownConsumerMember {
    const { epoch, previousEpoch, assigned, revoking, target } = this
    return { ...this.words, epoch, previousEpoch, assigned, revoking, target }
  }

  /** Whether the epoch that the member names may be its own, where it is not joining. */
  epochErrorOf(epoch: number): GroupError {
    if (epoch === this.epoch) return 'none'
    return this.words.classic === null ? 'stale-member-epoch' : 'illegal-generation'
  }
}

/** Of objects beside their texts and bytes. */
const memberBytes = 800
const textBytes = 40

/** About what is kept of what a member says. */
export function wordsBytesOf(words: MemberWords): number {
  const { memberId, instanceId, rackId, clientId, clientHost, topics, pattern, assignor, classic } = words
  const texts = [memberId, instanceId, rackId, clientId, clientHost, pattern, assignor, ...topics]
  const said = texts.reduce((sum, text) => sum + textBytes + (text?.length ?? 0), memberBytes)
  return (classic?.protocols ?? []).reduce(
    (sum, { name, metadata }) => sum + textBytes + name.length + metadata.length,
    said,
  )
}
