// Random histories of one consumer on one partition, against a model that knows each record's fate.

import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { placeBatch } from '@sluice/protocol/record/record-batch'
import { BatchView } from './batch-view.ts'
import { checkInvariants } from './flow-invariants.ts'
import { FlowState } from './flow-state.ts'
import type { FlowSettings } from './flow-settings.ts'
import { RetryTable } from './retry-table.ts'
import { RuleTable, SubjectFilter } from './rule-table.ts'
import { SettledSet } from './settled-set.ts'

const subjects = ['a.one', 'a.two', 'b.one', 'b.two', 'c.free', 'x.ignored', null] as const
const maxInflight = 6

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('publish' as const),
      subjects: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ op: fc.constant('deliver' as const), count: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 5, arbitrary: fc.record({ op: fc.constant('ack' as const), which: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('nack' as const),
      which: fc.nat(),
      delayMs: fc.constantFrom(-1, 0, 50, 500),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('release' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('reject' as const), which: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('wait' as const), ms: fc.constantFrom(10, 100, 1500) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('rules' as const), limit: fc.integer({ min: 1, max: 3 }) }),
  },
)

class History {
  state: FlowState
  limit = 1
  wasLowered = false
  nowMs = 1000
  readonly views: BatchView[] = []
  readonly subjectOf: (string | null)[] = []
  readonly settled = new Set<number>()
  /** Slots that are out, by the order of delivery. */
  readonly out: number[] = []
  readonly delivered = new Map<number, number>()
  readonly firstDelivered = new Map<string, number>()

  constructor(parkedMax: number) {
    const known = { settled: new SettledSet(), retries: new RetryTable() }
    this.state = new FlowState(this.settings(parkedMax), { inFlight: 0 }, known)
  }

  settings(parkedMax: number): FlowSettings {
    const rules = new RuleTable([
      { match: 'a.*', limit: this.limit },
      { match: 'b.>', limit: 1 },
    ])
    const filter = new SubjectFilter(['a.>', 'b.>', 'c.>'])
    return { rules, filter, ackWaitMs: 1000, maxDeliver: 4, backoffMs: [0, 30], parkedMax }
  }

  publish(chosen: readonly number[]): void {
    const builder = new RecordBatchBuilder()
    const base = this.subjectOf.length
    for (const index of chosen) {
      builder.add(0, subjects[index]!, 'payload')
      this.subjectOf.push(subjects[index]!)
    }
    const batch = builder.take()
    placeBatch(batch, 0, base, 0)
    this.views.push(new BatchView(batch, 0))
  }

  deliver(count: number): void {
    const { state } = this
    const moment = { monotonicMs: this.nowMs, wallMs: this.nowMs }
    for (let from = state.refillFrom(); from >= 0; from = state.refillFrom())
      state.refill(this.viewOf(from), from, moment)
    for (let left = count; left > 0 && state.totals.inFlight < maxInflight; left--) {
      const pool = state.takeReady()
      if (pool >= 0) this.send(pool, state.unpark(pool))
      else if (state.readPosition < this.subjectOf.length) {
        const offset = state.readPosition
        const view = this.viewOf(offset)
        const admittedTo = state.admit(view, view.indexFrom(offset), moment)
        if (admittedTo >= 0) this.send(admittedTo, offset)
      } else break
    }
  }

  send(pool: number, offset: number): void {
    const subject = this.subjectOf[offset]!
    assert.ok(!this.settled.has(offset), `${offset} is delivered though it is settled`)
    assert.ok(/^[abc]\./.test(subject), `${subject} does not match the filter`)
    const slot = this.state.deliver(pool, offset, 7)
    if (this.state.retries.find(offset)?.verdict !== undefined) return this.deadLetter(slot)
    this.state.sent(slot, this.nowMs)
    this.out.push(slot)
    const attempts = (this.delivered.get(offset) ?? 0) + 1
    this.delivered.set(offset, attempts)
    const isFirst = attempts === 1
    const isStrict = subject.startsWith('b.')
    if (isStrict && isFirst) {
      assert.ok(
        offset > (this.firstDelivered.get(subject) ?? -1),
        `${subject} is delivered out of order at ${offset}`,
      )
      this.firstDelivered.set(subject, offset)
    }
    if (isStrict) this.checkAlone(subject, slot)
  }

  /** At limit 1 no other record of the subject is out, and no earlier one is unsettled. */
  checkAlone(subject: string, slot: number): void {
    const offset = this.state.deliveries.offset[slot]!
    for (const other of this.out) {
      if (other === slot) continue
      assert.notEqual(
        this.subjectOf[this.state.deliveries.offset[other]!],
        subject,
        `two of ${subject} are out`,
      )
    }
    for (let earlier = 0; earlier < offset; earlier++) {
      if (this.subjectOf[earlier] === subject)
        assert.ok(this.settled.has(earlier), `${offset} overtakes ${earlier}`)
    }
  }

  viewOf(offset: number): BatchView {
    return this.views.find((view) => offset < view.nextOffset)!
  }

  take(which: number): number | undefined {
    return this.out.length === 0 ? undefined : this.out.splice(which % this.out.length, 1)[0]
  }

  settle(slot: number): void {
    this.settled.add(this.state.deliveries.offset[slot]!)
    this.state.settle(slot)
  }

  deadLetter(slot: number): void {
    this.state.holdForDeadLetter(slot)
    this.settle(slot)
  }

  fail(slot: number, delayMs: number): void {
    if (
      this.state.fail(
        slot,
        { text: '', delayMs: delayMs < 0 ? undefined : delayMs },
        { monotonicMs: this.nowMs, wallMs: this.nowMs },
      )
    )
      this.settle(slot)
  }

  wait(ms: number): void {
    this.nowMs += ms
    for (let slot = this.state.overdue(this.nowMs); slot >= 0; slot = this.state.overdue(this.nowMs)) {
      this.out.splice(this.out.indexOf(slot), 1)
      this.fail(slot, -1)
    }
    this.state.wakeDelayed(this.nowMs)
  }

  /** Delivers and settles until nothing is left; every record that matches must have been delivered. */
  drain(): void {
    for (let round = 0; round < 10_000 && this.state.settled.floor < this.subjectOf.length; round++) {
      this.deliver(maxInflight)
      for (let slot = this.take(0); slot !== undefined; slot = this.take(0)) this.settle(slot)
      this.wait(100)
    }
    assert.equal(this.state.settled.floor, this.subjectOf.length, 'something is never delivered')
    this.subjectOf.forEach((subject, offset) => {
      const isMatching = subject !== null && /^[abc]\./.test(subject)
      assert.equal(this.settled.has(offset), isMatching, `${offset} of ${subject}`)
    })
    assert.equal(this.state.pools.count, 0, 'an idle subject holds memory')
    assert.equal(this.state.retries.count, 0)
  }
}

function apply(
  history: History,
  given: typeof step extends fc.Arbitrary<infer T> ? T : never,
  parkedMax: number,
): void {
  if (given.op === 'publish') history.publish(given.subjects)
  else if (given.op === 'deliver') history.deliver(given.count)
  else if (given.op === 'wait') history.wait(given.ms)
  else if (given.op === 'rules') {
    history.wasLowered ||= given.limit < history.limit
    history.limit = given.limit
    history.state.applySettings(history.settings(parkedMax), history.nowMs)
  } else {
    const slot = history.take(given.which)
    if (slot === undefined) return
    if (given.op === 'ack') history.settle(slot)
    else if (given.op === 'nack') history.fail(slot, given.delayMs)
    else if (given.op === 'release') history.state.release(slot)
    else {
      history.state.condemn(slot, { reason: 'rejected', text: '' })
      history.deadLetter(slot)
    }
  }
}

for (const parkedMax of [1_000_000, 2, 0]) {
  test(`random histories keep every invariant, with ${parkedMax} parked offsets in memory`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const history = new History(parkedMax)
        for (const given of steps) {
          apply(history, given, parkedMax)
          checkInvariants(history.state, history.wasLowered)
        }
        history.drain()
        checkInvariants(history.state, true)
      }),
      { numRuns: 400 },
    )
  })
}
