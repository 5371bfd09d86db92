// Flow consumers as the catalog keeps them. Keys:
//
//   consumers/<stream>/<consumer>   { id, createdAt, config, pauses }   deleted with the stream, by
//                                   services/streams
//   consumer-ids                    the highest id ever given
//   consumer-letters                true: written with every change that may send dead letters elsewhere
//
// Must never write but through a compare: what it decided on may have changed meanwhile.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { ConsumerConfig, Pause } from '@sluice/protocol/model/consumer'
import type { Compare, MetadataEntry, Put, Transactions } from '../../cluster/metadata.ts'
import { defaultConsumerConfig } from './consumer-config.ts'

const prefix = 'consumers/'
const idsKey = 'consumer-ids'
const lettersKey = 'consumer-letters'

export interface ConsumerEntry {
  /** Never reused, so that progress of a deleted consumer is never taken for that of a new one. */
  readonly id: number
  readonly stream: string
  readonly name: string
  /** ISO 8601. */
  readonly createdAt: string
  readonly config: ConsumerConfig
  /** Also some that have ended: they go with the next change. */
  readonly pauses: readonly Pause[]
}

/** All consumers, for a decision that holds only while none of them sends its dead letters elsewhere. */
export interface ConsumerSurvey {
  readonly consumers: readonly ConsumerEntry[]
  readonly stamp: number
}

export class ConsumerCatalog {
  readonly #metadata: Transactions

  constructor(metadata: Transactions) {
    this.#metadata = metadata
  }

  async list(): Promise<ConsumerEntry[]> {
    return (await this.#metadata.list(prefix)).map(entryOf)
  }

  async survey(): Promise<ConsumerSurvey> {
    // Why first: what is changed between the two makes the stamp an old one.
    const stamp = await this.#stamp()
    return { consumers: await this.list(), stamp }
  }

  /** Whether what was decided on a survey holds still. */
  async isCurrent({ stamp }: ConsumerSurvey): Promise<boolean> {
    return (await this.#stamp()) === stamp
  }

  async #stamp(): Promise<number> {
    return (await this.#metadata.get(lettersKey))?.revision ?? 0
  }

  /** An id that no consumer has had or will have, but one that is added with it. */
  async reserveId(): Promise<number> {
    for (;;) {
      const ids = await this.#metadata.get(idsKey)
      const id = Number(ids === undefined ? 0 : JSON.parse(ids.value)) + 1
      const compares = [{ key: idsKey, revision: ids?.revision ?? 0 }]
      const puts = [{ key: idsKey, value: JSON.stringify(id) }]
      if ((await this.#metadata.commit({ compares, puts })).succeeded) return id
    }
  }

  /** Undefined when the name is taken, the stream gone, or the survey no longer current, meanwhile. */
  async add(entry: ConsumerEntry, survey?: ConsumerSurvey): Promise<ConsumerEntry | undefined> {
    const stream = await this.#metadata.get(`streams/${entry.stream}`)
    if (stream === undefined) return undefined
    const { succeeded } = await this.#metadata.commit({
      compares: [
        { key: keyOf(entry), revision: 0 },
        { key: stream.key, revision: stream.revision },
        ...comparesOf(survey),
      ],
      puts: [{ key: keyOf(entry), value: valueOf(entry) }, ...putsOf(survey)],
    })
    return succeeded ? entry : undefined
  }

  /** False when it was changed or deleted, or the survey is no longer current, meanwhile. */
  async change(entry: ConsumerEntry, survey?: ConsumerSurvey): Promise<boolean> {
    const current = await this.#metadata.get(keyOf(entry))
    if (current === undefined || entryOf(current).id !== entry.id) return false
    const key = keyOf(entry)
    const compares = [{ key, revision: current.revision }, ...comparesOf(survey)]
    const puts = [{ key, value: valueOf(entry) }, ...putsOf(survey)]
    return (await this.#metadata.commit({ compares, puts })).succeeded
  }

  /** Harmless where it is gone already, also where another one has its name since. */
  async remove(entry: ConsumerEntry): Promise<void> {
    for (;;) {
      const current = await this.#metadata.get(keyOf(entry))
      if (current === undefined || entryOf(current).id !== entry.id) return
      const { key, revision } = current
      if ((await this.#metadata.commit({ compares: [{ key, revision }], deletes: [key] })).succeeded) return
    }
  }
}

function comparesOf(survey: ConsumerSurvey | undefined): Compare[] {
  return survey === undefined ? [] : [{ key: lettersKey, revision: survey.stamp }]
}

function putsOf(survey: ConsumerSurvey | undefined): Put[] {
  return survey === undefined ? [] : [{ key: lettersKey, value: 'true' }]
}

function keyOf({ stream, name }: { stream: string; name: string }): string {
  return `${prefix}${stream}/${name}`
}

function valueOf({ id, createdAt, config, pauses }: ConsumerEntry): string {
  return JSON.stringify({ id, createdAt, config, pauses })
}

/** Entries of before there were pauses have none. */
type StoredEntry = Omit<ConsumerEntry, 'pauses'> & { readonly pauses?: readonly Pause[] }

function entryOf({ key, value }: MetadataEntry): ConsumerEntry {
  const [, stream, name] = key.split('/') as [string, string, string]
  try {
    const { id, createdAt, config, pauses = [] } = JSON.parse(value) as StoredEntry
    return { id, stream, name, createdAt, config: { ...defaultConsumerConfig(stream), ...config }, pauses }
  } catch (cause) {
    throw new BrokerError('corrupt-log', `The catalog's entry of consumer ${name} of ${stream} is no JSON`, {
      cause,
    })
  }
}
