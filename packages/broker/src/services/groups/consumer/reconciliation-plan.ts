// What a member is to have next on its way to its target: first it gives up, then it is given what nobody
// else may be reading. Decides, and changes nothing.
//
//   Stable ──► Unrevoked (told to give up, keeps its epoch) ──► Unreleased (waits for others) ──► Stable
//
// A member is at the epoch of the assignment once it has nothing to give up any more.

import {
  countOf,
  difference,
  filtered,
  intersection,
  overlap,
  union,
  noPartitions,
} from '../partition-sets.ts'
import type { PartitionSets } from '../partition-sets.ts'

export interface Reconciling {
  readonly epoch: number
  readonly assigned: PartitionSets
  readonly revoking: PartitionSets
  readonly target: PartitionSets
}

export interface ReconciliationGround {
  /** Of the assignment that the target is of. */
  readonly targetEpoch: number
  /** What the member says it has; undefined: it does not say. */
  readonly owned: PartitionSets | undefined
  /** Whether no other member may be reading it. */
  readonly isFree: (streamId: number, partition: number) => boolean
}

export interface Reconciled {
  readonly epoch: number
  readonly assigned: PartitionSets
  readonly revoking: PartitionSets
  /** It has all of its target. */
  readonly isSettled: boolean
}

/** Undefined: it has to give up something first, and has not. */
export function reconciliationPlan(
  { epoch, assigned, revoking, target }: Reconciling,
  { targetEpoch, owned, isFree }: ReconciliationGround,
): Reconciled | undefined {
  const isStillRevoking = revoking.size > 0
  if (isStillRevoking && (owned === undefined || overlap(owned, revoking))) return undefined
  const kept = intersection(assigned, target)
  const surplus = difference(assigned, kept)
  if (surplus.size > 0 && (owned === undefined || overlap(owned, surplus))) {
    // Why one more: what it says with the epoch that it revoked in is old from now on.
    const next = isStillRevoking ? Math.min(epoch + 1, targetEpoch) : epoch
    return { epoch: next, assigned: kept, revoking: surplus, isSettled: false }
  }
  const missing = difference(target, kept)
  const granted = filtered(missing, isFree)
  return {
    epoch: targetEpoch,
    assigned: union(kept, granted),
    revoking: noPartitions,
    isSettled: countOf(granted) === countOf(missing),
  }
}
