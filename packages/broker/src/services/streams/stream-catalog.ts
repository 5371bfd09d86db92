// Streams as the catalog keeps them. Keys:
//
//   streams/<name>                  { id, createdAt, firstPartitions, config }
//   stream-ids                      the highest id ever given
//   consumers/<stream>/<consumer>   written by services/flow, gone with their stream
//
// Must never write anything but through a compare: what it decided on may have changed meanwhile.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { StreamConfig } from '@sluice/protocol/model/stream'
import type { MetadataEntry, Transactions } from '../../cluster/metadata.ts'
import { streamDefaults } from './stream-config.ts'
import type { StreamIdentity } from './stream.ts'

const streamsPrefix = 'streams/'
const consumersPrefix = 'consumers/'
const idsKey = 'stream-ids'

/** A stream's entry, with the revision at which it was read. */
export interface StreamEntry {
  readonly identity: StreamIdentity
  readonly config: StreamConfig
  readonly revision: number
}

interface StoredStream extends StreamIdentity {
  readonly config: StreamConfig
}

export class StreamCatalog {
  readonly #metadata: Transactions

  constructor(metadata: Transactions) {
    this.#metadata = metadata
  }

  async list(): Promise<StreamEntry[]> {
    return (await this.#metadata.list(streamsPrefix)).map(entryOf)
  }

  async lastId(): Promise<number> {
    const entry = await this.#metadata.get(idsKey)
    return entry === undefined ? 0 : Number(JSON.parse(entry.value))
  }

  /** False when the name is taken. `identity.id` is above all ids ever given. */
  async add(identity: StreamIdentity, config: StreamConfig): Promise<boolean> {
    const ids = await this.#metadata.get(idsKey)
    const { succeeded } = await this.#metadata.commit({
      compares: [
        { key: streamKey(identity.name), revision: 0 },
        { key: idsKey, revision: ids?.revision ?? 0 },
      ],
      puts: [
        { key: streamKey(identity.name), value: valueOf(identity, config) },
        { key: idsKey, value: JSON.stringify(identity.id) },
      ],
    })
    return succeeded
  }

  /** False when the stream was changed or deleted meanwhile. */
  async change(identity: StreamIdentity, config: StreamConfig): Promise<boolean> {
    const entry = await this.#find(identity)
    if (entry === undefined) return false
    const key = streamKey(identity.name)
    const compares = [{ key, revision: entry.revision }]
    const { succeeded } = await this.#metadata.commit({
      compares,
      puts: [{ key, value: valueOf(identity, config) }],
    })
    return succeeded
  }

  /** Takes its consumers with it. False when it is gone already. */
  async remove(identity: StreamIdentity): Promise<boolean> {
    const entry = await this.#find(identity)
    if (entry === undefined) return false
    const key = streamKey(identity.name)
    const { succeeded } = await this.#metadata.commit({
      compares: [{ key, revision: entry.revision }],
      deletes: [key, ...(await this.#consumers(identity.name)).map((consumer) => consumer.key)],
    })
    // Why again: one may have been made between the list and the transaction. From here on none can be, since
    // making one compares the stream's key.
    if (succeeded) await this.#removeConsumers(() => this.#consumers(identity.name))
    return succeeded
  }

  /** What a crash in the middle of `remove` can have left. */
  async removeOrphanedConsumers(names: ReadonlySet<string>): Promise<void> {
    await this.#removeConsumers(async () => {
      const entries = await this.#metadata.list(consumersPrefix)
      return entries.filter(({ key }) => !names.has(key.split('/')[1]!))
    })
  }

  /** Those that are listed, as they are listed; lists again where one was changed meanwhile. */
  async #removeConsumers(list: () => Promise<MetadataEntry[]>): Promise<void> {
    for (;;) {
      const entries = await list()
      if (entries.length === 0) return
      const compares = entries.map(({ key, revision }) => ({ key, revision }))
      const deletes = entries.map(({ key }) => key)
      if ((await this.#metadata.commit({ compares, deletes })).succeeded) return
    }
  }

  async #find(identity: StreamIdentity): Promise<MetadataEntry | undefined> {
    const entry = await this.#metadata.get(streamKey(identity.name))
    return entry !== undefined && entryOf(entry).identity.id === identity.id ? entry : undefined
  }

  #consumers(stream: string): Promise<MetadataEntry[]> {
    return this.#metadata.list(`${consumersPrefix}${stream}/`)
  }
}

function streamKey(name: string): string {
  return `${streamsPrefix}${name}`
}

function valueOf({ id, createdAt, firstPartitions }: StreamIdentity, config: StreamConfig): string {
  return JSON.stringify({ id, createdAt, firstPartitions, config })
}

function entryOf({ key, value, revision }: MetadataEntry): StreamEntry {
  const name = key.slice(streamsPrefix.length)
  try {
    const { id, createdAt, firstPartitions, config } = JSON.parse(value) as StoredStream
    const identity = { id, name, createdAt, firstPartitions }
    return { identity, config: { ...streamDefaults, ...config }, revision }
  } catch (cause) {
    throw new BrokerError('corrupt-log', `The catalog's entry of stream ${name} is no JSON`, { cause })
  }
}
