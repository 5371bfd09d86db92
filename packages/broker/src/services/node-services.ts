// What a node serves over its streams, flow consumers and groups: opened together and closed together,
// wherever the node is the only one or one of several.

import { FlowConsumers } from './flow/flow-consumers.ts'
import { placeProgress } from './flow/progress-migration.ts'
import { spreadGroups } from './groups/group-places.ts'
import { Groups } from './groups/groups.ts'
import { flowGround, groupsGround, progressJournal, streamsGround } from './node-ground.ts'
import type { NodeGround } from './node-ground.ts'
import { Streams } from './streams/streams.ts'

export interface Readers {
  readonly flow: FlowConsumers
  readonly groups: Groups
}

/** Before anything else opens the progress: moves it where nodes look for it that are so many. */
export function placeReaders(
  ground: Omit<NodeGround, 'placement' | 'bootEpoch'>,
  nodeCount: number,
): Promise<void> {
  const { io, dataDir, metadata, logger } = ground
  const others = [spreadGroups(dataDir, nodeCount)]
  return placeProgress({ io, dataDir, metadata, journal: progressJournal(ground), logger, nodeCount, others })
}

/** Of a broker's only node. */
export function openStreams(ground: NodeGround, isInMemory: boolean): Promise<Streams> {
  return Streams.open({ ...streamsGround(ground), onlyDurability: isInMemory ? 'memory' : undefined })
}

/** `isInMemory`: nothing of them is kept, or there are none. */
export async function openReaders(
  ground: NodeGround,
  streams: Streams,
  { isInMemory = false, areInvariantsChecked = false } = {},
): Promise<Readers> {
  const flow = await FlowConsumers.open({ ...flowGround(ground, streams, isInMemory), areInvariantsChecked })
  try {
    return { flow, groups: await Groups.open(groupsGround(ground, streams, isInMemory)) }
  } catch (error) {
    await flow.close().catch(() => undefined)
    throw error
  }
}

export async function closeReaders({ flow, groups }: Readers): Promise<void> {
  await groups.close()
  await flow.close()
}
