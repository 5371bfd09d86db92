// What administrators and operators change in a history while everything goes on; one change at a time.

import type { Client } from '@sluice/client'
import { HistoryAdmin } from './history-admin.ts'
import { HistoryAsking } from './history-asking.ts'
import type { HistoryLedger } from './history-ledger.ts'
import { HistoryOperator } from './history-operator.ts'
import type { StreamRecord } from './history-records.ts'
import type { SimWorld } from './sim-io.ts'
import type { SimRandom } from './sim-random.ts'

export type Change =
  | 'alter'
  | 'grow'
  | 'recreate'
  | 'pause'
  | 'drain'
  | 'unblock'
  | 'letters'
  | 'purge'
  | 'delete'

export class HistoryChanges {
  readonly admin: HistoryAdmin
  readonly operator: HistoryOperator
  readonly #ledger: HistoryLedger
  readonly #random: SimRandom
  isBusy = false

  constructor(client: Client, world: SimWorld, ledger: HistoryLedger) {
    const asking = new HistoryAsking(world, ledger)
    this.#ledger = ledger
    this.#random = world.scheduler.random.fork('changes')
    this.admin = new HistoryAdmin(client, asking, world, ledger)
    this.operator = new HistoryOperator(client, asking, ledger, this.#random.fork('operator'))
  }

  /** Nothing where another change is under way. */
  async once(change: Change, stream: StreamRecord): Promise<void> {
    if (this.isBusy) return
    this.isBusy = true
    try {
      await this.#change(change, stream)
    } catch (error) {
      this.#ledger.fail(error)
    }
    this.isBusy = false
  }

  async #change(change: Change, stream: StreamRecord): Promise<void> {
    const consumer = this.#random.pick([...stream.consumers.values()])
    switch (change) {
      case 'alter':
        return this.admin.alter(consumer)
      case 'grow':
        return this.admin.grow(stream)
      case 'recreate':
        if (this.#random.chance(0.8)) return this.admin.recreateConsumer(consumer)
        return this.admin.recreateStream(stream)
      case 'pause':
        return this.operator.pauseOrResume(consumer)
      case 'drain':
        return this.operator.drain(consumer)
      case 'unblock':
        return void (await this.operator.unblock(consumer))
      case 'letters':
        return this.operator.handleLetters(consumer)
      case 'purge':
        return this.operator.purge(stream)
      case 'delete':
        return this.operator.deleteMessages(stream)
    }
  }
}
