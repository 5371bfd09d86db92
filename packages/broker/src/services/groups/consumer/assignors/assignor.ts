// What an assignor is given and what it answers. Assignors are pure: the same members and partitions, in
// whatever order, are assigned alike.

/** Stream id → partitions, ascending. */
export type PartitionSets = ReadonlyMap<number, readonly number[]>

export interface AssignableMember {
  readonly memberId: string
  readonly instanceId: string | null
  /** Members that subscribe to the same may share one set: then it is looked at once. */
  readonly streamIds: ReadonlySet<number>
  /** What it had so far; may name what is gone, or what another member has, too. */
  readonly current: PartitionSets
}

/**
 * Assigns each partition of each stream that anybody subscribes to, to one of its subscribers. Every member
 * is in the answer. Streams without a count do not exist.
 */
export type Assignor = (
  members: readonly AssignableMember[],
  partitionCounts: ReadonlyMap<number, number>,
) => Map<string, PartitionSets>
