import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PoolRow } from '@sluice/client'
import type { BrokerView } from '../broker-watch.ts'
import { Claims } from '../claims/claims.ts'
import type { DemoEvent } from '../events.ts'
import { Gauges } from '../gauges.ts'
import { hotSubject } from '../tenants.ts'
import { frameLines } from './frame.ts'
import { fit, paintFor, widthOf, wrap } from './paint.ts'
import type { Sight } from './sight.ts'

const screen = { columns: 100, rows: 50 }
const rule = { match: 'orders.freemium.>', limit: 1 }
const counts = { inFlight: 1, parked: 99_999, delayed: 0, blocked: 0 }
const hotRow: PoolRow = { subject: hotSubject, partition: 0, ...counts, isPaused: false, rule }

function sightOf(events: readonly object[], broker?: BrokerView): Sight {
  const claims = new Claims()
  const gauges = new Gauges(claims.limits.open)
  for (const event of events as DemoEvent[]) {
    claims.see(event)
    gauges.see(event)
  }
  return { nowMs: 1_000, seconds: 40, brokerPid: 4711, broker, gauges, limits: claims.limits }
}

function delivered(subject: string, delivery: number): object {
  const details = { subject, delivery, worker: 'w', sequence: 1, offset: delivery, attempt: 1 }
  return { event: 'delivered', atMs: 990 + delivery, sentMs: 985 + delivery, isBurst: false, ...details }
}

const brokerView = {
  stats: { acked: 12_345, inFlight: 3, redelivered: 1 },
  pools: [hotRow],
  busy: [hotRow, { ...hotRow, subject: 'orders.freemium.t0007', parked: 0 }],
  explanation: {
    subject: hotSubject,
    partition: 0,
    reason: 'pool full',
    text: "1 of 1 are out (rule 'orders.freemium.>'), 99999 wait for a settle",
    rule,
    limit: 1,
    parked: 99_999,
    delayed: 0,
    inFlight: [
      { offset: 7, attempt: 2, member: 'worker-1 at 127.0.0.1:4', sinceMs: 900, deadlineInMs: 7_000 },
    ],
  },
} as unknown as BrokerView

test('shows the classes, the stuck tenant and the rule that holds it', () => {
  const events = [1, 2, 3].map((delivery) => delivered('orders.premium.t0001', delivery))
  const lines = frameLines(sightOf(events, brokerView), screen, paintFor(false))
  const line = (start: string): string => lines.find((each) => each.trimStart().startsWith(start)) ?? ''
  assert.match(line('premium'), /100 +30 +█+░+ +3\/30 +3\/30 +3 +5\.0 ms +0$/)
  assert.match(line('freemium'), /2,000 +1 .* 0\/1 +0\/1 +0 +– +99,999$/)
  assert.match(line(hotSubject), /1\/1 +99,999 +orders\.freemium\.> {2}limit 1$/)
  assert.match(line('orders.freemium.t0007'), /1\/1 +0 /)
  assert.match(
    lines.join(' '),
    /pool full: 1 of 1 .* worker-1 has had +it for 900 ms, attempt 2, taken back in 7/,
  )
})

test('a limit that is exceeded is red', () => {
  const events = [delivered('orders.freemium.t0001', 1), delivered('orders.freemium.t0001', 2)]
  const lines = frameLines(sightOf(events), screen, paintFor(true))
  assert.ok(lines.some((line) => line.includes('\x1b[31m2/1\x1b[0m')))
})

test('a killed broker is said to be', () => {
  const killed = { event: 'killed', atMs: 500, pid: 4711 }
  assert.match(
    frameLines(sightOf([killed]), screen, paintFor(false)).join('\n'),
    /BROKER {2}✖ killed with SIGKILL/,
  )
})

test('no line is wider than the terminal, and every frame has as many lines', () => {
  for (const columns of [20, 60, 80, 100, 200]) {
    for (const rows of [10, 24, 50]) {
      const painted = frameLines(
        sightOf([delivered(hotSubject, 1)], brokerView),
        { columns, rows },
        paintFor(true),
      )
      for (const line of painted) assert.ok(widthOf(line) <= columns, `${columns}: ${line}`)
      const down = frameLines(sightOf([delivered(hotSubject, 1)]), { columns, rows }, paintFor(true))
      assert.equal(down.length, painted.length)
      assert.ok(painted.length <= rows)
    }
  }
})

test('a terminal of the oldest size shows everything', () => {
  const lines = frameLines(sightOf([], brokerView), { columns: 80, rows: 24 }, paintFor(false))
  assert.ok(lines.every((line) => !line.startsWith('  orders') || !line.includes('…')))
  assert.match(
    lines.find((line) => line.includes('CLASS'))!,
    /PARKED$/,
  )
  assert.match(lines.at(-1)!, /Ctrl-C/)
})

test('without colours there are no escapes', () => {
  assert.ok(!frameLines(sightOf([], brokerView), screen, paintFor(false)).join('').includes('\x1b'))
})

test('cutting keeps escapes whole', () => {
  assert.equal(fit('\x1b[1mabcdef\x1b[0mghi', 4), '\x1b[1mabc\x1b[0m…')
  assert.equal(fit('\x1b[1mabcd\x1b[0m', 4), '\x1b[1mabcd\x1b[0m')
})

test('lines break at spaces', () => {
  assert.deepEqual(wrap('aa bb cccc dd', 5), ['aa bb', 'cccc', 'dd'])
})
