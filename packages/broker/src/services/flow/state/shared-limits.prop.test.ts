// Random histories of one consumer over three partitions that share captured pools, totals and rates, against
// naive-flow.fixture.ts: nothing is delivered that may not be, and nothing is held back without a reason.

import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { FlowRule } from '@sluice/protocol/model/consumer'
import { decide } from './blocked-decision.ts'
import { FlowDriver } from './flow-driver.fixture.ts'
import { drain, removeBelow, removeOffsets } from './flow-removal.ts'
import { checkInvariants } from './flow-invariants.ts'
import { compileSettings, pausedFilter } from './flow-settings.ts'
import { checkGates } from './gate-invariants.ts'
import { isMatch, NaiveFlow } from './naive-flow.fixture.ts'
import type { NaiveRecord } from './naive-flow.fixture.ts'
import { SubjectFilter } from './rule-table.ts'

const subjects = ['a.one', 'a.two', 'a.hot', 'b.one', 'b.two', 'b.hot', 'c.one', 'c.two', null] as const
const rate = { perSecond: 20, burst: 2 }
const ruleSets: readonly (readonly FlowRule[])[] = [
  [
    { match: '{t}.*', limit: 2 },
    { match: '*.{k}', limit: 3, weight: 2 },
  ],
  [
    { match: '{t}.*', limit: 1, total: 2, rate },
    { match: '*.hot', limit: 1 },
  ],
  [
    { match: 'a.>', limit: 2, rate, weight: 3 },
    { match: 'a.one', limit: 3, total: 2 },
    { match: '>', limit: 2, total: 4 },
  ],
  [
    { match: '{t}.*', limit: 3, total: 2 },
    { match: '*.{k}', limit: 1, rate: { perSecond: 7, burst: 1 } },
    { match: 'b.>', limit: 1 },
  ],
  [],
  // The second and the fourth with other limits: what each subject shares stays the same.
  [
    { match: '{t}.*', limit: 2, total: 3, rate },
    { match: '*.hot', limit: 2 },
  ],
  [
    { match: '{t}.*', limit: 1, total: 1 },
    { match: '*.{k}', limit: 2, rate: { perSecond: 7, burst: 1 } },
    { match: 'b.>', limit: 2 },
  ],
]
const patterns = ['a.>', '*.hot', 'b.one', '>'] as const
const partitions = [0, 1, 2]
/** Each subject has one partition. */
const partitionOf = (subject: string | null): number => subjects.indexOf(subject as never) % 3

const nat = fc.nat()
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(fc.constant('publish' as const), fc.array(nat, { minLength: 1, maxLength: 6 })),
  },
  { weight: 8, arbitrary: fc.tuple(fc.constant('deliver' as const), fc.integer({ min: 1, max: 8 })) },
  { weight: 8, arbitrary: fc.tuple(fc.constant('ack' as const), nat) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('nack' as const), nat, fc.constantFrom(0, 0, 40, 400)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('release' as const), nat) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('reject' as const), nat) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('wait' as const), fc.constantFrom(1, 20, 60, 1500)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('rules' as const), nat) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('pause' as const), fc.subarray([...patterns])) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('unblock' as const), nat) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('removeBelow' as const), nat, nat) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant('removeOffsets' as const), nat, fc.array(nat, { maxLength: 3 })),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant('drain' as const), nat) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

interface Out {
  readonly slot: number
  readonly record: NaiveRecord
}

class History {
  readonly naive = new NaiveFlow(ruleSets[0]!)
  readonly drivers: FlowDriver[] = []
  out: Out[] = []
  readonly #parkedMax: number

  constructor(parkedMax: number) {
    this.#parkedMax = parkedMax
    const config = { rules: ruleSets[0]!, ackWaitMs: 1000, maxDeliver: 3, backoffMs: [0], maxInflight: 12 }
    for (const _ of partitions) {
      const driver = new FlowDriver(
        { ...config, onExhausted: 'block' },
        parkedMax,
        undefined,
        this.drivers[0],
      )
      this.drivers.push(driver)
    }
  }

  get nowMs(): number {
    return this.drivers[0]!.nowMs
  }

  check(): void {
    for (const { state } of this.drivers) checkInvariants(state, true)
    const { totals } = this.drivers[0]!.state
    checkGates(
      totals,
      this.drivers.map(({ state }) => state),
      true,
    )
    assert.equal(totals.inFlight, this.out.length)
  }

  apply(given: Step): void {
    switch (given[0]) {
      case 'publish':
        return this.publish(given[1].map((index) => subjects[index % subjects.length]!))
      case 'deliver':
        return this.deliver(given[1])
      case 'wait':
        return this.wait(given[1])
      case 'rules':
        return this.alter(ruleSets[given[1] % ruleSets.length]!)
      case 'pause':
        return this.pause(given[1])
      case 'unblock':
        return this.unblock(given[1])
      case 'removeBelow':
        return this.removeBelow(given[1] % 3, given[2])
      case 'removeOffsets':
        return this.removeOffsets(given[1] % 3, given[2])
      case 'drain':
        return this.drain(patterns[given[1] % patterns.length]!)
      default:
        return this.settleOne(given)
    }
  }

  publish(given: readonly (string | null)[]): void {
    for (const partition of partitions) {
      const own = given.filter((subject) => partitionOf(subject) === partition)
      if (own.length === 0) continue
      const driver = this.drivers[partition]!
      own.forEach((subject, index) => {
        const offset = driver.subjects.length + index
        this.naive.records.push({ partition, offset, subject, place: 'waiting', dueMs: 0 })
      })
      driver.publish(own)
    }
  }

  /** Partitions take turns; returns how many records were delivered. */
  deliver(count: number): void {
    for (const driver of this.drivers) this.#deliverFrom(driver, count)
  }

  #deliverFrom(driver: FlowDriver, count: number): void {
    const partition = this.drivers.indexOf(driver)
    driver.deliver(count, 1, (slot) => {
      const record = this.naive.find(partition, driver.state.deliveries.offset[slot]!)
      this.naive.deliver(record, this.nowMs)
      driver.state.sent(slot, this.nowMs)
      this.out.push({ slot, record })
    })
  }

  /** Delivers all that may be; then everything that still waits has a reason. */
  deliverAll(): void {
    // Why twice: what one partition reads again may let another go on, whose turn is over.
    for (let idle = 0; idle < 2;) {
      const before = this.out.length
      this.deliver(100)
      if (this.out.length === 12) return
      const isStarving = this.drivers.some(({ state }) => state.spilled.nextStarving() >= 0)
      idle = this.out.length > before || isStarving ? 0 : idle + 1
    }
    const seen = new Set<string | null>()
    for (const record of this.naive.records) {
      if (record.place !== 'waiting' || seen.has(record.subject)) continue
      seen.add(record.subject)
      const why = this.naive.whyNot(record, this.nowMs)
      assert.notEqual(why, undefined, `${record.offset} of ${record.subject} is held back without a reason`)
    }
  }

  settleOne(given: Step): void {
    if (this.out.length === 0) return
    const taken = this.out.splice((given[1] as number) % this.out.length, 1)[0]!
    const { state } = this.drivers[taken.record.partition]!
    if (given[0] === 'nack') return this.fail(taken, given[2])
    if (given[0] === 'release') {
      taken.record.place = 'waiting'
      return state.release(taken.slot)
    }
    if (given[0] === 'reject') state.condemn(taken.slot, { reason: 'rejected', text: '' })
    taken.record.place = 'settled'
    state.settle(taken.slot)
  }

  fail({ slot, record }: Out, delayMs: number): void {
    const driver = this.drivers[record.partition]!
    const fate = driver.state.fail(slot, { text: '', delayMs }, driver.moment)
    record.place = fate === 'blocked' ? 'blocked' : delayMs > 0 ? 'delayed' : 'waiting'
    record.dueMs = this.nowMs + delayMs
  }

  wait(ms: number): void {
    for (const driver of this.drivers) {
      const partition = this.drivers.indexOf(driver)
      // Why: the delays of one partition end while others are still at the time before.
      driver.wait(ms, (slot) => {
        const index = this.out.findIndex(
          ({ record, slot: one }) => one === slot && record.partition === partition,
        )
        this.#timedOut(this.out.splice(index, 1)[0]!)
      })
    }
    for (const record of this.naive.records)
      if (record.place === 'delayed' && record.dueMs <= this.nowMs) record.place = 'waiting'
  }

  #timedOut(late: Out): void {
    const driver = this.drivers[late.record.partition]!
    const fate = driver.state.fail(late.slot, { text: '' }, driver.moment)
    late.record.place = fate === 'blocked' ? 'blocked' : 'waiting'
  }

  alter(rules: readonly FlowRule[]): void {
    const { config, paused } = this.drivers[0]!
    const settings = compileSettings({ ...config, rules }, this.#parkedMax, { pausedPatterns: paused })
    for (const driver of this.drivers) driver.applySettings(settings)
    this.naive.rules = rules
  }

  pause(paused: readonly string[]): void {
    const settings = { ...this.drivers[0]!.state.settings, paused: pausedFilter(paused) }
    for (const driver of this.drivers) {
      driver.paused = paused
      driver.applySettings(settings)
    }
    this.naive.paused = paused
  }

  unblock(which: number): void {
    const blocked = this.naive.records.filter(({ place }) => place === 'blocked')
    if (blocked.length === 0) return
    const { partition, subject } = blocked[which % blocked.length]!
    const { state } = this.drivers[partition]!
    const key = Buffer.from(subject ?? '')
    const pool = state.pools.find(key, 0, subject === null ? -1 : key.length)
    const decision = (['retry', 'drop', 'dead-letter'] as const)[which % 3]!
    const { offsets, slots } = decide(state, pool, decision)
    const own = blocked.filter((one) => one.subject === subject)
    assert.deepEqual(
      offsets,
      own.map(({ offset }) => offset),
    )
    assert.equal(slots.length, decision === 'dead-letter' ? own.length : 0)
    for (const record of own) record.place = decision === 'retry' ? 'waiting' : 'settled'
    for (const slot of slots) state.settle(slot)
  }

  removeBelow(partition: number, which: number): void {
    const driver = this.drivers[partition]!
    const end = which % (driver.subjects.length + 1)
    const gone = this.#unsettled(partition, ({ offset }) => offset < end)
    const count = removeBelow(driver.state, end, (slot) => this.#ended(partition, slot))
    this.#removed(gone, count)
  }

  removeOffsets(partition: number, which: readonly number[]): void {
    const driver = this.drivers[partition]!
    if (driver.subjects.length === 0) return
    const offsets = new Set(which.map((one) => one % driver.subjects.length))
    const gone = this.#unsettled(partition, ({ offset }) => offsets.has(offset))
    const sorted = [...offsets].sort((a, b) => a - b)
    this.#removed(
      gone,
      removeOffsets(driver.state, sorted, (slot) => this.#ended(partition, slot)),
    )
  }

  #unsettled(partition: number, isIn: (record: NaiveRecord) => boolean): NaiveRecord[] {
    return this.naive.records.filter(
      (record) => record.partition === partition && record.place !== 'settled' && isIn(record),
    )
  }

  #removed(gone: readonly NaiveRecord[], count: number): void {
    // What is drained and not yet read again is settled only then.
    if (this.#parkedMax > 100) assert.equal(count, gone.length, 'records that left')
    for (const record of gone) record.place = 'settled'
    assert.ok(
      this.out.every(({ record }) => record.place === 'out'),
      'a delivery has not ended',
    )
  }

  #ended(partition: number, slot: number): void {
    assert.equal(this.drivers[partition]!.state.deliveries.member[slot], 1)
    this.out = this.out.filter(({ record, slot: one }) => one !== slot || record.partition !== partition)
  }

  drain(pattern: string): void {
    const filter = new SubjectFilter([pattern])
    for (const partition of partitions) {
      const { state } = this.drivers[partition]!
      const gone = this.#unsettled(
        partition,
        ({ offset, subject, place }) =>
          offset < state.readPosition && place !== 'out' && isMatch(pattern, subject),
      )
      const count = drain(state, filter)
      if (this.#parkedMax > 100) assert.equal(count, gone.length, 'drained records')
      for (const record of gone) record.place = 'settled'
    }
  }

  /** Nothing is forgotten: in the end every record is settled, and nobody holds anything. */
  finish(): void {
    this.pause([])
    while (this.naive.records.some(({ place }) => place === 'blocked')) this.unblock(0)
    for (let round = 0; this.naive.records.some(({ place }) => place !== 'settled'); round++) {
      assert.ok(round < 2000, 'something is never delivered')
      this.deliverAll()
      while (this.out.length > 0) this.settleOne(['ack', 0])
      this.wait(20)
    }
    for (let round = 0; round < 3; round++) {
      this.deliver(100)
      this.wait(60_000)
    }
    for (const { state } of this.drivers) assert.equal(state.pools.count, 0, 'an idle subject holds memory')
    this.alter([])
    const { gates } = this.drivers[0]!.state.totals
    assert.equal(gates.bundles.count, 0, 'bundles are left')
    assert.equal(gates.table.count, 0, 'gates are left')
  }
}

for (const parkedMax of [1_000_000, 2, 0]) {
  test(`random histories of three partitions, with ${parkedMax} parked offsets in memory`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
        const history = new History(parkedMax)
        for (const given of steps) {
          history.apply(given)
          history.check()
        }
        history.deliverAll()
        history.check()
        history.finish()
        history.check()
      }),
      { numRuns: Number(process.env['RUNS'] ?? 60) },
    )
  })
}
