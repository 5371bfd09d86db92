// Moves the progress of flow consumers, and other journals that are spread in the same way, when a broker
// starts with another number of shards than before: each record goes to the journal of its new home. Must
// never leave the catalog naming a place that does not hold all of it.
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
import { nodeFolder, progressRoot, shardsFolder } from './progress-places.ts'
import { decodeKey } from './progress/progress-codec.ts'

export interface MigrationOptions {
  readonly io: Io
  readonly dataDir: string
  readonly metadata: Transactions
  readonly journal: FlowConsumersOptions['journal']
  readonly logger: Logger
  /** From now on. */
  readonly nodeCount: number
  /** What else is spread over the nodes. */
  readonly others?: readonly SpreadJournals[]
}

/** Journals of one kind, of which every node has one for each durability. */
export interface SpreadJournals {
  /** Of folders that are named as those of the progress. */
  readonly root: string
  readonly durabilities: readonly Durability[]
  /** Where a record goes; undefined: nobody needs it any more. */
  readonly homeOf: (key: Uint8Array) => number | undefined
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
    const moving = await movingJournals(options)
    if (moving.length > 0) {
      logger.info({ before, shards: nodeCount }, 'the number of shards has changed: progress is moved')
    }
    for (const journals of moving) await copyJournals(options, before, journals)
    const { succeeded } = await metadata.commit({
      compares: [{ key: countKey, revision: entry?.revision ?? 0 }],
      puts: [{ key: countKey, value: JSON.stringify(nodeCount) }],
    })
    if (!succeeded)
      throw new BrokerError('data-directory-locked', 'Another broker has started on the same catalog')
  }
  await removeFolders(options, (count) => count !== nodeCount)
}

/** Those that have anything to move. */
async function movingJournals(options: MigrationOptions): Promise<SpreadJournals[]> {
  const moving: SpreadJournals[] = []
  for (const journals of options.others ?? []) {
    if ((await folderNames(options.io, journals.root)).length > 0) moving.push(journals)
  }
  const homes = await homesOf(options)
  // Those of consumers that are no more are left behind.
  const homeOf = (key: Uint8Array): number | undefined => homes.get(decodeKey(key).consumerId)
  if (homes.size > 0) moving.push({ root: progressRoot(options.dataDir), durabilities, homeOf })
  return moving
}

async function copyJournals(
  options: MigrationOptions,
  before: number,
  journals: SpreadJournals,
): Promise<void> {
  for (const durability of journals.durabilities) {
    const targets: Journal[] = []
    try {
      for (let node = 0; node < options.nodeCount; node++) {
        targets.push(await openJournal(options, [node, options.nodeCount], journals.root, durability))
      }
      for (let node = 0; node < before; node++) {
        const source = await openJournal(options, [node, before], journals.root, durability)
        await copyJournal(source, targets, journals.homeOf)
      }
      for (const target of targets) await target.sync()
    } finally {
      for (const target of targets) await target.close()
    }
  }
}

/** Record by record, in order: a key is in one journal only, so that each replays to what it did before. */
async function copyJournal(
  source: Journal,
  targets: readonly Journal[],
  homeOf: SpreadJournals['homeOf'],
): Promise<void> {
  try {
    await source.replay((key, value) => {
      const home = homeOf(key)
      if (home !== undefined) targets[home]!.record(key, value)
    })
  } finally {
    await source.close()
  }
  for (const target of targets) await target.durable()
}

function openJournal(
  { io, journal }: MigrationOptions,
  [node, nodeCount]: readonly [number, number],
  root: string,
  durability: Durability,
): Promise<Journal> {
  const folder = nodeFolder(root, node, nodeCount)
  return Journal.open(io, `${folder}/${durability}`, { ...journal, durability })
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
  { io, dataDir, others = [] }: MigrationOptions,
  isChosen: (nodeCount: number) => boolean,
): Promise<void> {
  for (const root of [progressRoot(dataDir), ...others.map((journals) => journals.root)]) {
    await removeFoldersOf(io, root, isChosen)
  }
}

async function removeFoldersOf(
  io: Io,
  root: string,
  isChosen: (nodeCount: number) => boolean,
): Promise<void> {
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
