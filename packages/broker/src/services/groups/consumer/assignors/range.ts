// Each stream's partitions are cut into ranges, one per subscriber, the first ones longer by one where they
// do not come out even. Streams of as many partitions and the same subscribers are cut alike: a member has
// the same partitions of all of them.

import type { AssignableMember, PartitionSets } from './assignor.ts'
import { readSubscriptions } from './subscriptions.ts'
import type { SubscribedStream } from './subscriptions.ts'

export function assignRanges(
  members: readonly AssignableMember[],
  partitionCounts: ReadonlyMap<number, number>,
): Map<string, PartitionSets> {
  const sorted = members.toSorted(inOrderOfRanges)
  const assigned = new Map(sorted.map(({ memberId }) => [memberId, new Map<number, number[]>()]))
  const known = new Map<string, readonly number[]>()
  for (const stream of readSubscriptions(sorted, partitionCounts).streams) {
    const subscribers = subscribersOf(stream, known)
    const { streamId, partitionCount } = stream
    const each = Math.floor(partitionCount / subscribers.length)
    const longer = partitionCount % subscribers.length
    let first = 0
    for (let place = 0; first < partitionCount; place++) {
      const count = each + (place < longer ? 1 : 0)
      const begin = first
      const range = Array.from({ length: count }, (_, index) => begin + index)
      assigned.get(sorted[subscribers[place]!]!.memberId)!.set(streamId, range)
      first += count
    }
  }
  return assigned
}

/** Static members come first, by the name that they keep over restarts. */
function inOrderOfRanges(one: AssignableMember, other: AssignableMember): number {
  if (one.instanceId !== null && other.instanceId !== null) return compare(one.instanceId, other.instanceId)
  if (one.instanceId !== null) return -1
  if (other.instanceId !== null) return 1
  return compare(one.memberId, other.memberId)
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other)
}

/** Members of all its classes, in order; kept by the combination of classes, of which there are few. */
function subscribersOf(
  { classes }: SubscribedStream,
  known: Map<string, readonly number[]>,
): readonly number[] {
  if (classes.length === 1) return classes[0]!.members
  const key = classes.map(({ index }) => index).join()
  const found = known.get(key)
  if (found !== undefined) return found
  const merged = classes.flatMap(({ members }) => members).toSorted((a, b) => a - b)
  known.set(key, merged)
  return merged
}
