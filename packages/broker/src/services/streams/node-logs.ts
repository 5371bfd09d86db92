// The logs of streams at one of several nodes: those that it leads are files here, the others are remote
// partitions. Must never make a log that another node leads.

import type { StreamConfig } from '@sluice/protocol/model/stream'
import type { PartitionLeader } from '../../cluster/partition-leader.ts'
import type { Placement } from '../../cluster/placement.ts'
import type { RemotePartitions } from '../../cluster/remote-partitions.ts'
import { openRemoteLogs } from './remote-logs.ts'
import type { StreamEntry } from './stream-catalog.ts'
import { StreamFiles } from './stream-files.ts'
import type { OpenPartition, StreamLogs } from './stream-logs.ts'
import type { LoggedPartition } from './stream-files.ts'
import { closeAll, inOrder } from './stream-logs.ts'
import type { NamedStream } from './stream-messages.ts'
import type { StreamIdentity } from './stream.ts'
import type { StreamsOptions } from './streams-options.ts'

export interface NodeLogsOptions {
  readonly files: Omit<StreamsOptions, 'logs' | 'createElsewhere'> & { readonly placement: Placement }
  readonly leader: PartitionLeader
  readonly remote: RemotePartitions
}

export class NodeLogs implements StreamLogs {
  readonly #files: StreamFiles
  readonly #placement: Placement
  readonly #leader: PartitionLeader
  readonly #remote: RemotePartitions
  /** By stream id, then by partition. */
  readonly #led = new Map<number, Map<number, LoggedPartition>>()

  constructor({ files, leader, remote }: NodeLogsOptions) {
    this.#files = new StreamFiles(files)
    this.#placement = files.placement
    this.#leader = leader
    this.#remote = remote
  }

  /** Opens all logs of a stream that this node leads: before any node asks for them. */
  async openLed(entry: NamedStream): Promise<void> {
    this.#add(entry.identity, await this.#files.open(entry))
  }

  async make(
    identity: StreamIdentity,
    config: StreamConfig,
    from: number,
  ): Promise<readonly OpenPartition[]> {
    const made = await this.#files.make(identity, config, from)
    this.#add(identity, made)
    return made
  }

  async open(named: NamedStream, areNew: boolean): Promise<readonly OpenPartition[]> {
    const here = this.#led.get(named.identity.id)?.values() ?? []
    const places = { placement: this.#placement, remote: this.#remote }
    return inOrder([...here, ...(await openRemoteLogs(named, areNew, places))])
  }

  /** For the node that decides: what it has undone, or removed. */
  async drop({ identity, config }: NamedStream, from: number): Promise<void> {
    const { id } = identity
    const led = this.#led.get(id)
    const dropped = [...(led?.values() ?? [])].filter(({ partition }) => partition.index >= from)
    for (const { partition } of dropped) {
      this.#leader.remove({ stream: id, partition: partition.index })
      led!.delete(partition.index)
    }
    if (led?.size === 0) this.#led.delete(id)
    for (let partition = from; partition < config.partitions; partition++) {
      this.#remote.close({ stream: id, partition })
    }
    await closeAll(dropped)
    // Why only these: the others are files of all nodes, and the node that decides removes them.
    if (config.durability !== 'memory') return
    if (from === 0) await this.remove(identity, config)
    else await this.removePartitions(identity, config, from)
  }

  remove(identity: StreamIdentity, config: StreamConfig): Promise<void> {
    return this.#files.remove(identity, config)
  }

  removePartitions(identity: StreamIdentity, config: StreamConfig, from: number): Promise<void> {
    return this.#files.removePartitions(identity, config, from)
  }

  /** The node that decides does it, before the others start. */
  removeOrphans(_entries: readonly StreamEntry[]): Promise<void> {
    return Promise.resolve()
  }

  /** It is this node that hears of changes. */
  announce(): Promise<void> {
    return Promise.resolve()
  }

  #add({ id }: StreamIdentity, opened: readonly LoggedPartition[]): void {
    const led = this.#led.get(id) ?? new Map<number, LoggedPartition>()
    this.#led.set(id, led)
    for (const logged of opened) {
      const { partition } = logged
      led.set(partition.index, logged)
      this.#leader.add({ stream: id, partition: partition.index }, partition)
    }
  }
}
