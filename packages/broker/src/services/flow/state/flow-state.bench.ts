// What a record costs in the flow state, and how it grows with subjects and rules.
// Run: node packages/broker/src/services/flow/state/flow-state.bench.ts
// Prints nanoseconds a record (admit, deliver, settle) and the ratio to the first row; compare ratios of
// one run only.

import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { placeBatch } from '@sluice/protocol/record/record-batch'
import { BatchView } from '../reading/batch-view.ts'
import { compileSettings } from './flow-settings.ts'
import { FlowState } from './flow-state.ts'
import { FlowTotals } from './flow-totals.ts'
import { newConsumerConfig } from '../consumer-config.ts'
import { ProgressImage } from '../progress/progress-codec.ts'

const recordCount = 1_000_000
const perBatch = 256
const moment = { monotonicMs: 0, wallMs: 0 }
const patternRules = [
  { match: 'orders.premium.>', limit: 30 },
  { match: 'orders.basic.>', limit: 10 },
  { match: 'orders.freemium.>', limit: 1 },
]

function viewsOf(subjectCount: number): BatchView[] {
  const builder = new RecordBatchBuilder()
  const views: BatchView[] = []
  for (let offset = 0; offset < recordCount;) {
    const base = offset
    for (let index = 0; index < perBatch; index++)
      builder.add(0, `orders.freemium.u${offset++ % subjectCount}`, 'x')
    const batch = builder.take()
    placeBatch(batch, 0, base, 0)
    views.push(new BatchView(batch, 0))
  }
  return views
}

/** Every record is admitted; what may be delivered is delivered, and settled `lag` deliveries later. */
function run(
  views: readonly BatchView[],
  rules: readonly { match: string; limit: number }[],
  lag: number,
): number {
  const settings = compileSettings(newConsumerConfig('S', { rules }), 1 << 20)
  const state = new FlowState(settings, new FlowTotals(), new ProgressImage())
  const out = new Int32Array(lag)
  let delivered = 0
  const startedAt = process.hrtime.bigint()
  for (const view of views) {
    for (let index = 0; index < view.recordCount; index++) {
      const pool = state.admit(view, index, moment)
      if (pool < 0) continue
      if (delivered >= lag) state.settle(out[delivered % lag]!)
      const slot = state.deliver(pool, view.offsetAt(index), 1)
      state.sent(slot, 0)
      out[delivered++ % lag] = slot
    }
  }
  return Number(process.hrtime.bigint() - startedAt) / (views.length * perBatch)
}

let base = 0

function report(name: string, measure: () => number): void {
  const best = Math.min(measure(), measure(), measure())
  base ||= best
  console.log(`${name.padEnd(58)} ${best.toFixed(0).padStart(5)} ns   ${(best / base).toFixed(2)}x`)
}

for (const subjectCount of [1000, 1_000_000]) {
  const views = viewsOf(subjectCount)
  for (const rules of [[], patternRules]) {
    const name = `${subjectCount} subjects, ${rules.length} pattern rules, settled 100 later`
    report(name, () => run(views, rules, 100))
  }
  report(`${subjectCount} subjects, all of them active at once`, () =>
    run(views, [], Math.min(subjectCount, 900_000)),
  )
}
const oneSubject = viewsOf(1)
report('one subject at limit 1: all but one record parked', () => run(oneSubject, patternRules, 100))
