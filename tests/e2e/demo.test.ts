// Runs the demo as a stranger would, without a terminal, and recomputes each of its claims from the journal.
// Imports nothing of the demo: what is shared with it could be wrong in both.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'

const program = resolve(import.meta.dirname, '../../packages/demo/src/demo.ts')
const limits: Record<string, number> = { premium: 30, basic: 10, freemium: 1 }
const hotSubject = 'orders.freemium.hot'
const hotCount = 100_000

interface Line {
  readonly event: string
  readonly atMs: number
  readonly subject: string
  readonly offset: number
  readonly sequence: number
  readonly count: number
  readonly delivery: number
  readonly sentMs: number
  readonly isBurst: boolean
  readonly phase: string
  readonly pid: number
  readonly ackWaitMs: number
  readonly [other: string]: unknown
}

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly error: string
}

/** `watch` sees standard output grow and may send a signal. */
function runDemo(
  args: readonly string[],
  folder: string,
  watch: (out: string, kill: (signal: NodeJS.Signals) => void) => void = () => {},
): Promise<Ended> {
  const env = { ...process.env, TMPDIR: folder }
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env })
  let [out, error] = ['', '']
  child.stderr.on('data', (bytes: Buffer) => (error += bytes.toString()))
  child.stdout.on('data', (bytes: Buffer) => {
    out += bytes.toString()
    watch(out, (signal) => child.kill(signal))
  })
  return new Promise((resolved) => child.once('close', (code) => resolved({ code, out, error })))
}

function readJournal(path: string): Line[] {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

function of(lines: readonly Line[], event: string): Line[] {
  return lines.filter((line) => line.event === event)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** A delivery as an interval; `end` is when the worker let go of it, or when it became void. */
interface Interval {
  readonly line: Line
  readonly end: number
  readonly wasAcked: boolean
}

function intervalsOf(lines: readonly Line[]): Interval[] {
  const ackedAt = new Map(of(lines, 'ackSent').map(({ delivery, atMs }) => [delivery, atMs]))
  const deaths = lines.filter(({ event }) => event === 'killed' || event === 'restarted')
  const { ackWaitMs } = of(lines, 'begun')[0]!
  return of(lines, 'delivered').map((line) => {
    const death = deaths.find(({ atMs }) => atMs >= line.atMs)?.atMs ?? Infinity
    const acked = ackedAt.get(line.delivery) ?? Infinity
    // Nine tenths: the broker counts from when it sent, the worker from when it received.
    return { line, end: Math.min(death, acked, line.atMs + ackWaitMs * 0.9), wasAcked: acked < death }
  })
}

function bySubject(intervals: readonly Interval[]): Map<string, Interval[]> {
  return Map.groupBy(intervals, ({ line }) => line.subject)
}

/** Most intervals that overlap, by sweeping over their ends. At the same time an end comes first. */
function mostAtOnce(intervals: readonly Interval[]): number {
  const steps = intervals.flatMap(({ line, end }) => [
    { at: line.atMs, by: 1 },
    { at: end, by: -1 },
  ])
  steps.sort((a, b) => a.at - b.at || a.by - b.by)
  let [now, most] = [0, 0]
  for (const { by } of steps) most = Math.max(most, (now += by))
  return most
}

function mostByClass(lines: readonly Line[]): Record<string, number> {
  const most: Record<string, number> = { premium: 0, basic: 0, freemium: 0 }
  for (const [subject, intervals] of bySubject(intervalsOf(lines))) {
    const name = subject.split('.')[1]!
    most[name] = Math.max(most[name]!, mostAtOnce(intervals))
  }
  return most
}

/** At limit 1: a delivery without an ack is followed by itself, and sequences never fall. */
function orderBreaches(lines: readonly Line[]): string[] {
  const breaches: string[] = []
  for (const [subject, intervals] of bySubject(intervalsOf(lines))) {
    if (limits[subject.split('.')[1]!] !== 1) continue
    for (let at = 1; at < intervals.length; at++) {
      const [one, two] = [intervals[at - 1]!, intervals[at]!]
      const isSame = one.line.offset === two.line.offset
      if (!isSame && !one.wasAcked)
        breaches.push(`${subject}: ${two.line.offset} before ${one.line.offset} was done`)
      if (two.line.sequence < one.line.sequence) breaches.push(`${subject}: ${two.line.sequence} too late`)
      if (isSame !== (one.line.sequence === two.line.sequence))
        breaches.push(`${subject}: one sequence twice`)
    }
  }
  return breaches
}

/** Confirmed or stored, and neither delivered nor waiting at the hot tenant. */
function lostOffsets(lines: readonly Line[]): number[] {
  const delivered = new Set(of(lines, 'delivered').map(({ offset }) => offset))
  const hot = new Set<number>()
  const wanted = new Set<number>()
  for (const { subject, offset, count } of of(lines, 'published')) {
    for (let at = 0; at < count; at++) (subject === hotSubject ? hot : wanted).add(offset + at)
  }
  const stored = of(lines, 'counted')[0]!['stored'] as number
  for (let offset = 0; offset < stored; offset++) if (!hot.has(offset)) wanted.add(offset)
  return [...wanted].filter((offset) => !delivered.has(offset))
}

/** Confirmed as one message and delivered as another, or confirmed twice. */
function mistakenOffsets(lines: readonly Line[]): number[] {
  const published = of(lines, 'published').filter(({ subject }) => subject !== hotSubject)
  const confirmed = new Map(published.map((line) => [line.offset, line]))
  const twice = published.filter((line) => confirmed.get(line.offset) !== line)
  const other = of(lines, 'delivered').filter((line) => {
    const meant = confirmed.get(line.offset)
    return meant !== undefined && (meant.subject !== line.subject || meant.sequence !== line.sequence)
  })
  return [...twice, ...other].map(({ offset }) => offset)
}

/** Delivered, not of the hot tenant, and no ack to a living broker is known. */
function unfinishedOffsets(lines: readonly Line[]): number[] {
  const others = intervalsOf(lines).filter(({ line }) => line.subject !== hotSubject)
  const finished = new Set(others.filter(({ wasAcked }) => wasAcked).map(({ line }) => line.offset))
  return others.map(({ line }) => line.offset).filter((offset) => !finished.has(offset))
}

function returnedOffsets(lines: readonly Line[]): number[] {
  const settled = new Set<number>()
  const returned: number[] = []
  for (const { event, offset } of lines) {
    if (event === 'ackConfirmed') settled.add(offset)
    else if (event === 'delivered' && settled.has(offset)) returned.push(offset)
  }
  return returned
}

/** Delays of first deliveries of what was sent in a phase, by the time in the publisher's own line. */
function p99OfPhase(lines: readonly Line[], wanted: string): number {
  const starts = of(lines, 'phase')
  const at = starts.findIndex(({ phase }) => phase === wanted)
  const [from, to] = [starts[at]!.atMs, starts[at + 1]!.atMs]
  const first = new Map<number, Line>()
  for (const line of of(lines, 'delivered')) if (!first.has(line.offset)) first.set(line.offset, line)
  const delays = of(lines, 'published')
    .filter(({ sentMs, subject }) => sentMs >= from && sentMs < to && subject !== hotSubject)
    .map(({ offset, sentMs }) => ({ line: first.get(offset)!, sentMs }))
    .filter(({ line }) => !line.isBurst)
    .map(({ line, sentMs }) => line.atMs - sentMs)
    .toSorted((a, b) => a - b)
  return delays[Math.ceil(delays.length * 0.99) - 1]!
}

interface Summary {
  readonly isHeld: boolean
  readonly seed: number
  readonly claims: { name: string; isHeld: boolean; numbers: Record<string, number> }[]
}

describe('the demo', { timeout: 150_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-test-'))
  let lines: Line[] = []
  let ended: Ended = { code: null, out: '', error: '' }
  let summary: Summary
  let tookMs = 0

  const numbersOf = (name: string): Record<string, number> => {
    const claim = summary.claims.find((each) => each.name === name)
    assert.ok(claim, `there is a claim '${name}'`)
    assert.ok(claim.isHeld, name)
    return claim.numbers
  }

  before(async () => {
    const journal = join(folder, 'journal.jsonl')
    const startMs = performance.now()
    const args = ['--seconds', '16', '--seed', '7', '--json', '--journal', journal]
    ended = await runDemo(args, mkdtempSync(join(folder, 'tmp-')))
    tookMs = performance.now() - startMs
    assert.equal(ended.code, 0, ended.error)
    summary = JSON.parse(ended.out) as Summary
    lines = readJournal(journal)
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  test('ends by itself, within a minute, and says that all is well', () => {
    assert.ok(tookMs < 60_000, `${tookMs} ms`)
    assert.equal(summary.isHeld, true)
    assert.equal(summary.seed, 7)
    assert.equal(summary.claims.length, 5)
  })

  test('writes plain lines without a terminal', () => {
    assert.ok(!(ended.out + ended.error).includes('\x1b'))
    assert.match(ended.error, /tenants share one durable stream/)
    assert.match(ended.error, /killed with SIGKILL/)
  })

  test('leaves no process and no folder', () => {
    const pids = ['begun', 'killed', 'recovered'].map((event) => of(lines, event)[0]!.pid)
    for (const pid of pids) assert.ok(!isAlive(pid), `process ${pid}`)
    const [tmp] = readdirSync(folder).filter((name) => name.startsWith('tmp-'))
    assert.deepEqual(readdirSync(join(folder, tmp!)), [])
  })

  test('is the show that it promises: thousands of tenants, a backlog, a kill in the middle', () => {
    const deliveredTo = new Set(of(lines, 'delivered').map(({ subject }) => subject))
    assert.ok(deliveredTo.size > 2_000, `${deliveredTo.size} tenants`)
    const hot = of(lines, 'published').filter(({ subject }) => subject === hotSubject)
    assert.equal(
      hot.reduce((sum, { count }) => sum + count, 0),
      hotCount,
    )
    const [killed] = of(lines, 'killed')
    assert.notEqual(killed!.pid, of(lines, 'recovered')[0]!.pid)
    for (const phase of [
      lines.filter(({ atMs }) => atMs < killed!.atMs),
      lines.filter(({ atMs }) => atMs > killed!.atMs),
    ])
      assert.ok(of(phase, 'ackConfirmed').length > 1_000)
  })

  test('limits never exceeded, and reached', () => {
    const most = mostByClass(lines)
    assert.deepEqual(most, limits)
    const { premium, basic, freemium, deliveries } = numbersOf('Limits never exceeded')
    assert.deepEqual({ premium, basic, freemium }, most)
    assert.equal(deliveries, of(lines, 'delivered').length)
  })

  test('order kept at limit 1', () => {
    assert.deepEqual(orderBreaches(lines), [])
    const freemium = of(lines, 'delivered').filter(({ subject }) => subject.startsWith('orders.freemium.'))
    const firsts = new Set(freemium.map(({ offset }) => offset)).size
    const numbers = numbersOf('Order kept at limit 1')
    assert.deepEqual([numbers['first'], numbers['again']], [firsts, freemium.length - firsts])
  })

  test('nothing lost', () => {
    assert.deepEqual(lostOffsets(lines), [])
    assert.deepEqual(mistakenOffsets(lines), [])
    assert.deepEqual(unfinishedOffsets(lines), [])
    const numbers = numbersOf('Nothing lost')
    assert.equal(
      numbers['confirmed'],
      of(lines, 'published').reduce((sum, { count }) => sum + count, 0),
    )
    assert.equal(numbers['waiting'], hotCount)
  })

  test('the books of the broker agree with what was seen', () => {
    const [books] = of(lines, 'counted')
    const { inFlight, parked, ready, delayed, unread } = books as unknown as Record<string, number>
    const hotDelivered = of(lines, 'delivered').filter(({ subject }) => subject === hotSubject)
    assert.deepEqual([...new Set(hotDelivered.map(({ sequence }) => sequence))], [1])
    assert.deepEqual(
      { inFlight, parked, ready, delayed, unread },
      {
        inFlight: 1,
        parked: hotCount - 1,
        ready: 0,
        delayed: 0,
        unread: 0,
      },
    )
    assert.equal(books!['floor'], hotDelivered[0]!.offset)
  })

  test('nothing settled came back', () => {
    assert.deepEqual(returnedOffsets(lines), [])
    assert.equal(numbersOf('Nothing settled came back')['settled'], of(lines, 'ackConfirmed').length)
  })

  test('the delays are those of the journal', () => {
    const { calmP99Ms, hotP99Ms } = numbersOf('Nobody else held up')
    for (const [phase, told] of [
      ['calm', calmP99Ms],
      ['hot', hotP99Ms],
    ] as const) {
      const p99Ms = p99OfPhase(lines, phase)
      assert.ok(Math.abs(p99Ms - told!) < 0.01, `${phase}: ${p99Ms} against ${told}`)
    }
  })

  // What follows shows that the recomputation above can fail.
  const without = (event: string, subject: string): Line[] => {
    const at = lines.findIndex((line) => line.event === event && line.subject.startsWith(subject))
    return lines.toSpliced(at, 1)
  }
  const freemiumTwice = (): Line[] => {
    const subjects = Map.groupBy(of(lines, 'delivered'), ({ subject }) => subject)
    for (const [subject, some] of subjects) {
      if (subject.startsWith('orders.freemium.t') && some.length > 1) return some
    }
    throw new Error('no tenant got two messages')
  }

  test('a journal without an ack fails', () => {
    const [first] = freemiumTwice()
    const doctored = lines.filter(
      ({ event, delivery }) => event !== 'ackSent' || delivery !== first!.delivery,
    )
    assert.ok(orderBreaches(doctored).length > 0)
  })

  test('a journal with two deliveries at once fails', () => {
    const [first, second] = freemiumTwice()
    const doctored = lines.map((line) => (line === second ? { ...line, atMs: first!.atMs } : line))
    assert.equal(mostByClass(doctored)['freemium'], 2)
  })

  test('a journal in which two messages changed places fails', () => {
    const [first, second] = freemiumTwice()
    const swap = (line: Line, by: Line): Line => ({ ...line, sequence: by.sequence, offset: by.offset })
    const doctored = lines.map((line) =>
      line === first ? swap(line, second!) : line === second ? swap(line, first!) : line,
    )
    assert.ok(orderBreaches(doctored).length > 0)
  })

  test('a journal in which a message took the place of another fails', () => {
    const [first] = of(lines, 'delivered')
    const doctored = lines.map((line) => (line === first ? { ...line, sequence: line.sequence + 1 } : line))
    assert.deepEqual(mistakenOffsets(doctored), [first!.offset])
  })

  test('a journal without a delivery fails', () => {
    assert.equal(lostOffsets(without('delivered', 'orders.basic.')).length, 1)
  })

  test('a journal with a settled message that comes again fails', () => {
    const [settled] = of(lines, 'ackConfirmed')
    assert.deepEqual(returnedOffsets([...lines, { ...settled!, event: 'delivered' }]), [settled!.offset])
  })
})

describe('the demo, stopped and misused', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-test-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  test('Ctrl-C takes the broker and its folder along', async () => {
    const tmp = mkdtempSync(join(folder, 'tmp-'))
    const journal = join(folder, 'journal.jsonl')
    const { code, out } = await runDemo(['--seconds', '20', '--journal', journal], tmp, (text, kill) => {
      if (text.includes('all is well')) kill('SIGINT')
    })
    assert.equal(code, 130)
    assert.ok(!out.includes('\x1b'))
    assert.deepEqual(readdirSync(tmp), [])
    const { pid } = of(readJournal(journal), 'begun')[0]!
    assert.ok(!isAlive(pid), `process ${pid}`)
  })

  for (const args of [['--seconds', '5'], ['--seed', 'x'], ['--nothing'], ['stray']]) {
    test(`refuses ${args.join(' ')}`, async () => {
      const { code, error } = await runDemo(args, folder)
      assert.equal(code, 2)
      assert.match(error, /Usage: npm run demo/)
    })
  }

  test('a journal that cannot be written is said', async () => {
    const tmp = mkdtempSync(join(folder, 'tmp-'))
    const { code, error } = await runDemo(['--journal', join(folder, 'no', 'such', 'folder')], tmp)
    assert.equal(code, 1)
    assert.match(error, /^✖ ENOENT.*\n$/)
    assert.deepEqual(readdirSync(tmp), [])
  })
})
