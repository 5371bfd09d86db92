// The logs of streams for the node that decides on streams and has no logs itself: others make them, open
// them, and hear of every change before it is answered. Only files of what is removed are removed here.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { StreamConfig } from '@sluice/protocol/model/stream'
import type { PeerTable } from '../../cluster/peer-table.ts'
import type { Placement } from '../../cluster/placement.ts'
import type { RemotePartitions } from '../../cluster/remote-partitions.ts'
import { openRemoteLogs } from './remote-logs.ts'
import type { StreamEntry } from './stream-catalog.ts'
import { StreamFiles } from './stream-files.ts'
import type { OpenPartition, StreamChange, StreamLogs } from './stream-logs.ts'
import type { NamedStream, StreamMessages } from './stream-messages.ts'
import type { StreamIdentity } from './stream.ts'
import type { StreamsOptions } from './streams-options.ts'

export interface LeaderLogsOptions {
  readonly files: Omit<StreamsOptions, 'logs' | 'createElsewhere'>
  /** Of a node that leads nothing. */
  readonly placement: Placement
  readonly remote: RemotePartitions
  readonly peers: PeerTable<StreamMessages>
  /** A node could not carry out what the catalog has taken: only a start from the catalog makes it right. */
  readonly failed: (node: number, error: unknown) => void
}

export class LeaderLogs implements StreamLogs {
  readonly #options: LeaderLogsOptions
  readonly #files: StreamFiles

  constructor(options: LeaderLogsOptions) {
    this.#options = options
    this.#files = new StreamFiles(options.files)
  }

  async make(
    identity: StreamIdentity,
    config: StreamConfig,
    from: number,
  ): Promise<readonly OpenPartition[]> {
    const { peers, placement } = this.#options
    const nodes = new Set<number>()
    for (let index = from; index < config.partitions; index++) {
      nodes.add(placement.leaderOf(identity.id, index))
    }
    const body = { identity, config, from }
    const outcomes = await Promise.allSettled(
      Array.from(nodes, async (node) => peers.require(node).request('stream.make', body)),
    )
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed === undefined) {
      const opened = await openRemoteLogs({ identity, config }, true, this.#options)
      return opened.filter(({ partition }) => partition.index >= from)
    }
    await this.#drop(body)
    throw failed.reason
  }

  open(named: NamedStream, areNew: boolean): Promise<readonly OpenPartition[]> {
    return openRemoteLogs(named, areNew, this.#options)
  }

  async remove(identity: StreamIdentity, config: StreamConfig): Promise<void> {
    await this.#drop({ identity, config, from: 0 })
    await this.#files.remove(identity, config)
  }

  async removePartitions(identity: StreamIdentity, config: StreamConfig, from: number): Promise<void> {
    await this.#drop({ identity, config, from })
    await this.#files.removePartitions(identity, config, from)
  }

  removeOrphans(entries: readonly StreamEntry[]): Promise<void> {
    return this.#files.removeOrphans(entries)
  }

  async announce({ kind, identity, config }: StreamChange): Promise<void> {
    const named = { identity, config }
    switch (kind) {
      case 'added':
        return this.#tell('stream.admit', named)
      case 'changed':
        return this.#tell('stream.change', named)
      case 'removed':
        // Why two rounds: nobody may read from a log that is being closed.
        await this.#tell('stream.forget', named)
        return this.#drop({ ...named, from: 0 })
      case 'growing':
        return this.#checkGrowth(named)
    }
  }

  /** Why also those that are away must answer: what they serve is not known here. */
  async #checkGrowth(named: NamedStream): Promise<void> {
    const { peers, placement } = this.#options
    const nodes = Array.from({ length: placement.nodeCount }, (_, node) => node)
    await Promise.all(nodes.map(async (node) => peers.require(node).request('stream.checkGrowth', named)))
  }

  /** A node that is away hears of it from the catalog when it starts. */
  async #tell(
    method: 'stream.admit' | 'stream.change' | 'stream.forget' | 'stream.drop',
    body: NamedStream & { from?: number },
  ): Promise<void> {
    const { peers, placement, failed } = this.#options
    const tellOne = async (node: number): Promise<void> => {
      try {
        await peers.require(node).request(method, body as NamedStream & { from: number })
      } catch (error) {
        const isAway = error instanceof BrokerError && error.code === 'node-unavailable'
        if (!isAway) failed(node, error)
      }
    }
    await Promise.all(Array.from({ length: placement.nodeCount }, (_, node) => tellOne(node)))
  }

  #drop(body: NamedStream & { from: number }): Promise<void> {
    return this.#tell('stream.drop', body)
  }
}
