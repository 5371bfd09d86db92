// Plays the coordinator for a flow state in tests: publishes into memory, delivers what may be delivered,
// keeps time.

import type { ConsumerConfig } from '@sluice/protocol/model/consumer'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { placeBatch } from '@sluice/protocol/record/record-batch'
import { BatchView } from '../reading/batch-view.ts'
import { newConsumerConfig } from '../consumer-config.ts'
import { compileSettings } from './flow-settings.ts'
import { FlowState } from './flow-state.ts'
import type { Moment } from './flow-state.ts'
import { ProgressImage } from '../progress/progress-codec.ts'

export class FlowDriver {
  readonly state: FlowState
  readonly subjects: (string | null)[] = []
  nowMs = 1000
  config: ConsumerConfig
  readonly #parkedMax: number
  #views: BatchView[] = []

  constructor(config: Partial<ConsumerConfig>, parkedMax = 1 << 20, known = new ProgressImage()) {
    this.config = newConsumerConfig('S', config)
    this.#parkedMax = parkedMax
    this.state = new FlowState(compileSettings(this.config, parkedMax), { inFlight: 0 }, known)
  }

  get moment(): Moment {
    return { monotonicMs: this.nowMs, wallMs: this.nowMs }
  }

  /** Lets go of all that was published, where a test counts what the state alone holds. */
  forgetBatches(): void {
    this.#views = []
    this.subjects.length = 0
  }

  alter(changes: Partial<ConsumerConfig>): void {
    this.config = { ...this.config, ...changes }
    this.state.applySettings(compileSettings(this.config, this.#parkedMax), this.nowMs)
  }

  /** One batch with a record for each subject; null is the null key. */
  publish(subjects: readonly (string | null)[]): void {
    const builder = new RecordBatchBuilder()
    const base = this.subjects.length
    for (const subject of subjects) builder.add(0, subject, 'payload')
    const batch = builder.take()
    placeBatch(batch, 0, base, 0)
    this.#views.push(new BatchView(batch, 0))
    this.subjects.push(...subjects)
  }

  /** Hands out up to `count` records, ready ones first, and calls back with the slot of each. */
  deliver(count: number, member: number, delivered: (slot: number) => void): void {
    const { state } = this
    this.#refill()
    for (let left = count; left > 0 && state.totals.inFlight < this.config.maxInflight; left--) {
      const ready = state.takeReady()
      if (ready >= 0 && state.pools.isMatching[ready] === 0) state.passOver(ready, state.unpark(ready))
      else if (ready >= 0) delivered(state.deliver(ready, state.unpark(ready), member))
      else if (state.readPosition === this.subjects.length) break
      else this.#read(member, delivered)
    }
  }

  #read(member: number, delivered: (slot: number) => void): void {
    const offset = this.state.readPosition
    const view = this.#viewOf(offset)
    const pool = this.state.admit(view, view.indexFrom(offset), this.moment)
    if (pool >= 0) delivered(this.state.deliver(pool, offset, member))
  }

  #refill(): void {
    const { state } = this
    for (let pool = state.spilled.nextStarving(); pool >= 0; pool = state.spilled.nextStarving()) {
      state.refill(pool, this.#viewOf(state.pools.spilledFrom[pool]!), this.moment)
    }
  }

  #viewOf(offset: number): BatchView {
    return this.#views.findLast((view) => offset >= view.baseOffset)!
  }
}
