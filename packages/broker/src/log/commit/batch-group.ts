// The batches that share one write and one sync, and the one promise of those who wait for them.

import { lastOffsetOf } from '@sluice/protocol/record/record-batch'
import type { BrokerError } from '@sluice/protocol/errors/broker-error'

export class BatchGroup {
  readonly batches: Uint8Array[] = []
  /** Whether a new segment begins with this group. */
  readonly rolls: boolean
  readonly baseOffset: number
  endOffset: number
  sizeBytes = 0
  #waiters: PromiseWithResolvers<void> | undefined

  constructor(baseOffset: number, rolls: boolean) {
    this.baseOffset = baseOffset
    this.endOffset = baseOffset
    this.rolls = rolls
  }

  /** The batch has its offset. */
  add(batch: Uint8Array): void {
    this.batches.push(batch)
    this.sizeBytes += batch.length
    this.endOffset = lastOffsetOf(batch, 0) + 1
  }

  /** Made only if somebody asks: nobody has to catch what nobody waits for. */
  get settled(): Promise<void> {
    this.#waiters ??= Promise.withResolvers<void>()
    return this.#waiters.promise
  }

  confirm(): void {
    this.#waiters?.resolve()
  }

  refuse(why: BrokerError): void {
    this.#waiters?.reject(why)
  }
}
