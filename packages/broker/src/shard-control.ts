// What the control thread of a broker with shards answers: the catalog, and calls about streams, which it
// carries out at the shards that lead them. It leads nothing and serves no consumer itself.

import type { NodeAddress } from '@sluice/protocol/native/calls'
import type { Logger } from './base/logger.ts'
import type { EmbeddedMetadata } from './cluster/embedded-metadata.ts'
import type { PeerTable } from './cluster/peer-table.ts'
import { PeerServices } from './cluster/peer.ts'
import { Placement } from './cluster/placement.ts'
import { answerForCatalog } from './cluster/remote-catalog.ts'
import { RemotePartitions } from './cluster/remote-partitions.ts'
import { runCall } from './servers/native/run-call.ts'
import type { CallServices } from './servers/native/run-call.ts'
import { streamsGround } from './services/node-ground.ts'
import type { NodeGround } from './services/node-ground.ts'
import { closeReaders, openReaders } from './services/node-services.ts'
import { LeaderLogs } from './services/streams/leader-logs.ts'
import { Streams } from './services/streams/streams.ts'
import { writeLine } from './shard-log.ts'
import type { CallBody, ShardMessages } from './shard-messages.ts'

export interface ControlLinks {
  readonly peers: PeerTable<ShardMessages>
  readonly services: PeerServices<ShardMessages>
  readonly nodeCount: number
  readonly nodes: () => NodeAddress[]
  /** A shard could not carry out what the catalog has taken. */
  readonly outOfStep: (node: number, error: unknown) => void
}

export type ControlGround = Omit<NodeGround, 'placement'>

/** The number of a node that leads nothing. */
const nowhere = -1

export class ShardControl {
  readonly streams: Streams
  readonly #remote: RemotePartitions
  readonly #calls: CallServices

  /** The shards have opened their logs. */
  static async open(place: ControlGround, name: string, links: ControlLinks): Promise<ShardControl> {
    const { peers, services, outOfStep, nodes, nodeCount } = links
    const placement = new Placement(nowhere, nodeCount)
    const ground = { ...place, placement }
    const { io, logger, bootEpoch } = ground
    const remote = new RemotePartitions(peers, services, logger)
    const files = streamsGround(ground)
    const logs = new LeaderLogs({ files, placement, remote, peers, failed: outOfStep })
    const streams = await Streams.open({ ...files, logs })
    // Why in memory: it serves no consumer, and only answers for the configurations of all.
    const readers = await openReaders(ground, streams, { isInMemory: true })
    remote.onNewLife(({ key }) => void streams.renewed(key.stream))
    const identity = { name, node: placement.node, bootEpoch, startedMs: io.clock.monotonicMs() }
    const calls = { io, streams, ...readers, identity, nodes }
    const control = new ShardControl(remote, calls)
    services.answer('call', (call) => control.#call(call))
    return control
  }

  private constructor(remote: RemotePartitions, calls: CallServices) {
    this.streams = calls.streams
    this.#remote = remote
    this.#calls = calls
  }

  async renewed(node: number): Promise<void> {
    await this.#remote.renewed(node)
  }

  async close(): Promise<void> {
    await closeReaders(this.#calls)
    await this.streams.close()
  }

  async #call({ method, params }: CallBody): Promise<unknown> {
    const { name } = params as { name?: string }
    const stream = name === undefined ? undefined : this.streams.find(name)
    if (stream !== undefined || method === 'streams.list') await this.#refresh(stream?.id)
    return runCall(this.#calls, method, params)
  }

  async #refresh(streamId: number | undefined): Promise<void> {
    try {
      await this.#remote.refresh(streamId)
    } catch {
      // What a leader that is away cannot say stands as it was; what needs the leader fails by itself.
    }
  }
}

/** What is answered before the first shard runs: it may have something to ask or say at once. */
export function controlAnswers(metadata: EmbeddedMetadata, logger: Logger): PeerServices<ShardMessages> {
  const services = new PeerServices<ShardMessages>()
  answerForCatalog(services, metadata)
  services.hear('log', (line, { from }) => writeLine(logger, from.name, line))
  return services
}
