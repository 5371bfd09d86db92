// What members of groups of the consumer protocol say in their heartbeats, and what they are answered.

import type { GroupError, MemberName } from './group-messages.ts'
import { assignors } from './consumer/assignors.ts'
import type { PartitionSets } from './partition-sets.ts'

/** What a member says instead of its epoch. */
export const joiningEpoch = 0
export const leavingEpoch = -1
/** Of a static member that comes back. */
export const pausingEpoch = -2

/** Where a member says nothing (null), it is as it was. */
export interface ConsumerHeartbeat extends MemberName {
  readonly epoch: number
  readonly clientId: string
  readonly clientHost: string
  readonly rackId: string | null
  /** -1: as it was. */
  readonly rebalanceTimeoutMs: number
  readonly topics: readonly string[] | null
  readonly pattern: string | null
  readonly assignor: string | null
  readonly owned: PartitionSets | null
  /** From version 1 on members make their ids themselves. */
  readonly isIdRequired: boolean
}

export interface ConsumerAnswer {
  readonly error: GroupError
  /** What is wrong, for people. */
  readonly text: string | null
  readonly memberId: string
  readonly epoch: number
  /** Null where it has not changed, and was not asked for. */
  readonly assigned: PartitionSets | null
  /** When it is to come again; 0 where it is refused, or leaves. */
  readonly heartbeatMs: number
}

export function heartbeatRefused(
  error: GroupError,
  { memberId, epoch }: { readonly memberId: string; readonly epoch: number },
  text: string | null = null,
): ConsumerAnswer {
  return { error, text, memberId, epoch, assigned: null, heartbeatMs: 0 }
}

export type AssignorName = keyof typeof assignors

export const assignorNames: readonly string[] = Object.keys(assignors)

export function isAssignor(name: string | null): name is AssignorName {
  return name !== null && Object.hasOwn(assignors, name)
}
