// One shard of a broker: a thread with its own event loop, logs, flow consumers, progress and listeners. It
// does what the control thread asks, step by step: all shards take each step of the start before any of them
// takes the next.

import { PeerTable } from './cluster/peer-table.ts'
import { Peer, PeerServices } from './cluster/peer.ts'
import { Placement } from './cluster/placement.ts'
import { RemoteCatalog } from './cluster/remote-catalog.ts'
import type { Io } from './io/io.ts'
import type { ChannelEnd, Threads } from './io/threads.ts'
import type { Logger } from './base/logger.ts'
import { channelLogger } from './shard-log.ts'
import type { ShardMessages, ShardSetup, ShardStep } from './shard-messages.ts'
import { ShardServices } from './shard-services.ts'

export interface ShardWorld {
  readonly ioOf: (logger: Logger) => Io
  readonly threads: Pick<Threads, 'open'>
}

/** Runs until its thread ends. `end` leads to the control thread. */
export function runShard(setup: ShardSetup, end: ChannelEnd, { ioOf, threads }: ShardWorld): void {
  const services = new PeerServices<ShardMessages>()
  const logger = channelLogger(() => control)
  const peers = new PeerTable<ShardMessages>()
  const peerOf = (name: string, channelEnd: ChannelEnd): Peer<ShardMessages> =>
    new Peer(threads.open(channelEnd), { name, services, logger, closed: () => {} })
  const { node, nodeCount, bootEpoch, clusterId, name, dataDir, limits, wasClosedCleanly } = setup
  // Why before the first message is heard: it may be the first step.
  const control: Peer<ShardMessages> = peerOf('the control thread', end)
  const placement = new Placement(node, nodeCount)
  const metadata = new RemoteCatalog(control)
  const io = ioOf(logger)
  const ground = { io, logger, limits, dataDir, wasClosedCleanly, metadata, bootEpoch, placement }
  const shard = new ShardServices(ground, { name, clusterId }, { control, peers, services })
  services.hear('shard.joined', ({ node: joined }, { end: theirs }) =>
    peers.set(joined, peerOf(`Node ${joined}`, theirs!)),
  )
  services.hear('shard.renewed', ({ node: renewed }) => void shard.peerRenewed(renewed))
  answerSteps(services, shard)
}

function answerSteps(services: PeerServices<ShardMessages>, shard: ShardServices): void {
  const step = (method: ShardStep, take: () => Promise<void>): void =>
    services.answer(method, async () => {
      await take()
      return null
    })
  step('shard.open', () => shard.openLogs())
  step('shard.begin', () => shard.begin())
  step('shard.closeDoors', () => shard.doors.close())
  step('shard.closeFlow', () => shard.closeFlow())
  step('shard.closeLogs', () => shard.closeLogs())
  services.answer('shard.listen', (addresses) => shard.doors.listenShared(addresses))
  services.hear('shard.kafkaNodes', (byListener) => shard.doors.addresses.set(byListener))
  services.answer('call', ({ method, params }) => shard.call(method, params))
}
