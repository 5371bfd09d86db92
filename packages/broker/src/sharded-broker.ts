// A broker with several shards: this thread holds the data directory and the catalog, decides on streams and
// watches over the shards, which do all the rest. Must never touch a log of a stream: its files belong to the
// shard that leads it.

import { silentLogger } from './base/logger.ts'
import type { Logger } from './base/logger.ts'
import { nextBootEpoch } from './cluster/boot-epoch.ts'
import type { EmbeddedMetadata } from './cluster/embedded-metadata.ts'
import { openCatalog } from './cluster/open-catalog.ts'
import type { BrokerLimits } from './config/read-config.ts'
import type { Io } from './io/io.ts'
import type { Threads } from './io/threads.ts'
import { DataDirectory } from './log/data-directory.ts'
import { asStartFailure } from './servers/connections/failure.ts'
import type { KafkaEndpoint, ListenAddress } from './servers/connections/listen-address.ts'
import { placeReaders } from './services/node-services.ts'
import { controlAnswers, ShardControl } from './shard-control.ts'
import { ShardFleet } from './shard-fleet.ts'
import { sharedSetup } from './shard-setup.ts'

export interface ShardedOptions {
  readonly io: Io
  readonly threads: Threads
  /** More than one. */
  readonly shards: number
  readonly dataDir: string
  readonly listen: ListenAddress
  /** Where Kafka clients connect; none: nowhere. */
  readonly kafka?: readonly KafkaEndpoint[]
  readonly name: string
  readonly limits: BrokerLimits
  readonly logger?: Logger
  /** Shards end again and again, and nobody can go on. */
  readonly failed: () => void
}

interface Parts {
  readonly directory: DataDirectory
  readonly metadata: EmbeddedMetadata
  readonly fleet: ShardFleet
  readonly control: ShardControl
}

export class ShardedBroker {
  readonly #parts: Parts
  readonly #logger: Logger
  #closing: Promise<void> | undefined

  /** Rejects with a `BrokerError`, and leaves nothing open. */
  static async start(options: ShardedOptions): Promise<ShardedBroker> {
    const logger = options.logger ?? silentLogger
    const opened: Partial<Parts> = {}
    try {
      await openParts(options, logger, opened)
      return new ShardedBroker(opened as Parts, logger)
    } catch (error) {
      await closeParts(opened, logger, false)
      throw asStartFailure(error)
    }
  }

  private constructor(parts: Parts, logger: Logger) {
    this.#parts = parts
    this.#logger = logger
  }

  /** Where every shard answers. */
  get address(): ListenAddress | undefined {
    return this.#parts.fleet.front
  }

  /** Where Kafka clients begin. */
  get kafkaAddresses(): readonly ListenAddress[] {
    return this.#parts.fleet.kafkaFronts
  }

  /** Answers what is in progress, then closes all in order. Resolves when the data directory is free. */
  close(): Promise<void> {
    this.#closing ??= closeParts(this.#parts, this.#logger, true)
    return this.#closing
  }
}

type Opening = { -readonly [Name in keyof Parts]?: Parts[Name] }

async function openParts(options: ShardedOptions, logger: Logger, opened: Opening): Promise<void> {
  const { io, shards: nodeCount, dataDir, limits, name, kafka = [] } = options
  const directory = await DataDirectory.open(io, dataDir, limits)
  opened.directory = directory
  const { wasClosedCleanly } = directory
  const { metadata, bootEpoch, clusterId } = await openCatalog({
    io,
    logger,
    path: dataDir,
    wasClosedCleanly,
    isInMemory: false,
  })
  opened.metadata = metadata
  await placeReaders({ io, dataDir, metadata, limits, logger, wasClosedCleanly }, nodeCount)
  const services = controlAnswers(metadata, logger)
  const fleet = new ShardFleet({
    ...options,
    kafka,
    logger,
    services,
    setup: sharedSetup({ nodeCount, name, clusterId, dataDir, limits }),
    isFirstClean: wasClosedCleanly,
    bootEpochOf: async (isFirst) => (isFirst ? bootEpoch : nextBootEpoch(metadata)),
    // Why there: shards are started again only after all have begun.
    whileUnchanged: (action) => opened.control!.streams.whileUnchanged(action),
    renewed: (node) => opened.control!.renewed(node),
  })
  opened.fleet = fleet
  await fleet.openAll()
  const ground = { io, logger, limits, dataDir, wasClosedCleanly, metadata, bootEpoch }
  opened.control = await ShardControl.open(ground, name, {
    peers: fleet.peers,
    services,
    nodeCount,
    nodes: () => fleet.nodes,
    outOfStep: (node, error) => fleet.restart(node, error),
  })
  await fleet.beginAll()
}

/** From the top down. Whatever fails to close makes the shutdown unclean, and the next start looks closer. */
async function closeParts(parts: Partial<Parts>, logger: Logger, isComplete: boolean): Promise<void> {
  let isClean = isComplete
  const attempt = async (part: string, close: () => Promise<unknown>): Promise<void> => {
    try {
      if ((await close()) === false) isClean = false
    } catch (error) {
      isClean = false
      logger.error({ error, part }, 'could not be closed in order')
    }
  }
  const { fleet, control, metadata, directory } = parts
  if (fleet !== undefined) await attempt('shards', () => fleet.close())
  if (control !== undefined) await attempt('control', () => control.close())
  if (metadata !== undefined) await attempt('catalog', () => metadata.close())
  if (directory !== undefined) await attempt('data directory', () => directory.close(isClean))
}
