// One broker: puts the layers together, starts them from the bottom up and stops them from the top down.
// Must never hold logic of its own.

import { connect } from '@sluice/client'
import type { Client } from '@sluice/client'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { silentLogger } from './base/logger.ts'
import type { Logger } from './base/logger.ts'
import { openCatalog } from './cluster/open-catalog.ts'
import { onlyNode } from './cluster/placement.ts'
import { readLimits } from './config/read-config.ts'
import type { BrokerLimits } from './config/read-config.ts'
import type { Io } from './io/io.ts'
import { worldOf } from './io/world.ts'
import { DataDirectory } from './log/data-directory.ts'
import { asStartFailure } from './servers/connections/failure.ts'
import { Doors } from './servers/doors.ts'
import type { KafkaEndpoint, ListenAddress } from './servers/connections/listen-address.ts'
import type { NodeGround } from './services/node-ground.ts'
import { closeReaders, openReaders, openStreams, placeReaders } from './services/node-services.ts'
import type { Readers } from './services/node-services.ts'
import type { Streams } from './services/streams/streams.ts'

/** Where messages are kept: in a folder, or nowhere but in this process. */
export type BrokerStorage =
  | { readonly dataDir: string; readonly memory?: false }
  | { readonly memory: true; readonly dataDir?: undefined }

export type BrokerOptions = BrokerStorage & {
  /** Without it nothing listens. Default host 127.0.0.1, default port 9898; port 0 takes a free one. */
  readonly listen?: Partial<ListenAddress>
  /** Where Kafka clients connect; without it none can. Default host 127.0.0.1, default port 9092. */
  readonly kafka?: Partial<KafkaEndpoint> | readonly KafkaEndpoint[]
  /** What the broker calls itself. */
  readonly name?: string
  /** Bounds that differ from the defaults of docs/operating/config.md. */
  readonly limits?: Partial<BrokerLimits>
  readonly logger?: Logger
  /** Another world than this machine: for simulators. */
  readonly io?: Io
  /** Checks the invariants of flow control after every step; costs time. */
  readonly areInvariantsChecked?: boolean
}

const memoryDirectory = '/memory'

/** What is open, from the bottom up. */
interface OpenPart {
  readonly name: string
  close(isClean: boolean): Promise<void>
}

/** What every step of the start needs. */
interface StartContext {
  readonly options: BrokerOptions
  readonly io: Io
  readonly logger: Logger
  readonly limits: BrokerLimits
  readonly opened: OpenPart[]
}

export class Broker {
  readonly #context: StartContext
  readonly #doors: Doors
  readonly #kafkaAddresses: readonly ListenAddress[]
  readonly #closed = new AbortController()
  #closing: Promise<void> | undefined

  /** Rejects with a `BrokerError`, and leaves nothing open. */
  static async start(options: BrokerOptions): Promise<Broker> {
    const logger = options.logger ?? silentLogger
    const limits = readLimits(options.limits ?? {})
    const io = ioOf(options, logger)
    const context: StartContext = { options, io, logger, limits, opened: [] }
    try {
      const doors = await openParts(context)
      return new Broker(context, doors, await listen(context, doors))
    } catch (error) {
      // Why unclean: what was not opened was not looked at, and the next start must not trust it.
      await closeParts(context, false)
      throw asStartFailure(error)
    }
  }

  private constructor(context: StartContext, doors: Doors, kafkaAddresses: readonly ListenAddress[]) {
    this.#context = context
    this.#doors = doors
    this.#kafkaAddresses = kafkaAddresses
  }

  /** Where it listens; undefined when it does not. */
  get address(): ListenAddress | undefined {
    return this.#doors.native.address
  }

  /** Where it listens for Kafka clients. */
  get kafkaAddresses(): readonly ListenAddress[] {
    return this.#kafkaAddresses
  }

  /** A client in this process. It is closed with the broker. */
  connect(): Promise<Client> {
    const { clock, timers, random } = this.#context.io
    return connect({
      name: 'in-process',
      signal: this.#closed.signal,
      platform: {
        connect: async () => this.#doors.native.connectInProcess(),
        monotonicMs: () => clock.monotonicMs(),
        wallMs: () => clock.wallMs(),
        after: (ms, callback) => timers.after(ms, callback),
        randomU32: () => random.u32(),
      },
    })
  }

  /**
   * Answers what is in progress, then closes everything in order. Resolves when the data directory is free.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#doors.close()
    this.#closed.abort(new BrokerError('client-closed', 'The broker was closed'))
    await closeParts(this.#context, true)
  }
}

function ioOf(options: BrokerOptions, logger: Logger): Io {
  const isFolder = typeof options.dataDir === 'string' && options.dataDir !== ''
  if (isFolder === (options.memory === true)) {
    throw new BrokerError('invalid-config', 'Broker.start needs either dataDir or memory: true')
  }
  return worldOf(options.io, !isFolder, logger)
}

async function openParts(context: StartContext): Promise<Doors> {
  const { options, io, logger, limits, opened } = context
  const startedMs = io.clock.monotonicMs()
  const directory = await DataDirectory.open(io, options.dataDir ?? memoryDirectory, limits)
  opened.push({ name: 'data directory', close: (isClean) => directory.close(isClean) })
  const { path, wasClosedCleanly } = directory
  const catalog = await openCatalog({
    io,
    logger,
    path,
    wasClosedCleanly,
    isInMemory: options.memory === true,
  })
  const { metadata, bootEpoch } = catalog
  opened.push({ name: 'catalog', close: () => metadata.close() })
  const ground = { io, logger, limits, dataDir: path, wasClosedCleanly, metadata, bootEpoch }
  const isInMemory = options.memory === true
  if (!isInMemory) await placeReaders(ground, 1)
  const services = await openServices(context, { ...ground, placement: onlyNode }, isInMemory)
  const identity = { name: options.name ?? 'sluice', node: 0, bootEpoch, startedMs }
  const nodes = (): { node: number; port: number }[] =>
    doors.native.address === undefined ? [] : [{ node: 0, port: doors.native.address.port }]
  const doors = new Doors({
    ...services,
    io,
    logger,
    limits,
    identity,
    nodes,
    metadata,
    clusterId: catalog.clusterId,
    nodeCount: 1,
  })
  opened.push({ name: 'doors', close: () => doors.close() })
  return doors
}

async function openServices(
  { options, opened }: StartContext,
  ground: NodeGround,
  isInMemory: boolean,
): Promise<Readers & { readonly streams: Streams }> {
  const streams = await openStreams(ground, isInMemory)
  opened.push({ name: 'streams', close: () => streams.close() })
  const areInvariantsChecked = options.areInvariantsChecked === true
  const readers = await openReaders(ground, streams, { isInMemory, areInvariantsChecked })
  opened.push({ name: 'flow consumers and groups', close: () => closeReaders(readers) })
  return { ...readers, streams }
}

async function listen({ options }: StartContext, doors: Doors): Promise<ListenAddress[]> {
  if (options.listen !== undefined) {
    const { host = '127.0.0.1', port = 9898 } = options.listen
    await doors.native.listen({ host, port })
  }
  return doors.listenForKafka(endpointsOf(options.kafka))
}

function endpointsOf(kafka: BrokerOptions['kafka']): readonly KafkaEndpoint[] {
  if (kafka === undefined) return []
  return 'length' in kafka ? kafka : [{ host: '127.0.0.1', port: 9092, ...kafka }]
}

/** From the top down. Whatever fails to close makes the shutdown unclean, and the next start looks closer. */
async function closeParts({ opened, logger }: StartContext, isComplete: boolean): Promise<void> {
  let isClean = isComplete
  for (let part = opened.pop(); part !== undefined; part = opened.pop()) {
    try {
      await part.close(isClean)
    } catch (error) {
      isClean = false
      logger.error({ error, part: part.name }, 'could not be closed in order')
    }
  }
}
