// Plays the coordinator for a flow state in tests: publishes into memory, delivers what may be delivered,
// keeps time.

import type { ConsumerConfig } from '@sluice/protocol/model/consumer'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { placeBatch } from '@sluice/protocol/record/record-batch'
import { BatchView } from '../reading/batch-view.ts'
import { compileSettings, pausedFilter } from './flow-settings.ts'
import type { FlowSettings } from './flow-settings.ts'
import { FlowState } from './flow-state.ts'
import { FlowTotals } from './flow-totals.ts'
import type { Moment } from './flow-state.ts'
import { ProgressImage } from '../progress/progress-codec.ts'

const defaults: ConsumerConfig = {
  filter: ['>'],
  rules: [],
  maxInflight: 1000,
  ackWaitMs: 30_000,
  maxDeliver: 0,
  backoffMs: [],
  deadLetterStream: 'S.dlq',
  deliverFrom: 'all',
  ackPolicy: 'explicit',
  onExhausted: 'dead-letter',
}

export class FlowDriver {
  readonly state: FlowState
  readonly subjects: (string | null)[] = []
  nowMs = 1000
  config: ConsumerConfig
  paused: readonly string[] = []
  readonly #parkedMax: number
  #views: BatchView[] = []

  /** `beside`: another partition of the same consumer. */
  constructor(
    config: Partial<ConsumerConfig>,
    parkedMax = 1 << 20,
    known = new ProgressImage(),
    beside?: FlowDriver,
  ) {
    this.config = { ...defaults, ...config }
    this.#parkedMax = parkedMax
    const settings = beside?.state.settings ?? compileSettings(this.config, parkedMax)
    const totals = beside?.state.totals ?? new FlowTotals()
    totals.gates.advance(this.nowMs)
    this.state = new FlowState(settings, totals, known)
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
    this.applySettings(compileSettings(this.config, this.#parkedMax, { pausedPatterns: this.paused }))
  }

  /** What is paused from now on. */
  pause(patterns: readonly string[]): void {
    this.paused = patterns
    this.applySettings({ ...this.state.settings, paused: pausedFilter(patterns) })
  }

  applySettings(settings: FlowSettings): void {
    this.state.applySettings(settings, this.nowMs)
  }

  /** Lets the clock run; what is late by then is called back with, before delays end and rates go on. */
  wait(ms: number, late: (slot: number) => void): void {
    const { state } = this
    this.nowMs += ms
    for (let slot = state.overdue(this.nowMs); slot >= 0; slot = state.overdue(this.nowMs)) late(slot)
    state.wakeDelayed(this.nowMs)
    state.totals.gates.advance(this.nowMs)
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
    state.totals.gates.advance(this.nowMs)
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
