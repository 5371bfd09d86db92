// Random removals against a list: purges, deletions and retention among appends, rolls and restarts. What is
// served, by offset and by time, what is counted and what listeners hear is what the list says.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import type { Io } from '../../io/io.ts'
import { Log } from '../log.ts'
import { contentOf, logOptions, memoryIo, readAll } from '../log.fixture.ts'
import { dumpLog } from '../offline.ts'
import { TailCache } from '../tail-cache.ts'
import { keepsAll } from './retention-plan.ts'

interface Kept {
  readonly value: string
  readonly timeMs: number
}

type Step =
  | { readonly kind: 'append'; readonly records: readonly { size: number; timeMs: number }[] }
  | { readonly kind: 'roll' | 'readTail' }
  | { readonly kind: 'reopen'; readonly isClean: boolean }
  | { readonly kind: 'delete'; readonly places: readonly number[] }
  | { readonly kind: 'deleteRange'; readonly from: number; readonly length: number }
  | { readonly kind: 'purge'; readonly place: number }
  | {
      readonly kind: 'retain'
      readonly limit: 'maxAgeMs' | 'maxBytes' | 'maxMessages'
      readonly amount: number
    }
  | { readonly kind: 'time'; readonly timeMs: number }

/** Where in the log. Why not `fc.double`: most of its values are next to 0. */
const place = fc.integer({ min: 0, max: 1000 }).map((thousandths) => thousandths / 1000)
const time = fc.integer({ min: 1, max: 200 })
const record = fc.record({ size: fc.integer({ min: 0, max: 200 }), timeMs: time })
const constant = <const Kind extends string>(kind: Kind): fc.Arbitrary<Kind> => fc.constant(kind)

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: constant('append'),
      records: fc.array(record, { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('roll', 'readTail') }) },
  { weight: 2, arbitrary: fc.record({ kind: constant('reopen'), isClean: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: constant('delete'),
      places: fc.array(place, { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: constant('deleteRange'),
      from: place,
      length: fc.integer({ min: 1, max: 20 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: constant('purge'), place }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: constant('retain'),
      limit: fc.constantFrom('maxAgeMs', 'maxBytes', 'maxMessages'),
      amount: fc.integer({ min: 1, max: 60 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: constant('time'), timeMs: time }) },
)

const settings = fc.record({
  segmentBytes: fc.integer({ min: 200, max: 2000 }),
  indexIntervalBytes: fc.integer({ min: 1, max: 800 }),
  tailBytes: fc.constantFrom(0, 500, 100_000),
})

/** The clock of retention, when all times of records are at most 200. */
const nowMs = 200

class Model {
  readonly io: Io = memoryIo()
  readonly options: Parameters<typeof logOptions>[0]
  readonly segmentBytes: number
  log!: Log
  readonly kept = new Map<number, Kept>()
  logStart = 0
  logEnd = 0
  /** What listeners have heard, as offsets that were kept until then. */
  readonly heard: number[] = []
  readonly expected: number[] = []

  constructor(options: Parameters<typeof logOptions>[0] & { segmentBytes: number }) {
    this.options = options
    this.segmentBytes = options.segmentBytes
  }

  async open(isClean = false): Promise<void> {
    this.log = await Log.open(this.io, '/log', logOptions({ ...this.options, wasClosedCleanly: isClean }))
    this.log.onRemoved((removed) => {
      const offsets = 'below' in removed ? this.below(removed.below) : removed.offsets
      this.heard.push(...offsets)
    })
  }

  below(offset: number): number[] {
    return [...this.kept.keys()].filter((one) => one < offset)
  }

  offsetAt(fraction: number): number {
    return this.logEnd === 0 ? -1 : Math.min(Math.floor(fraction * this.logEnd), this.logEnd - 1)
  }

  forget(offsets: readonly number[]): number {
    const gone = [...new Set(offsets)].filter((offset) => this.kept.has(offset)).sort((a, b) => a - b)
    for (const offset of gone) this.kept.delete(offset)
    this.expected.push(...gone)
    return gone.length
  }

  moveStart(offset: number): number {
    this.logStart = Math.max(this.logStart, offset)
    return this.forget(this.below(offset))
  }

  async check(): Promise<void> {
    const { log } = this
    assert.deepEqual([log.logStart, log.logEnd, log.quarantined], [this.logStart, this.logEnd, []])
    const served = await readAll(log)
    assert.deepEqual(
      served.map(({ offset, value }) => [offset, value]),
      Array.from(this.kept, ([offset, { value }]) => [offset, value]),
    )
    assert.deepEqual(this.heard, this.expected)
  }
}

async function take(model: Model, current: Step): Promise<void> {
  const { log } = model
  switch (current.kind) {
    case 'append': {
      const builder = new RecordBatchBuilder()
      for (const { size, timeMs } of current.records) {
        const value = `${model.logEnd} ${'x'.repeat(size)}`
        builder.add(timeMs, 'key', value)
        model.kept.set(model.logEnd++, { value, timeMs })
      }
      log.append(builder.take(), 0)
      return log.durable()
    }
    case 'roll':
      return log.roll()
    case 'readTail':
      log.readCached(model.logEnd - 1)
      return
    case 'reopen':
      await log.close()
      await checkDump(model, true)
      return model.open(current.isClean)
    case 'delete':
    case 'deleteRange': {
      const offsets = offsetsOf(model, current)
      const wanted = model.forget(offsets)
      assert.equal(await log.deleteRecords(offsets), wanted)
      // Segments of which nothing is left are dropped from the start.
      assert.equal(model.below(log.logStart).length, 0)
      model.logStart = log.logStart
      return
    }
    case 'purge': {
      const offset = Math.round(current.place * model.logEnd)
      const heard = model.heard.length
      const removed = await log.removeBelow(offset)
      assert.equal(removed, model.heard.length - heard)
      assert.equal(model.moveStart(offset), removed)
      return
    }
    case 'retain':
      return retain(model, current)
    case 'time': {
      const found = [...model.kept].find(([, { timeMs }]) => timeMs >= current.timeMs)
      assert.equal(await log.offsetForTime(current.timeMs), found === undefined ? model.logEnd : found[0])
    }
  }
}

function offsetsOf(model: Model, choice: Step & { kind: 'delete' | 'deleteRange' }): number[] {
  if (model.logEnd === 0) return []
  if (choice.kind === 'delete') return choice.places.map((one) => model.offsetAt(one))
  const from = model.offsetAt(choice.from)
  return Array.from({ length: Math.min(choice.length, model.logEnd - from) }, (_, at) => from + at)
}

async function retain(model: Model, { limit, amount }: Step & { kind: 'retain' }): Promise<void> {
  const { log, kept } = model
  const bound = limit === 'maxBytes' ? amount * 50 : amount
  const before = { records: kept.size, sizeBytes: log.sizeBytes, kept: [...kept.values()] }
  await log.retain({ ...keepsAll, [limit]: bound }, nowMs)
  // Why: it would go on with the next segment, at a moment that the list knows nothing of.
  await log.retain(keepsAll, nowMs)
  const gone = before.kept.slice(0, model.below(log.logStart).length)
  model.moveStart(log.logStart)
  const names = (await model.io.files.list('/log')).map(({ name }) => name)
  const bases = names.filter((name) => name.endsWith('.log')).map((name) => Number.parseInt(name, 10))
  const segments = bases.length
  if (limit === 'maxAgeMs') {
    for (const { timeMs } of gone) assert.equal(timeMs < nowMs - bound, true, 'nothing young is dropped')
    // Why not within a segment: what was purged of its batches still has a part in their time.
    if (segments === 1 && bases[0] === log.logStart && kept.size > 0) {
      const isAnyYoung = [...kept.values()].some(({ timeMs }) => timeMs >= nowMs - bound)
      assert.equal(isAnyYoung || log.sizeBytes === 0, true, 'what is wholly old goes')
    }
    return
  }
  const [had, has] = limit === 'maxBytes' ? [before.sizeBytes, log.sizeBytes] : [before.records, kept.size]
  if (gone.length > 0) assert.equal(had > bound, true, 'nothing goes before the limit is reached')
  if (has <= bound || segments === 1) return
  assert.equal(limit, 'maxBytes', `${has} are kept in ${segments} segments`)
  const first = await contentOf(
    model.io.files,
    `/log/${names.filter((name) => name.endsWith('.log')).sort()[0]}`,
  )
  assert.equal(
    first.length > 2 * model.segmentBytes && has - first.length < bound,
    true,
    `${has} bytes are kept`,
  )
}

async function checkDump(model: Model, wasClosedCleanly: boolean): Promise<void> {
  const offsets: number[] = []
  for await (const row of dumpLog(model.io, '/log', { records: true, wasClosedCleanly })) {
    assert.equal(row.kind, 'batch')
    if (row.kind === 'batch') offsets.push(...row.records!.map(({ offset }) => offset))
  }
  assert.deepEqual(offsets, [...model.kept.keys()])
}

test('a log serves, counts and tells exactly what was not removed', () =>
  fc.assert(
    fc.asyncProperty(settings, fc.array(step, { maxLength: 30 }), async ({ tailBytes, ...sizes }, steps) => {
      const model = new Model({ ...sizes, tail: new TailCache(tailBytes) })
      await model.open()
      for (const current of steps) {
        await take(model, current)
        await model.check()
      }
      await model.log.close()
    }),
    { numRuns: 300 },
  ))
