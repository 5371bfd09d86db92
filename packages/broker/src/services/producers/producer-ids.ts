// Ids of idempotent producers: each is given once, whatever node gives it and however often nodes start.
// Nodes reserve them in blocks in the catalog, so that few of them cost a transaction.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Transactions } from '../../cluster/metadata.ts'

const key = 'producer-ids'
const blockSize = 1000
/** Others that reserve a block meanwhile, before this gives up. */
const attemptsMax = 100

export class ProducerIds {
  readonly #catalog: Transactions
  #next = 0
  #end = 0
  #reserving: Promise<void> | undefined

  constructor(catalog: Transactions) {
    this.#catalog = catalog
  }

  /** An id that nobody was given before. */
  async take(): Promise<number> {
    while (this.#next === this.#end) {
      this.#reserving ??= this.#reserve().finally(() => {
        this.#reserving = undefined
      })
      await this.#reserving
    }
    return this.#next++
  }

  /** What is left of a block is lost when the node ends. */
  async #reserve(): Promise<void> {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const entry = await this.#catalog.get(key)
      const first = entry === undefined ? 0 : Number(JSON.parse(entry.value))
      if (!Number.isSafeInteger(first + blockSize)) break
      const { succeeded } = await this.#catalog.commit({
        compares: [{ key, revision: entry?.revision ?? 0 }],
        puts: [{ key, value: JSON.stringify(first + blockSize) }],
      })
      if (!succeeded) continue
      this.#next = first
      this.#end = first + blockSize
      return
    }
    throw new BrokerError('internal', 'No ids of producers could be reserved')
  }
}
