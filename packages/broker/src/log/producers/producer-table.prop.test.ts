// The table of producers against a model that keeps every batch ever appended, with refusals in between.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placeBatch } from '@sluice/protocol/record/record-batch'
import fc from 'fast-check'
import { producerBatch } from './producer-batches.fixture.ts'
import type { ProducerFields } from './producer-batches.fixture.ts'
import { ProducerTable } from './producer-table.ts'

interface ModelBatch extends Required<ProducerFields> {
  readonly baseOffset: number
}

/** Kafka's rules, said once more: of all batches of a producer the last five of its last epoch count. */
class Model {
  batches: ModelBatch[] = []

  judge(given: Required<ProducerFields>): string {
    const own = this.batches.filter(({ id }) => id === given.id)
    const last = own.at(-1)
    if (last === undefined) return 'next'
    const same = own.filter(({ epoch }) => epoch === last.epoch)
    const repeated = same
      .slice(-5)
      .findLast(
        ({ epoch, sequence, count }) =>
          epoch === given.epoch && sequence === given.sequence && count === given.count,
      )
    if (repeated !== undefined) return `repeated ${repeated.baseOffset}`
    if (given.epoch < last.epoch) return 'stale-epoch'
    if (given.epoch > last.epoch) return given.sequence === 0 ? 'next' : 'out-of-order'
    return given.sequence === (last.sequence + last.count) % 2 ** 31 ? 'next' : 'out-of-order'
  }
}

const step = fc.record({
  id: fc.nat(2),
  epochStep: fc.constantFrom(0, 0, 0, 0, 1, -1),
  /** From the one that is expected. */
  sequenceStep: fc.constantFrom(0, 0, 0, 0, -1, -2, -3, -6, 1, 'zero' as const),
  count: fc.integer({ min: 1, max: 3 }),
  isRepeated: fc.boolean(),
  outcome: fc.constantFrom(
    'nothing' as const,
    'nothing' as const,
    'durable' as const,
    'refuse' as const,
    'save',
  ),
})
const steps = fc.array(step, { maxLength: 60 })
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function fieldsOf(
  model: Model,
  { id, epochStep, sequenceStep, count, isRepeated }: Step,
): Required<ProducerFields> {
  const own = model.batches.filter((batch) => batch.id === id)
  const last = own.at(-1)
  if (last === undefined) return { id, epoch: 3, sequence: 2 ** 31 - 4, count }
  const again = own.at(-3)
  if (isRepeated && again !== undefined) return again
  const expected = (last.sequence + last.count) % 2 ** 31
  const sequence = sequenceStep === 'zero' || epochStep > 0 ? 0 : expected + sequenceStep
  return { id, epoch: last.epoch + epochStep, sequence: Math.max(0, sequence) % 2 ** 31, count }
}

test('every batch is judged as by one who remembers all of them', () =>
  fc.assert(
    fc.property(steps, (list) => {
      const model = new Model()
      let table = new ProducerTable(1_000_000)
      let end = 0
      let durableEnd = 0
      for (const one of list) {
        const fields = fieldsOf(model, one)
        const batch = producerBatch(fields)
        const verdict = table.judge(batch, 0, 0)
        const text = verdict.kind === 'repeated' ? `repeated ${verdict.baseOffset}` : verdict.kind
        assert.equal(text, model.judge(fields))
        if (verdict.kind === 'next') {
          placeBatch(batch, 0, end, 1)
          table.appended(batch, 0, 0, durableEnd)
          model.batches.push({ ...fields, baseOffset: end })
          end += fields.count
        }
        if (one.outcome === 'durable') durableEnd = end
        else if (one.outcome === 'refuse') {
          table.cut(durableEnd)
          model.batches = model.batches.filter(({ baseOffset }) => baseOffset < durableEnd)
          end = durableEnd
        } else if (one.outcome === 'save') {
          // As after a restart that finds all that is durable.
          table = new ProducerTable(1_000_000, structuredClone(table.entriesBelow(durableEnd)))
          model.batches = model.batches.filter(({ baseOffset }) => baseOffset < durableEnd)
          end = durableEnd
        }
      }
    }),
    { numRuns: 500 },
  ))

test('what is remembered of a producer does not grow with what it writes', () => {
  const table = new ProducerTable(1_000_000)
  for (let sequence = 0; sequence < 1000; sequence++) {
    const batch = producerBatch({ id: 1, sequence })
    placeBatch(batch, 0, sequence, 1)
    table.appended(batch, 0, 0, sequence)
  }
  assert.equal(table.entriesBelow(1000)[0]!.batches.length, 5)
})

test('a producer is forgotten after its time, and who has just written is not', () => {
  const table = new ProducerTable(100)
  const write = (id: number, sequence: number, nowMs: number): void => {
    const batch = producerBatch({ id, sequence })
    placeBatch(batch, 0, sequence, 1)
    table.appended(batch, 0, nowMs, sequence)
  }
  write(1, 0, 0)
  write(2, 0, 0)
  write(1, 1, 60)
  assert.equal(table.judge(producerBatch({ id: 2, sequence: 7 }), 0, 99).kind, 'out-of-order')
  assert.equal(table.judge(producerBatch({ id: 2, sequence: 7 }), 0, 100).kind, 'next')
  assert.equal(table.judge(producerBatch({ id: 1, sequence: 7 }), 0, 159).kind, 'out-of-order')
  assert.deepEqual(
    [...table.latest(159)].map(({ id }) => id),
    [1],
  )
  assert.deepEqual([...table.latest(160)], [])
})

test('of more producers than the bound those are forgotten that have not written longest', () => {
  const table = new ProducerTable(100)
  for (let id = 0; id < 16_384 + 10; id++) {
    const batch = producerBatch({ id: id === 16_000 ? 0 : id, sequence: id === 16_000 ? 1 : 0 })
    placeBatch(batch, 0, id, 1)
    table.appended(batch, 0, 0, id)
  }
  assert.equal(table.size, 16_384)
  assert.equal(table.judge(producerBatch({ id: 0, sequence: 5 }), 0, 0).kind, 'out-of-order')
  assert.equal(table.judge(producerBatch({ id: 1, sequence: 5 }), 0, 0).kind, 'next')
})
