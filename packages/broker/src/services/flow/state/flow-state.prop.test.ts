// Random histories of one consumer on one partition, against a model that knows each record's fate.

import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { FlowRule } from '@sluice/protocol/model/consumer'
import { FlowDriver } from './flow-driver.fixture.ts'
import { checkInvariants } from './flow-invariants.ts'
import type { FlowState } from './flow-state.ts'

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

function rulesWith(limit: number): FlowRule[] {
  return [
    { match: 'a.*', limit },
    { match: 'b.>', limit: 1 },
  ]
}

class History {
  readonly driver: FlowDriver
  wasLowered = false
  readonly settled = new Set<number>()
  /** Slots that are out, by the order of delivery. */
  readonly out: number[] = []
  readonly #delivered = new Set<number>()
  readonly #lastFirst = new Map<string, number>()
  #limit = 1

  constructor(parkedMax: number) {
    const filter = ['a.>', 'b.>', 'c.>']
    const retry = { ackWaitMs: 1000, maxDeliver: 4, backoffMs: [0, 30] }
    this.driver = new FlowDriver({ filter, rules: rulesWith(1), maxInflight, ...retry }, parkedMax)
  }

  get state(): FlowState {
    return this.driver.state
  }

  alter(limit: number): void {
    this.wasLowered ||= limit < this.#limit
    this.#limit = limit
    this.driver.alter({ rules: rulesWith(limit) })
  }

  deliver(count: number): void {
    this.driver.deliver(count, 7, (slot) => this.#sent(slot))
  }

  #sent(slot: number): void {
    const offset = this.state.deliveries.offset[slot]!
    const subject = this.driver.subjects[offset]!
    assert.ok(!this.settled.has(offset), `${offset} is delivered though it is settled`)
    assert.ok(/^[abc]\./.test(subject), `${subject} does not match the filter`)
    this.state.sent(slot, this.driver.nowMs)
    this.out.push(slot)
    const isStrict = subject.startsWith('b.')
    if (isStrict && !this.#delivered.has(offset)) {
      assert.ok(offset > (this.#lastFirst.get(subject) ?? -1), `${subject} is out of order at ${offset}`)
      this.#lastFirst.set(subject, offset)
    }
    this.#delivered.add(offset)
    if (isStrict) this.checkAlone(subject, slot)
  }

  /** At limit 1 no other record of the subject is out, and no earlier one is unsettled. */
  checkAlone(subject: string, slot: number): void {
    const offset = this.state.deliveries.offset[slot]!
    for (const other of this.out) {
      if (other === slot) continue
      assert.notEqual(
        this.driver.subjects[this.state.deliveries.offset[other]!],
        subject,
        `two of ${subject} are out`,
      )
    }
    for (let earlier = 0; earlier < offset; earlier++) {
      if (this.driver.subjects[earlier] === subject)
        assert.ok(this.settled.has(earlier), `${offset} overtakes ${earlier}`)
    }
  }

  take(which: number): number | undefined {
    return this.out.length === 0 ? undefined : this.out.splice(which % this.out.length, 1)[0]
  }

  settle(slot: number): void {
    this.settled.add(this.state.deliveries.offset[slot]!)
    this.state.settle(slot)
  }

  fail(slot: number, delayMs: number): void {
    const failure = { text: '', delayMs: delayMs < 0 ? undefined : delayMs }
    if (this.state.fail(slot, failure, this.driver.moment) === 'condemned') this.settle(slot)
  }

  wait(ms: number): void {
    this.driver.nowMs += ms
    for (
      let slot = this.state.overdue(this.driver.nowMs);
      slot >= 0;
      slot = this.state.overdue(this.driver.nowMs)
    ) {
      this.out.splice(this.out.indexOf(slot), 1)
      this.fail(slot, -1)
    }
    this.state.wakeDelayed(this.driver.nowMs)
  }

  /** Delivers and settles until nothing is left; every record that matches must have been delivered. */
  drain(): void {
    for (let round = 0; round < 10_000 && this.state.settled.floor < this.driver.subjects.length; round++) {
      this.deliver(maxInflight)
      for (let slot = this.take(0); slot !== undefined; slot = this.take(0)) this.settle(slot)
      this.wait(100)
    }
    assert.equal(this.state.settled.floor, this.driver.subjects.length, 'something is never delivered')
    this.driver.subjects.forEach((subject, offset) => {
      const isMatching = subject !== null && /^[abc]\./.test(subject)
      assert.equal(this.settled.has(offset), isMatching, `${offset} of ${subject}`)
    })
    assert.equal(this.state.pools.count, 0, 'an idle subject holds memory')
    assert.equal(this.state.retries.count, 0)
  }
}

function apply(history: History, given: typeof step extends fc.Arbitrary<infer T> ? T : never): void {
  if (given.op === 'publish') history.driver.publish(given.subjects.map((index) => subjects[index]!))
  else if (given.op === 'deliver') history.deliver(given.count)
  else if (given.op === 'wait') history.wait(given.ms)
  else if (given.op === 'rules') history.alter(given.limit)
  else {
    const slot = history.take(given.which)
    if (slot === undefined) return
    if (given.op === 'ack') history.settle(slot)
    else if (given.op === 'nack') history.fail(slot, given.delayMs)
    else if (given.op === 'release') history.state.release(slot)
    else {
      history.state.condemn(slot, { reason: 'rejected', text: '' })
      history.settle(slot)
    }
  }
}

for (const parkedMax of [1_000_000, 2, 0]) {
  test(`random histories keep every invariant, with ${parkedMax} parked offsets in memory`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const history = new History(parkedMax)
        for (const given of steps) {
          apply(history, given)
          checkInvariants(history.state, history.wasLowered)
        }
        history.drain()
        checkInvariants(history.state, true)
      }),
      { numRuns: 400 },
    )
  })
}
