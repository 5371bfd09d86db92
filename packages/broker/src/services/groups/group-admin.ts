// What operators ask of groups: which there are, who is in them, and to forget them. Must never wait for a
// member.

import type { Clock } from '../../io/io.ts'
import type { Streams } from '../streams/streams.ts'
import type { GroupPhase } from '@sluice/protocol/model/group'
import { namedPartitions } from './topic-partitions.ts'
import type { NamedPartitions } from './topic-partitions.ts'
import type { KnownConsumerMember } from './consumer/consumer-member.ts'
import { noBytes } from './group-messages.ts'
import type { GroupError } from './group-messages.ts'
import type { GroupStore } from './group-store.ts'
import type { GroupTable } from './group-table.ts'

export interface ListedGroup {
  readonly groupId: string
  readonly kind: 'classic' | 'consumer'
  readonly phase: GroupPhase
  /** Empty where it never had members. */
  readonly protocolType: string
  readonly memberCount: number
}

export interface DescribedMember {
  readonly memberId: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly metadata: Uint8Array
  readonly assignment: Uint8Array
}

export interface DescribedGroup {
  readonly groupId: string
  readonly phase: GroupPhase
  readonly generation: number
  readonly protocolType: string
  readonly protocolName: string
  readonly members: readonly DescribedMember[]
}

export interface DescribedConsumer extends KnownConsumerMember {
  readonly assignedTopics: NamedPartitions
  readonly targetTopics: NamedPartitions
}

/** A group of the consumer protocol. */
export interface DescribedConsumerGroup {
  readonly groupId: string
  readonly phase: GroupPhase
  readonly epoch: number
  readonly assignmentEpoch: number
  readonly assignor: string
  readonly members: readonly DescribedConsumer[]
}

export interface AdminGround {
  readonly clock: Clock
  readonly store: GroupStore
  readonly table: GroupTable
  readonly streams: Pick<Streams, 'find'>
  /** Why this node cannot speak for a group. */
  readonly groupErrorOf: (groupId: string) => GroupError
}

export class GroupAdmin {
  readonly #ground: AdminGround

  constructor(ground: AdminGround) {
    this.#ground = ground
  }

  list(): ListedGroup[] {
    return Array.from(this.#ground.table.all(), ({ id, state }) => ({
      groupId: id,
      kind: state.kind,
      phase: state.phase,
      protocolType: state.protocolType ?? '',
      memberCount: state.members.size,
    }))
  }

  /** Undefined where there is no classic one. What members have is told only where it is settled. */
  describe(groupId: string): DescribedGroup | undefined {
    const state = this.#ground.table.find(groupId)?.state
    if (state?.kind !== 'classic') return undefined
    const { phase, generation, protocolType, protocolName, members } = state
    const isStable = phase === 'Stable'
    return {
      groupId,
      phase,
      generation,
      protocolType: protocolType ?? '',
      protocolName: isStable ? (protocolName ?? '') : '',
      members: Array.from(members.values(), (member) => ({
        memberId: member.memberId,
        instanceId: member.instanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        metadata: isStable ? member.metadataOf(protocolName) : noBytes,
        assignment: isStable ? member.assignment : noBytes,
      })),
    }
  }

  /** Undefined where there is none of the consumer protocol. */
  describeConsumers(groupId: string): DescribedConsumerGroup | undefined {
    const state = this.#ground.table.find(groupId)?.state
    if (state?.kind !== 'consumer') return undefined
    const { phase, epoch, assignmentEpoch, assignor, topics } = state
    const members = Array.from(state.members.values(), (member) => ({
      ...member.known(),
      assignedTopics: namedPartitions(topics, member.assigned),
      targetTopics: namedPartitions(topics, member.target),
    }))
    return { groupId, phase, epoch, assignmentEpoch, assignor, members }
  }

  /** With its offsets. Resolves when that survives a restart. */
  async delete(groupId: string): Promise<GroupError> {
    const { store, table, groupErrorOf } = this.#ground
    const error = groupErrorOf(groupId)
    if (error !== 'none') return error
    const group = table.find(groupId)
    if (group === undefined) return 'group-id-not-found'
    if (group.state.phase !== 'Empty') return 'non-empty-group'
    table.remove(group)
    return store.durable().then(
      () => 'none' as const,
      () => 'coordinator-not-available' as const,
    )
  }
}
