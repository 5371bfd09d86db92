// What runs at a node of a broker with several: streams, flow consumers and the door, put together in steps.
// Must never let a flow consumer begin before every partition that it reads has said how it stands.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { CallMethod, NodeAddress } from '@sluice/protocol/native/calls'
import { PartitionLeader } from './cluster/partition-leader.ts'
import type { PeerTable } from './cluster/peer-table.ts'
import type { Peer, PeerServices } from './cluster/peer.ts'
import { RemotePartitions } from './cluster/remote-partitions.ts'
import type { BrokerLimits } from './config/read-config.ts'
import { Doors } from './servers/doors.ts'
import { streamsGround } from './services/node-ground.ts'
import type { NodeGround } from './services/node-ground.ts'
import { closeReaders, openReaders } from './services/node-services.ts'
import type { Readers } from './services/node-services.ts'
import { NodeLogs } from './services/streams/node-logs.ts'
import { StreamCatalog } from './services/streams/stream-catalog.ts'
import { Streams } from './services/streams/streams.ts'
import { ShardCalls } from './shard-calls.ts'
import type { ShardMessages } from './shard-messages.ts'

export interface ShardLinks {
  readonly control: Peer<ShardMessages>
  readonly peers: PeerTable<ShardMessages>
  readonly services: PeerServices<ShardMessages>
}

export interface ShardGround extends NodeGround {
  readonly limits: BrokerLimits
}

/** What is the same at all shards. */
export interface ShardCluster {
  readonly name: string
  readonly clusterId: string
}

interface Begun extends Readers {
  readonly streams: Streams
  readonly doors: Doors
}

export class ShardServices {
  readonly #ground: ShardGround
  readonly #links: ShardLinks
  readonly #cluster: ShardCluster
  readonly #remote: RemotePartitions
  readonly #logs: NodeLogs
  #begun: Begun | undefined

  constructor(ground: ShardGround, cluster: ShardCluster, links: ShardLinks) {
    this.#ground = ground
    this.#cluster = cluster
    this.#links = links
    this.#remote = new RemotePartitions(links.peers, links.services, ground.logger)
    const leader = new PartitionLeader(links.services)
    this.#logs = new NodeLogs({ files: streamsGround(ground), leader, remote: this.#remote })
    this.#answerForStreams(links.services)
  }

  get doors(): Doors {
    return this.#require().doors
  }

  /** The logs that this node leads. */
  async openLogs(): Promise<void> {
    for (const entry of await new StreamCatalog(this.#ground.metadata).list()) await this.#logs.openLed(entry)
  }

  async begin(): Promise<void> {
    const ground = this.#ground
    const { placement, io, logger, limits, bootEpoch } = ground
    const startedMs = io.clock.monotonicMs()
    const { control, peers } = this.#links
    const streams = await Streams.open({
      ...streamsGround(ground),
      logs: this.#logs,
      createElsewhere: (name, config, mustBeNew) => {
        const params = { name, config, mustBeNew }
        return control.request('call', { method: 'streams.create', params }) as ReturnType<Streams['create']>
      },
    })
    this.#remote.onNewLife(({ key }) => void this.#renewed(streams, key.stream))
    const readers = await openReaders(ground, streams)
    const runHere = this.call.bind(this)
    const router = new ShardCalls({ placement, control, peers, streams, runHere })
    const identity = { name: this.#cluster.name, node: placement.node, bootEpoch, startedMs }
    const nodes = (): NodeAddress[] => []
    const { clusterId } = this.#cluster
    const { nodeCount } = placement
    const doors = new Doors({
      io,
      logger,
      streams,
      ...readers,
      limits,
      identity,
      nodes,
      router,
      metadata: ground.metadata,
      clusterId,
      nodeCount,
    })
    this.#begun = { streams, ...readers, doors }
  }

  /** Carries a call out here. */
  async call(method: CallMethod, params: unknown): Promise<unknown> {
    return this.#require().doors.native.call(method, params)
  }

  /** A node was started again. */
  async peerRenewed(node: number): Promise<void> {
    await this.#remote.renewed(node)
  }

  async closeFlow(): Promise<void> {
    if (this.#begun !== undefined) await closeReaders(this.#begun)
  }

  /** Rejects when a log was offline. */
  async closeLogs(): Promise<void> {
    await this.#begun?.streams.close()
  }

  /** A partition in memory has begun another life: who reads it begins anew. */
  async #renewed(streams: Streams, streamId: number): Promise<void> {
    await streams.renewed(streamId).catch((error: unknown) => {
      this.#ground.logger.error({ error, stream: streamId }, 'a partition in memory could not be begun anew')
    })
  }

  #answerForStreams(services: PeerServices<ShardMessages>): void {
    const answer = (method: StreamStep, run: (body: StreamStepBody) => Promise<unknown>): void =>
      services.answer(method, async (body) => {
        await run(body as StreamStepBody)
        return null
      })
    answer('stream.make', ({ identity, config, from }) => this.#logs.make(identity, config, from))
    answer('stream.drop', ({ from, ...named }) => this.#logs.drop(named, from))
    answer('stream.admit', (named) => this.#require().streams.admit(named))
    answer('stream.change', (named) => this.#require().streams.changed(named))
    answer('stream.forget', ({ identity }) => this.#require().streams.forget(identity.name))
    answer('stream.checkGrowth', async ({ identity }) => {
      const { streams } = this.#require()
      streams.checkGrowth(streams.require(identity.name))
    })
  }

  #require(): Begun {
    if (this.#begun !== undefined) return this.#begun
    const { node } = this.#ground.placement
    throw new BrokerError('node-unavailable', `Node ${node} is being started`)
  }
}

type StreamStep = Extract<keyof ShardMessages['requests'], `stream.${string}`>
type StreamStepBody = ShardMessages['requests']['stream.make']['body']
