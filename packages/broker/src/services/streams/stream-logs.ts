// Where the logs of streams are, as the changes of streams need them: here (stream-files.ts), at the nodes
// that lead them (leader-logs.ts), or some of both (node-logs.ts).

import type { StreamConfig } from '@sluice/protocol/model/stream'
import type { Partition } from '../../cluster/partition.ts'
import type { StreamEntry } from './stream-catalog.ts'
import type { NamedStream } from './stream-messages.ts'
import type { StreamIdentity } from './stream.ts'

/** A partition of a stream that is open here. */
export interface OpenPartition {
  readonly partition: Partition
  /** Closes its log where that is here. Only its stream may do it. */
  close(): Promise<void>
}

/** What of a stream the catalog has taken, or is about to. */
export interface StreamChange {
  readonly kind: 'added' | 'growing' | 'changed' | 'removed'
  readonly identity: StreamIdentity
  readonly config: StreamConfig
}

export interface StreamLogs {
  /** Partitions `from` up to `config.partitions`, made where there are none: all of them, or it throws. */
  make(identity: StreamIdentity, config: StreamConfig, from: number): Promise<readonly OpenPartition[]>
  /**
   * All partitions of a stream that the catalog knows; `areNew` says that those which are not known here yet
   * have just been made. Throws `corrupt-log` when one is not there.
   */
  open(entry: NamedStream, areNew: boolean): Promise<readonly OpenPartition[]>
  remove(identity: StreamIdentity, config: StreamConfig): Promise<void>
  removePartitions(identity: StreamIdentity, config: StreamConfig, from: number): Promise<void>
  /** Removes what a change left behind when the broker stopped in its middle. */
  removeOrphans(entries: readonly StreamEntry[]): Promise<void>
  /**
   * Resolves when all other nodes that run know of a change. Rejects only for `growing`, which asks them
   * whether a stream may get more partitions.
   */
  announce(change: StreamChange): Promise<void>
}

export async function closeAll(partitions: readonly OpenPartition[]): Promise<void> {
  await Promise.all(partitions.map((partition) => partition.close()))
}

/** By partition: a stream finds them by their place. */
export function inOrder(partitions: OpenPartition[]): OpenPartition[] {
  return partitions.sort((one, other) => one.partition.index - other.partition.index)
}
