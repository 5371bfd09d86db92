import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BrokerBooks, DemoEvent, EventName, EventOf } from '../events.ts'
import { hotSubject } from '../tenants.ts'
import { Claims } from './claims.ts'

const ackWaitMs = 1_000
const freemium = 'orders.freemium.t0001'
const basic = 'orders.basic.t0001'

/** Writes a history by hand, an event a millisecond, and asks which claims hold. */
class History {
  readonly claims = new Claims()
  #atMs = 0
  #deliveryCount = 0

  constructor() {
    this.tell('begun', { pid: 1, seed: 1, ackWaitMs, hotSubject, classes: [] })
  }

  tell<Name extends EventName>(
    name: Name,
    details: Omit<EventOf<Name>, 'event' | 'atMs'>,
    laterMs = 1,
  ): void {
    this.#atMs += laterMs
    this.claims.see({ event: name, atMs: this.#atMs, ...details } as unknown as DemoEvent)
  }

  publish(subject: string, offset: number, sequence: number, count = 1): void {
    this.tell('published', { subject, sequence, offset, count, sentMs: this.#atMs })
  }

  deliver(subject: string, offset: number, sequence: number, laterMs = 1): number {
    const delivery = ++this.#deliveryCount
    const sentMs = this.#atMs
    const details = { delivery, worker: 'w', subject, sequence, offset, attempt: 1, sentMs, isBurst: false }
    this.tell('delivered', details, laterMs)
    return delivery
  }

  ack(delivery: number, subject: string, offset: number): void {
    this.tell('ackSent', { delivery, subject, offset })
    this.tell('ackConfirmed', { delivery, subject, offset })
  }

  /** One message from its publish to its settle. */
  whole(subject: string, offset: number, sequence: number): void {
    this.publish(subject, offset, sequence)
    this.ack(this.deliver(subject, offset, sequence), subject, offset)
  }

  killAndRestart(): void {
    this.tell('killed', { pid: 1 })
    this.tell('restarted', {})
    this.tell('recovered', { pid: 2 })
  }

  broken(): string[] {
    return this.claims.verdicts().flatMap(({ name, isHeld }) => (isHeld ? [] : [name]))
  }
}

/** A short run in which everything is right: two messages, a stuck tenant with three, a kill. */
function goodHistory(): History {
  const history = new History()
  history.tell('phase', { phase: 'calm' }, 10)
  for (let each = 0; each < 3; each++) {
    history.whole(`orders.${['premium', 'basic', 'freemium'][each]}.t0009`, each, 1)
  }
  history.tell('phase', { phase: 'fill' })
  history.publish(hotSubject, 3, 1, 3)
  history.deliver(hotSubject, 3, 1)
  history.tell('phase', { phase: 'hot' }, 10)
  for (let each = 0; each < 3; each++) {
    history.publish(`orders.${['premium', 'basic', 'freemium'][each]}.t0009`, 6 + each, 2)
    const subject = `orders.${['premium', 'basic', 'freemium'][each]}.t0009`
    history.ack(history.deliver(subject, 6 + each, 2, 10), subject, 6 + each)
  }
  history.tell('phase', { phase: 'crash' })
  history.killAndRestart()
  history.deliver(hotSubject, 3, 1)
  return history
}

function count(history: History, stored: number, changes: Partial<BrokerBooks> = {}): void {
  const hot = { hotInFlight: 1, hotParked: 2, hotDelayed: 0 }
  const all = { inFlight: 1, parked: 2, ready: 0, delayed: 0, unread: 0 }
  history.tell('counted', { stored, floor: 3, ...all, ...hot, ...changes })
}

test('a good history holds every claim', () => {
  const history = goodHistory()
  count(history, 9)
  assert.deepEqual(history.broken(), [])
})

test('nothing seen holds no claim', () => {
  const all = new Claims().verdicts()
  assert.deepEqual(
    all.filter(({ isHeld }) => isHeld),
    [],
  )
})

test('one delivery too many at a time breaks the limit', () => {
  const history = goodHistory()
  for (let each = 0; each < 10; each++) history.deliver(basic, 100 + each, each + 1)
  assert.ok(!history.broken().includes('Limits never exceeded'))
  history.deliver(basic, 110, 11)
  assert.ok(history.broken().includes('Limits never exceeded'))
})

test('the same message in two hands breaks the limit, unless its time was up or the broker died', () => {
  const twice = (between: (history: History) => number): string[] => {
    const history = goodHistory()
    history.deliver(basic, 100, 1)
    history.deliver(basic, 100, 1, between(history))
    return history.broken().filter((name) => name === 'Limits never exceeded')
  }
  assert.deepEqual(
    twice(() => 1),
    ['Limits never exceeded'],
  )
  assert.deepEqual(
    twice(() => ackWaitMs),
    [],
  )
  assert.deepEqual(
    twice((history) => {
      history.killAndRestart()
      return 1
    }),
    [],
  )
})

test('an ack that is sent after the kill ends nothing of the next broker', () => {
  const history = goodHistory()
  const dead = history.deliver(freemium, 100, 1)
  history.killAndRestart()
  history.deliver(freemium, 100, 1)
  history.tell('ackSent', { delivery: dead, subject: freemium, offset: 100 })
  history.deliver(freemium, 101, 2)
  assert.deepEqual(history.broken().slice(0, 2), ['Limits never exceeded', 'Order kept at limit 1'])
})

test('a later message before an earlier one breaks the order', () => {
  const history = goodHistory()
  history.ack(history.deliver(freemium, 101, 2), freemium, 101)
  history.ack(history.deliver(freemium, 100, 1), freemium, 100)
  assert.ok(history.broken().includes('Order kept at limit 1'))
})

test('after a kill the unfinished message comes before any later one', () => {
  const history = goodHistory()
  history.deliver(freemium, 100, 1)
  history.killAndRestart()
  history.deliver(freemium, 101, 2)
  const broken = history.broken()
  assert.ok(broken.includes('Order kept at limit 1'))
  assert.ok(!broken.includes('Limits never exceeded'))
})

test('order is not claimed above limit 1', () => {
  const history = goodHistory()
  history.ack(history.deliver(basic, 101, 2), basic, 101)
  history.ack(history.deliver(basic, 100, 1), basic, 100)
  assert.ok(!history.broken().includes('Order kept at limit 1'))
})

test('a confirmed message that nobody got is lost', () => {
  const history = goodHistory()
  history.publish(basic, 9, 1)
  count(history, 10)
  assert.deepEqual(history.broken(), ['Nothing lost'])
})

test('a message that comes with the content of another is lost', () => {
  const history = goodHistory()
  history.publish(basic, 9, 1)
  history.ack(history.deliver(basic, 9, 2), basic, 9)
  count(history, 10)
  assert.deepEqual(history.broken(), ['Nothing lost'])
})

test('an offset that is confirmed twice is a loss', () => {
  const history = goodHistory()
  history.whole(basic, 9, 1)
  history.publish(basic, 9, 1)
  count(history, 10)
  assert.deepEqual(history.broken(), ['Nothing lost'])
})

test('a message that was never finished is lost', () => {
  const history = goodHistory()
  history.publish(basic, 9, 1)
  history.deliver(basic, 9, 1)
  count(history, 10)
  assert.deepEqual(history.broken(), ['Nothing lost'])
})

test('a stored message without a confirm must be delivered all the same', () => {
  const history = goodHistory()
  history.tell('unconfirmed', { subject: basic, sequence: 1, code: 'outcome-unknown' })
  count(history, 10)
  assert.deepEqual(history.broken(), ['Nothing lost'])
})

for (const changes of [
  { hotParked: 1 },
  { parked: 1 },
  { parked: 3 },
  { unread: 1 },
  { floor: 4 },
  { floor: 2 },
] as Partial<BrokerBooks>[]) {
  test(`books that are wrong by ${JSON.stringify(changes)} are a loss`, () => {
    const history = goodHistory()
    count(history, 9, changes)
    assert.deepEqual(history.broken(), ['Nothing lost'])
  })
}

test('without the books nothing is proved', () => {
  assert.deepEqual(goodHistory().broken(), ['Nothing lost'])
})

test('a settled message that comes again is seen, also after the kill', () => {
  for (const isAfterKill of [false, true]) {
    const history = goodHistory()
    history.whole(basic, 9, 1)
    if (isAfterKill) history.killAndRestart()
    history.ack(history.deliver(basic, 9, 1), basic, 9)
    count(history, 10)
    assert.deepEqual(history.broken(), ['Nothing settled came back'])
  }
})

test('an ack without a confirm may have been in vain', () => {
  const history = goodHistory()
  history.publish(basic, 9, 1)
  const delivery = history.deliver(basic, 9, 1)
  history.tell('ackSent', { delivery, subject: basic, offset: 9 })
  history.tell('ackFailed', { delivery, subject: basic, offset: 9, code: 'outcome-unknown' })
  history.killAndRestart()
  history.ack(history.deliver(basic, 9, 1), basic, 9)
  count(history, 10)
  assert.deepEqual(history.broken(), [])
})

test('a stall of the others fails, being slow does not', () => {
  for (const [delayMs, broken] of [
    [900, []],
    [1_500, ['Nobody else held up']],
  ] as const) {
    const history = goodHistory()
    history.tell('phase', { phase: 'hot' })
    history.publish(basic, 9, 1)
    history.ack(history.deliver(basic, 9, 1, delayMs), basic, 9)
    count(history, 10)
    assert.deepEqual(history.broken(), broken)
  }
})

test('others that get nothing while one is stuck fail the run', () => {
  const history = new History()
  history.tell('phase', { phase: 'calm' }, 10)
  for (const each of [0, 1, 2])
    history.whole(`orders.${['premium', 'basic', 'freemium'][each]}.t0009`, each, 1)
  history.tell('phase', { phase: 'hot' }, 10)
  assert.ok(history.broken().includes('Nobody else held up'))
})
