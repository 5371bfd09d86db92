// Asks a broker until it has answered: what a client is not told for certain is asked again.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { ErrorCode } from '@sluice/protocol/errors/error-codes'
import { diskErrors, linkErrors } from './history-errors.ts'
import type { HistoryLedger } from './history-ledger.ts'
import type { SimWorld } from './sim-io.ts'

const againMs = 100

export class HistoryAsking {
  readonly #world: SimWorld
  readonly #ledger: HistoryLedger

  constructor(world: SimWorld, ledger: HistoryLedger) {
    this.#world = world
    this.#ledger = ledger
  }

  /** Resolves with the answer, or undefined where it is one of `fine`: what is wanted is so already. */
  async until<T>(
    what: string,
    order: () => Promise<T>,
    fine: readonly ErrorCode[] = [],
  ): Promise<T | undefined> {
    this.#ledger.note(what)
    for (;;) {
      try {
        const answer = await order()
        this.#ledger.note(`done: ${what}`)
        return answer
      } catch (error) {
        const code = error instanceof BrokerError ? error.code : undefined
        this.#ledger.note(`${what}: ${code ?? String(error)}`)
        if (code !== undefined && fine.includes(code)) return undefined
        this.#ledger.expectError(error, what, [...linkErrors, ...diskErrors])
        if (this.#ledger.violation !== undefined) throw error
      }
      await this.#world.sleep(againMs)
    }
  }
}
