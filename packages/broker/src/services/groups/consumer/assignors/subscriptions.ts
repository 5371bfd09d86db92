// Who subscribes to what, with members of equal subscriptions taken together: a thousand members that all
// read ten thousand streams are one entry and not ten million.

import type { AssignableMember } from './assignor.ts'

/** Members with the same subscription. */
export interface SubscriberClass {
  readonly index: number
  readonly streamIds: ReadonlySet<number>
  /** Indexes into the members that were given, ascending. */
  readonly members: number[]
}

export interface SubscribedStream {
  readonly streamId: number
  readonly partitionCount: number
  readonly classes: SubscriberClass[]
}

export interface Subscriptions {
  readonly classes: readonly SubscriberClass[]
  /** Those that exist and have a subscriber, ascending by id. */
  readonly streams: readonly SubscribedStream[]
}

export function readSubscriptions(
  members: readonly AssignableMember[],
  partitionCounts: ReadonlyMap<number, number>,
): Subscriptions {
  const classes = classesOf(members)
  const streams = new Map<number, SubscribedStream>()
  for (const subscribers of classes) {
    for (const streamId of subscribers.streamIds) {
      const partitionCount = partitionCounts.get(streamId)
      if (partitionCount === undefined) continue
      const stream = streams.get(streamId)
      if (stream !== undefined) stream.classes.push(subscribers)
      else streams.set(streamId, { streamId, partitionCount, classes: [subscribers] })
    }
  }
  return { classes, streams: [...streams.values()].toSorted((a, b) => a.streamId - b.streamId) }
}

function classesOf(members: readonly AssignableMember[]): SubscriberClass[] {
  const classes: SubscriberClass[] = []
  const byObject = new Map<ReadonlySet<number>, SubscriberClass>()
  const byDigest = new Map<number, SubscriberClass[]>()
  for (const [index, { streamIds }] of members.entries()) {
    let found = byObject.get(streamIds)
    if (found === undefined) {
      const digest = digestOf(streamIds)
      const alike = byDigest.get(digest) ?? []
      found = alike.find((other) => areEqual(other.streamIds, streamIds))
      if (found === undefined) {
        found = { index: classes.length, streamIds, members: [] }
        classes.push(found)
        byDigest.set(digest, [...alike, found])
      }
      byObject.set(streamIds, found)
    }
    found.members.push(index)
  }
  return classes
}

/** Does not depend on the order; equal sets have equal digests. */
function digestOf(streamIds: ReadonlySet<number>): number {
  let digest = streamIds.size
  for (const streamId of streamIds) digest = (digest + Math.imul(streamId + 1, 0x9e3779b1)) | 0
  return digest
}

function areEqual(one: ReadonlySet<number>, other: ReadonlySet<number>): boolean {
  if (one.size !== other.size) return false
  for (const streamId of one) if (!other.has(streamId)) return false
  return true
}
