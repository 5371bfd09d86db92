// Where the logs of streams are: `<data>/streams/<stream id>/<partition>/`. Opens, closes and removes
// them. Streams of durability `memory` have the same paths in a file system of their own, which ends
// with the process.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { StreamConfig } from '@sluice/protocol/model/stream'
import { onlyNode } from '../../cluster/placement.ts'
import { LedPartition } from '../../cluster/partition.ts'
import { IoError } from '../../io/io.ts'
import type { FileSystem, Io } from '../../io/io.ts'
import { memoryFiles } from '../../io/memory-files.ts'
import { Log } from '../../log/log.ts'
import { storageFor } from '../../log/storage.ts'
import type { StreamEntry } from './stream-catalog.ts'
import { closeAll } from './stream-logs.ts'
import type { NamedStream } from './stream-messages.ts'
import type { OpenPartition, StreamLogs } from './stream-logs.ts'
import type { StreamIdentity } from './stream.ts'
import type { StreamsOptions } from './streams-options.ts'

/** Logs that are opened at the same time. */
const openingMax = 16

/** A partition with the log that it stands on. */
export class LoggedPartition implements OpenPartition {
  readonly partition: LedPartition
  readonly #log: Log

  constructor(partition: LedPartition, log: Log) {
    this.partition = partition
    this.#log = log
  }

  close(): Promise<void> {
    return this.#log.close()
  }
}

export class StreamFiles implements StreamLogs {
  readonly #options: StreamsOptions
  readonly #onDisk: Io
  readonly #inMemory: Io

  constructor(options: StreamsOptions) {
    this.#options = options
    this.#onDisk = storageFor(options.io, options.limits)
    this.#inMemory = { ...options.io, files: memoryFiles() }
  }

  /** Only of partitions that this node leads. */
  async make(identity: StreamIdentity, config: StreamConfig, from: number): Promise<LoggedPartition[]> {
    const indexes = this.#ledFrom(identity, config, from)
    const opened: LoggedPartition[] = []
    try {
      while (indexes.length > 0) {
        const group = indexes.splice(0, openingMax)
        const outcomes = await Promise.allSettled(group.map((index) => this.#open(identity, config, index)))
        for (const outcome of outcomes) if (outcome.status === 'fulfilled') opened.push(outcome.value)
        const failed = outcomes.find((outcome) => outcome.status === 'rejected')
        if (failed !== undefined) throw failed.reason
      }
    } catch (error) {
      await closeAll(opened).catch(() => undefined)
      throw error
    }
    return opened
  }

  async open({ identity, config }: NamedStream): Promise<LoggedPartition[]> {
    if (config.durability !== 'memory') await this.#requireFolders(identity, config)
    return this.make(identity, config, 0)
  }

  async remove({ id }: StreamIdentity, config: StreamConfig): Promise<void> {
    await this.#removeFolder(this.#filesOf(config), `${this.#root}/${id}`, this.#root)
  }

  async removePartitions({ id }: StreamIdentity, config: StreamConfig, from: number): Promise<void> {
    const folder = `${this.#root}/${id}`
    for (let index = from; index < config.partitions; index++) {
      await this.#removeFolder(this.#filesOf(config), `${folder}/${index}`, folder)
    }
  }

  async removeOrphans(entries: readonly StreamEntry[]): Promise<void> {
    const { io, logger } = this.#options
    const partitionCounts = new Map(
      entries.map(({ identity, config }) => [String(identity.id), config.partitions]),
    )
    for (const id of await folderNames(io.files, this.#root)) {
      const count = partitionCounts.get(id)
      const folder = `${this.#root}/${id}`
      const orphans = count === undefined ? [folder] : await this.#foldersFrom(folder, count)
      for (const orphan of orphans) {
        logger.info({ folder: orphan }, 'removing files that belong to no stream')
        await this.#removeFolder(io.files, orphan, count === undefined ? this.#root : folder)
      }
    }
  }

  /** There is nobody else. */
  announce(): Promise<void> {
    return Promise.resolve()
  }

  #ledFrom({ id }: StreamIdentity, { partitions }: StreamConfig, from: number): number[] {
    const { placement = onlyNode } = this.#options
    const indexes = Array.from({ length: partitions - from }, (_, at) => from + at)
    return indexes.filter((index) => placement.isLedHere(id, index))
  }

  get #root(): string {
    return `${this.#options.directory}/streams`
  }

  #filesOf(config: StreamConfig): FileSystem {
    return config.durability === 'memory' ? this.#inMemory.files : this.#options.io.files
  }

  async #open(identity: StreamIdentity, config: StreamConfig, index: number): Promise<LoggedPartition> {
    const { limits, tail, logger, wasClosedCleanly, leaderEpoch, placement = onlyNode } = this.#options
    const { durability } = config
    const { segmentBytes, segmentMs, indexIntervalBytes, producerExpirationMs } = limits
    const bounds = { segmentBytes: config.segmentBytes, segmentMs: config.segmentMs }
    const directory = `${this.#root}/${identity.id}/${index}`
    const log = await Log.open(durability === 'memory' ? this.#inMemory : this.#onDisk, directory, {
      durability: durability === 'fsync' ? 'fsync' : 'os',
      segmentBytes,
      segmentMs,
      indexIntervalBytes,
      tail,
      logger,
      wasClosedCleanly,
      producerExpirationMs,
    })
    log.boundSegments(bounds)
    const node = placement.named(placement.node)
    return new LoggedPartition(new LedPartition(index, { leaderEpoch, node }, log), log)
  }

  /** Why: opening would make an empty log where one was lost, and nobody would hear of it. */
  async #requireFolders(identity: StreamIdentity, config: StreamConfig): Promise<void> {
    const { id, name } = identity
    const folder = `${this.#root}/${id}`
    const names = new Set(await folderNames(this.#options.io.files, folder))
    for (const index of this.#ledFrom(identity, config, 0)) {
      if (names.has(String(index))) continue
      const text = `The log of stream ${name}, partition ${index}, is missing: there is no ${folder}/${index}`
      throw new BrokerError('corrupt-log', text)
    }
  }

  async #foldersFrom(folder: string, count: number): Promise<string[]> {
    const names = await folderNames(this.#options.io.files, folder)
    return names.filter((name) => !(Number(name) < count)).map((name) => `${folder}/${name}`)
  }

  async #removeFolder(files: FileSystem, folder: string, parent: string): Promise<void> {
    await files.removeDirectory(folder)
    await files.syncDirectory(parent).catch(unlessNotFound)
  }
}

async function folderNames(files: FileSystem, folder: string): Promise<string[]> {
  const entries = await files.list(folder).catch((error: unknown) => {
    unlessNotFound(error)
    return []
  })
  return entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name)
}

function unlessNotFound(error: unknown): void {
  if (!(error instanceof IoError) || error.kind !== 'not-found') throw error
}
