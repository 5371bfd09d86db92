// The checker itself: a sound history passes, and each way in which one can be spoiled is found.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkHistory } from './check-history.ts'
import type { Delivered, HistoryEvent, Published, SettleWord } from './history.ts'

const settings = { ackWaitMs: 2000, maxDeliver: 3, jitterMs: 100, starvationMs: 5000 }
const rules = [
  { match: 'strict.>', limit: 1 },
  { match: 'wide.>', limit: 2 },
  { match: 'cap.{t}.>', limit: 2, total: 3 },
  { match: 'paced.>', limit: 100, rate: { perSecond: 10, burst: 2 } },
]

interface Shape {
  readonly at: number
  readonly workMs?: number
  readonly verb?: SettleWord
  readonly delayMs?: number
  readonly attempt?: number
  readonly outcome?: 'confirmed' | 'stale' | 'unknown'
  readonly member?: string
}

/** Writes histories of one consumer `c` as short calls. */
class Script {
  readonly events: HistoryEvent[] = []
  #deliveries = 0
  #offset = 0

  constructor() {
    for (const phase of ['asked', 'confirmed'] as const) this.limits(0, phase)
  }

  limits(at: number, phase: 'asked' | 'confirmed' | 'unknown', maxInflight = 5, own = rules): void {
    this.events.push({ kind: 'limits', at, phase, consumer: 'c', rules: own, maxInflight })
  }

  publish(subject: string, at = 1): Published {
    const offset = this.#offset++
    const event: Published = { kind: 'published', at, partition: 0, offset, subject, id: `m${offset}` }
    this.events.push(event)
    return event
  }

  /** Delivered, and settled after its work; `workMs` Infinity: never settled. */
  deliver(record: Published, shape: Shape): Delivered {
    const { at, workMs = 5, verb = 'ack', delayMs = 0, attempt = 1, outcome = 'confirmed' } = shape
    const delivery = ++this.#deliveries
    const { partition, offset, subject, id } = record
    const where = { consumer: 'c', member: shape.member ?? 'a#1', partition, offset, subject, id }
    const event: Delivered = { kind: 'delivered', at, delivery, ...where, attempt, isLate: false }
    this.events.push(event)
    if (workMs === Infinity) return event
    this.events.push({ kind: 'settling', at: at + workMs, delivery, verb, delayMs })
    this.events.push({ kind: 'settled', at: at + workMs + 1, delivery, outcome })
    return event
  }

  died(at: number): void {
    this.events.push({ kind: 'broker-dying', at }, { kind: 'broker-ready', at: at + 50 })
  }

  promises(): string[] {
    const events = this.events.toSorted((a, b) => a.at - b.at)
    return [...new Set(checkHistory(events, settings).map(({ promise }) => promise))]
  }
}

/** Thirty records over all kinds of subjects, one after the other. */
function soundScript(): { script: Script; records: Published[] } {
  const script = new Script()
  const subjects = ['strict.a', 'wide.a', 'cap.x.1', 'cap.y.1', 'free']
  const records = Array.from({ length: 30 }, (_, index) => script.publish(subjects[index % 5]!))
  for (const [index, record] of records.entries()) script.deliver(record, { at: 10 + index * 10 })
  return { script, records }
}

function spoiled(change: (events: HistoryEvent[]) => HistoryEvent[]): string[] {
  const events = change(soundScript().script.events.toSorted((a, b) => a.at - b.at))
  return checkHistory(events, settings).map(({ promise }) => promise)
}

test('a sound history keeps every promise', () => {
  assert.deepEqual(soundScript().script.promises(), [])
})

test('a delivery that is taken out is found, whichever it is', () => {
  for (let number = 1; number <= 30; number++) {
    const found = spoiled((events) =>
      events.filter((event) => !('delivery' in event) || event.delivery !== number),
    )
    assert.ok(found.includes('nothing is lost'), `delivery ${number}: ${found.join()}`)
  }
})

test('a delivery that comes again after its ack is found, whichever it is', () => {
  for (let number = 1; number <= 30; number++) {
    const found = spoiled((events) => {
      const again = events.find(
        (event) => event.kind === 'delivered' && event.delivery === number,
      ) as Delivered
      return [...events, { ...again, delivery: 1000, at: 5000 }]
    })
    assert.ok(found.includes('nothing settled returns'), `delivery ${number}: ${found.join()}`)
  }
})

test('a settle that is drawn out over others is found where there is a limit', () => {
  for (const subject of ['strict.a', 'wide.a', 'cap.x.1']) {
    const found = spoiled((events) =>
      events.map((event) => {
        if (event.kind !== 'settling' && event.kind !== 'settled') return event
        const { subject: own } = events.find(
          (each) => each.kind === 'delivered' && each.delivery === event.delivery,
        ) as Delivered
        return own === subject ? { ...event, at: event.at + 300 } : event
      }),
    )
    assert.ok(found.includes('no limit is exceeded'), `${subject}: ${found.join()}`)
  }
})

test('a record that changed, and a place that was given twice', () => {
  const changed = spoiled((events) =>
    events.map((event) =>
      event.kind === 'delivered' && event.delivery === 7 ? { ...event, id: 'x' } : event,
    ),
  )
  assert.deepEqual(changed, ['what was published is delivered'])
  const script = new Script()
  const record = script.publish('free')
  script.events.push({ ...record, id: 'other' })
  script.deliver(record, { at: 10 })
  assert.ok(script.promises().includes('one place, one record'))
})

test('limits: of a pool over subjects, of a rule in total, of the consumer', () => {
  const over = (...subjects: string[]): string[] => {
    const script = new Script()
    for (const [index, subject] of subjects.entries())
      script.deliver(script.publish(subject), { at: 10 + index, workMs: 100 })
    return script.promises()
  }
  assert.deepEqual(over('cap.x.1', 'cap.x.2', 'cap.y.1'), [])
  assert.deepEqual(over('cap.x.1', 'cap.x.2', 'cap.x.3'), ['no limit is exceeded'])
  assert.deepEqual(over('cap.x.1', 'cap.y.2', 'cap.z.3'), [])
  assert.deepEqual(over('cap.x.1', 'cap.y.2', 'cap.z.3', 'cap.w.4'), ['no limit is exceeded'])
  assert.deepEqual(over('a', 'b', 'c', 'd', 'e'), [])
  assert.deepEqual(over('a', 'b', 'c', 'd', 'e', 'f'), ['no limit is exceeded'])
})

test('an interval ends with its connection, its broker, or half of its time', () => {
  const held = (end: (script: Script) => unknown, laterMs: number): string[] => {
    const script = new Script()
    const [first, second] = [script.publish('strict.a'), script.publish('strict.a')]
    script.deliver(first, { at: 10, workMs: Infinity })
    end(script)
    script.deliver(first, { at: 10 + laterMs, workMs: 1, attempt: 1, member: 'b#1' })
    script.deliver(second, { at: 20 + laterMs })
    return script.promises()
  }
  const nothing = (): void => {}
  assert.deepEqual(held(nothing, 50), ['no limit is exceeded'])
  const lost = { kind: 'member-lost', at: 30, member: 'a#1' } as const
  assert.deepEqual(
    held((script) => script.events.push(lost), 50),
    [],
  )
  assert.deepEqual(
    held((script) => script.events.push({ ...lost, member: 'z#1' }), 50),
    ['no limit is exceeded'],
  )
  assert.deepEqual(
    held((script) => script.died(30), 50),
    [],
  )
  assert.deepEqual(held(nothing, 1100), [])
})

test('a lower limit binds once it is confirmed, a higher one from when it is asked for', () => {
  const altered = (at: number, wider: number, narrower: number): string[] => {
    const script = new Script()
    const ruleOf = (limit: number) => [{ match: 'wide.>', limit }]
    script.limits(1, 'asked', 100, ruleOf(wider))
    script.limits(2, 'confirmed', 100, ruleOf(wider))
    script.limits(100, 'asked', 100, ruleOf(narrower))
    script.limits(300, 'confirmed', 100, ruleOf(narrower))
    for (let index = 0; index < 3; index++)
      script.deliver(script.publish('wide.a'), { at: at + index, workMs: 20 })
    return script.promises()
  }
  assert.deepEqual(altered(50, 3, 1), [])
  assert.deepEqual(altered(250, 3, 1), [])
  assert.deepEqual(altered(450, 3, 1), ['no limit is exceeded'])
  assert.deepEqual(altered(150, 1, 3), [])
})

test('strict order: out of order, before its time, and what a death excuses', () => {
  const script = new Script()
  const [first, second] = [script.publish('strict.a'), script.publish('strict.a')]
  script.deliver(second, { at: 10 })
  script.deliver(first, { at: 50 })
  assert.deepEqual(script.promises(), ['limit 1 is strict order'])

  const nacked = new Script()
  const [one, two] = [nacked.publish('strict.a'), nacked.publish('strict.a')]
  nacked.deliver(one, { at: 10, verb: 'nack' })
  nacked.deliver(two, { at: 30 })
  nacked.deliver(one, { at: 50, attempt: 2 })
  assert.deepEqual(nacked.promises(), ['limit 1 is strict order'])

  for (const isExcused of [true, false]) {
    const undecided = new Script()
    const [before, after] = [undecided.publish('strict.a'), undecided.publish('strict.a')]
    undecided.deliver(before, { at: 10, outcome: 'unknown' })
    undecided.deliver(after, { at: 30, workMs: Infinity })
    if (isExcused) undecided.died(40)
    undecided.deliver(before, { at: 120 })
    undecided.deliver(after, { at: 140 })
    const expected = isExcused ? [] : ['limit 1 is strict order', 'no limit is exceeded']
    assert.deepEqual(undecided.promises(), expected)
  }
})

test('failures: counted once confirmed, never early, and condemned records have letters', () => {
  const early = new Script()
  const record = early.publish('free')
  early.deliver(record, { at: 10, verb: 'nack', delayMs: 100 })
  early.deliver(record, { at: 60, attempt: 2 })
  assert.deepEqual(early.promises(), ['no delay is cut short'])

  const uncounted = new Script()
  const other = uncounted.publish('free')
  uncounted.deliver(other, { at: 10, verb: 'nack' })
  uncounted.died(40)
  uncounted.deliver(other, { at: 100, attempt: 1 })
  assert.deepEqual(uncounted.promises(), ['confirmed failures count'])

  for (const verb of ['reject', 'nack'] as const) {
    const condemned = new Script()
    const bad = condemned.publish('free')
    condemned.deliver(bad, { at: 10, verb, attempt: 3 })
    assert.ok(condemned.promises().includes('what is condemned has a letter'), verb)
    condemned.events.push({ kind: 'letter', at: 100, consumer: 'c', partition: 0, offset: 0, reason: verb })
    assert.deepEqual(condemned.promises(), [])
  }

  for (const isExcused of [true, false]) {
    const acked = new Script()
    const one = acked.publish('free')
    acked.deliver(one, { at: 10, verb: 'reject', outcome: 'unknown' })
    if (isExcused) acked.died(20)
    acked.deliver(one, { at: 90 })
    acked.events.push({ kind: 'letter', at: 100, consumer: 'c', partition: 0, offset: 0, reason: 'x' })
    assert.deepEqual(acked.promises(), isExcused ? [] : ['nothing settled returns'])
  }
})

test('rates: a burst and what time brings, no more', () => {
  const paced = (count: number, everyMs: number, diedAt?: number): string[] => {
    const script = new Script()
    if (diedAt !== undefined) script.died(diedAt)
    for (let index = 0; index < count; index++)
      script.deliver(script.publish('paced.a'), { at: 10 + index * everyMs, workMs: 1 })
    return script.promises()
  }
  assert.deepEqual(paced(20, 100), [])
  assert.deepEqual(paced(10, 50), ['no rate is exceeded'])
  assert.deepEqual(paced(4, 1), [])
  assert.deepEqual(paced(5, 1), ['no rate is exceeded'])
  assert.deepEqual(paced(6, 10, 35), [])
})

test('pauses, starvation, and what is left at the end', () => {
  const paused = new Script()
  const record = paused.publish('wide.a')
  const pause = { consumer: 'c', match: 'wide.>' } as const
  paused.events.push({ kind: 'pause', at: 10, phase: 'asked', ...pause })
  paused.events.push({ kind: 'pause', at: 20, phase: 'confirmed', ...pause })
  paused.deliver(record, { at: 200 })
  assert.deepEqual(paused.promises(), ['what is paused is not delivered'])
  paused.events.push({ kind: 'resume', at: 180, phase: 'asked', ...pause })
  assert.deepEqual(paused.promises(), [])

  const starved = new Script()
  starved.deliver(starved.publish('free'), { at: 6000 })
  assert.deepEqual(starved.promises(), ['nothing starves'])
  starved.events.push({ kind: 'broker-dying', at: 100 }, { kind: 'broker-ready', at: 2100 })
  assert.deepEqual(starved.promises(), [], 'without a broker nobody waits for one')

  const odd = new Script()
  odd.events.push({ kind: 'odd', at: 9, text: 'internal' })
  assert.deepEqual(odd.promises(), ['every answer makes sense'])

  const left = new Script()
  left.events.push({ kind: 'finished', at: 9, consumer: 'c', unsettled: 1 })
  assert.deepEqual(left.promises(), ['all is settled once faults end'])
})

test('what came late says nothing about limits and order', () => {
  const script = new Script()
  const [first, second] = [script.publish('strict.a'), script.publish('strict.a')]
  script.deliver(second, { at: 50, workMs: 100 })
  const late = script.deliver(first, { at: 60 })
  script.events.splice(script.events.indexOf(late), 1, { ...late, isLate: true })
  assert.deepEqual(script.promises(), [])
})
