// The partition that a request is about, if this node leads it as the client believes.

import { LedPartition } from '../../cluster/partition.ts'
import type { Partition } from '../../cluster/partition.ts'
import type { Stream } from '../../services/streams/stream.ts'
import { kafkaErrors } from './kafka-errors.ts'

/** Epochs begin with 1. */
const unheardEpoch = 0

export type FoundPartition =
  | { readonly stream: Stream; readonly partition: LedPartition }
  | {
      readonly partition: undefined
      readonly errorCode: number
      /** Who leads it, and since which epoch, where that is not what the client believes. */
      readonly led?: Partition
    }

/** Epoch -1: the client does not say which it knows. A newer one than ours: what we know is out of date. */
export function findLed(
  stream: Stream | undefined,
  index: number,
  currentLeaderEpoch: number,
): FoundPartition {
  const partition = stream?.partitions[index]
  if (stream === undefined || partition === undefined) return refused('UNKNOWN_TOPIC_OR_PARTITION')
  if (!(partition instanceof LedPartition)) return refused('NOT_LEADER_OR_FOLLOWER', partition)
  const { leaderEpoch } = partition
  if (currentLeaderEpoch > leaderEpoch) return refused('UNKNOWN_LEADER_EPOCH')
  if (currentLeaderEpoch >= 0 && currentLeaderEpoch < leaderEpoch)
    return refused('FENCED_LEADER_EPOCH', partition)
  return { stream, partition }
}

/** As clients are told; -1: this node has not heard from the leader yet, and clients need not say one. */
export function toldEpochOf({ leaderEpoch }: Partition): number {
  return leaderEpoch === unheardEpoch ? -1 : leaderEpoch
}

/** Asks those leaders of a stream that have not been heard of yet; who does not answer stays unheard of. */
export async function hearOfLeaders({ partitions }: Stream): Promise<void> {
  const unheard = partitions.filter(({ leaderEpoch }) => leaderEpoch === unheardEpoch)
  if (unheard.length > 0) await Promise.allSettled(unheard.map((partition) => partition.refresh()))
}

function refused(name: keyof typeof kafkaErrors, led?: Partition): FoundPartition {
  return { partition: undefined, errorCode: kafkaErrors[name], ...(led === undefined ? {} : { led }) }
}
