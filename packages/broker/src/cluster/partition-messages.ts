// What nodes ask of the leader of a partition, and what leaders tell.

import type { Removed } from '../log/log.ts'

export interface PartitionKey {
  /** Id of the stream. */
  readonly stream: number
  readonly partition: number
}

/** How a partition stands. */
export interface PartitionFacts {
  /** Of the leader's present life. */
  readonly leaderEpoch: number
  readonly logStart: number
  readonly highWatermark: number
  readonly sizeBytes: number
  readonly quarantined: number
  /** Why nothing can be appended. */
  readonly offline?: string
}

export interface PartitionMessages {
  readonly requests: {
    /** In the order of the keys; undefined for what is not led there. */
    readonly 'partition.facts': {
      body: readonly PartitionKey[]
      answer: readonly (PartitionFacts | undefined)[]
    }
    readonly 'partition.read': {
      body: PartitionKey & { readonly offset: number; readonly bytesMax: number }
      answer: { readonly bytes: Uint8Array; readonly nextOffset: number }
    }
    /** Answers with the first base offset when all is durable. */
    readonly 'partition.store': {
      body: PartitionKey & { readonly batches: readonly Uint8Array[] }
      answer: number
    }
    readonly 'partition.offsetForTime': {
      body: PartitionKey & { readonly timeMs: number }
      answer: number
    }
    readonly 'partition.removeBelow': { body: PartitionKey & { readonly offset: number }; answer: number }
    readonly 'partition.deleteRecords': {
      body: PartitionKey & { readonly offsets: readonly number[] }
      answer: number
    }
  }
  readonly notices: {
    /** Tell me, now and whenever something changes, or no longer. */
    readonly 'partition.follow': PartitionKey & { readonly isFollowed: boolean }
    /** Once a turn, all that have changed. */
    readonly 'partition.moved': readonly (PartitionKey & { readonly facts: PartitionFacts })[]
    readonly 'partition.removed': PartitionKey & { readonly removed: Removed }
  }
}

export function textOfKey({ stream, partition }: PartitionKey): string {
  return `${stream}/${partition}`
}
