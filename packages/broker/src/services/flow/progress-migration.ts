// Moves the progress of flow consumers when a broker starts with another number of shards than before: each
// consumer's goes to the journal of its new home. Must never leave the catalog naming a place that does not
// hold all of it.
//
// The new journals are written and synced, then the catalog takes their number, then the old ones are
// removed. A crash before the catalog has it leaves the old ones as they were, and the next start begins
// again; a crash after it leaves folders that no number names, which the next start removes.

import type { Logger } from '../../base/logger.ts'
import type { Transactions } from '../../cluster/metadata.ts'
import { Placement } from '../../cluster/placement.ts'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { IoError } from '../../io/io.ts'
import type { Io } from '../../io/io.ts'
import { Journal } from '../../log/journal.ts'
import { StreamCatalog } from '../streams/stream-catalog.ts'
import { ConsumerCatalog } from './consumer-catalog.ts'
import type { FlowConsumersOptions } from './flow-options.ts'
import { progressDirectory, progressRoot, shardsFolder } from './progress-places.ts'
import { decodeKey } from './progress/progress-codec.ts'

export interface MigrationOptions {
  readonly io: Io
  readonly dataDir: string
  readonly metadata: Transactions
  readonly journal: FlowConsumersOptions['journal']
  readonly logger: Logger
  /** From now on. */
  readonly nodeCount: number
}

const countKey = 'shards'
const durabilities = ['fsync', 'os'] as const
type Durability = (typeof durabilities)[number]

/** Before anything else opens the progress. */
export async function placeProgress(options: MigrationOptions): Promise<void> {
  const { metadata, nodeCount, logger } = options
  const entry = await metadata.get(countKey)
  const before = entry === undefined ? 1 : Number(JSON.parse(entry.value))
  if (before !== nodeCount) {
    await removeFolders(options, (count) => count !== before)
    const homes = await homesOf(options)
    if (homes.size > 0) {
      logger.info({ before, shards: nodeCount }, 'the number of shards has changed: progress is moved')
      await copyProgress(options, before, homes)
    }
    const { succeeded } = await metadata.commit({
      compares: [{ key: countKey, revision: entry?.revision ?? 0 }],
      puts: [{ key: countKey, value: JSON.stringify(nodeCount) }],
    })
    if (!succeeded)
      throw new BrokerError('data-directory-locked', 'Another broker has started on the same catalog')
  }
  await removeFolders(options, (count) => count !== nodeCount)
}

async function copyProgress(
  options: MigrationOptions,
  before: number,
  homes: Copying['homes'],
): Promise<void> {
  for (const durability of durabilities) {
    const targets: Journal[] = []
    try {
      for (let node = 0; node < options.nodeCount; node++) {
        targets.push(await openJournal(options, [node, options.nodeCount], durability))
      }
      for (let node = 0; node < before; node++)
        await copyJournal(options, [node, before], { durability, homes, targets })
      for (const target of targets) await target.sync()
    } finally {
      for (const target of targets) await target.close()
    }
  }
}

interface Copying {
  readonly durability: Durability
  /** By the id of the consumer. */
  readonly homes: ReadonlyMap<number, number>
  readonly targets: readonly Journal[]
}

/**
 * Record by record, in order: a key is in one journal only, so that each replays to what it did before.
 * Those of consumers that are no more are left behind.
 */
async function copyJournal(
  options: MigrationOptions,
  place: readonly [node: number, nodeCount: number],
  { durability, homes, targets }: Copying,
): Promise<void> {
  const source = await openJournal(options, place, durability)
  try {
    await source.replay((key, value) => {
      const home = homes.get(decodeKey(key).consumerId)
      if (home !== undefined) targets[home]!.record(key, value)
    })
  } finally {
    await source.close()
  }
  for (const target of targets) await target.durable()
}

function openJournal(
  { io, dataDir, journal }: MigrationOptions,
  [node, nodeCount]: readonly [number, number],
  durability: Durability,
): Promise<Journal> {
  return Journal.open(io, `${progressDirectory(dataDir, node, nodeCount)}/${durability}`, {
    ...journal,
    durability,
  })
}

async function homesOf({ metadata, nodeCount }: MigrationOptions): Promise<Map<number, number>> {
  const placement = new Placement(0, nodeCount)
  const streams = new Map<string, { id: number; firstPartitions: number }>()
  for (const { identity } of await new StreamCatalog(metadata).list()) streams.set(identity.name, identity)
  const homes = new Map<number, number>()
  for (const { id, stream, name } of await new ConsumerCatalog(metadata).list()) {
    const placed = streams.get(stream)
    if (placed !== undefined) homes.set(id, placement.homeOf(placed, name))
  }
  return homes
}

/** Removes what belongs to numbers of nodes that are chosen. */
async function removeFolders(
  { io, dataDir }: MigrationOptions,
  isChosen: (nodeCount: number) => boolean,
): Promise<void> {
  const root = progressRoot(dataDir)
  let isRemoved = false
  for (const name of await folderNames(io, root)) {
    const count = countOf(name)
    if (count === undefined || !isChosen(count)) continue
    await io.files.removeDirectory(`${root}/${name}`)
    isRemoved = true
  }
  if (isRemoved) await io.files.syncDirectory(root)
}

/** Undefined for a folder that is none of ours. */
function countOf(name: string): number | undefined {
  if (durabilities.some((durability) => durability === name)) return 1
  const count = Number(/^shards-(\d+)$/.exec(name)?.[1])
  return name === shardsFolder(count) ? count : undefined
}

async function folderNames({ files }: Io, folder: string): Promise<string[]> {
  try {
    return (await files.list(folder)).filter(({ isDirectory }) => isDirectory).map(({ name }) => name)
  } catch (error) {
    if (error instanceof IoError && error.kind === 'not-found') return []
    throw error
  }
}
