// Random logs against a list: whatever is appended, however it is cut into groups, segments and lives.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Log } from './log.ts'
import { batchOf, contentOf, logOptions, memoryIo, putFile, readAll } from './log.fixture.ts'
import { TailCache } from './tail-cache.ts'

type Step =
  | { readonly kind: 'append'; readonly sizes: readonly number[]; readonly timeMs: number }
  | { readonly kind: 'durable' | 'roll' }
  | { readonly kind: 'reopen'; readonly isClean: boolean }
  | { readonly kind: 'read'; readonly at: number; readonly bytesMax: number }
  | { readonly kind: 'time'; readonly timeMs: number }

const time = fc.integer({ min: 0, max: 200 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      sizes: fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 5 }),
      timeMs: time,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('durable' as const, 'roll' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const), isClean: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      bytesMax: fc.integer({ min: 0, max: 2000 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('time' as const), timeMs: time }) },
)

const settings = fc.record({
  segmentBytes: fc.integer({ min: 100, max: 3000 }),
  indexIntervalBytes: fc.integer({ min: 1, max: 1000 }),
  tailBytes: fc.constantFrom(0, 500, 100_000),
})

test('a log serves exactly what was appended, by offset and by time, across lives', () =>
  fc.assert(
    fc.asyncProperty(settings, fc.array(step, { maxLength: 40 }), async ({ tailBytes, ...sizes }, steps) => {
      const io = memoryIo()
      const options = logOptions({ ...sizes, tail: new TailCache(tailBytes) })
      let log = await Log.open(io, '/log', options)
      const model: { value: string; timeMs: number }[] = []
      for (const current of steps) {
        switch (current.kind) {
          case 'append': {
            const values = current.sizes.map((size, index) => `${model.length + index} ${'x'.repeat(size)}`)
            assert.equal(log.append(batchOf(values, current.timeMs), 0), model.length)
            for (const value of values) model.push({ value, timeMs: current.timeMs })
            break
          }
          case 'roll':
            log.roll()
            break
          case 'durable':
            await log.durable()
            assert.equal(log.durableEnd, model.length)
            break
          case 'reopen':
            await log.close()
            log = await Log.open(io, '/log', { ...options, wasClosedCleanly: current.isClean })
            assert.deepEqual([log.durableEnd, log.logEnd, log.quarantined], [model.length, model.length, []])
            break
          case 'read': {
            const from = Math.floor(current.at * log.durableEnd)
            const { durableEnd } = log
            const records = await readAll(log, from, current.bytesMax)
            const wanted = model.slice(from, from + records.length)
            assert.equal(records.length >= durableEnd - from, true)
            records.forEach(({ offset, value }, index) => {
              assert.equal(offset, from + index)
              assert.equal(value, wanted[index].value)
            })
            break
          }
          case 'time': {
            await log.durable()
            const first = model.findIndex(({ timeMs }) => timeMs >= current.timeMs)
            assert.equal(await log.offsetForTime(current.timeMs), first < 0 ? model.length : first)
            break
          }
        }
      }
      await log.close()
    }),
    { numRuns: 300 },
  ))

test('any damage to a segment: no wrong record is served, the next offset is not one that was served', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 12 }),
      fc.array(
        fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.uint8Array({ minLength: 1, maxLength: 30 })),
        {
          minLength: 1,
          maxLength: 4,
        },
      ),
      fc.boolean(),
      async (sizes, damages, wasClosedCleanly) => {
        const io = memoryIo()
        const path = '/log/00000000000000000000.log'
        let log = await Log.open(io, '/log', logOptions())
        sizes.forEach((size, index) => log.append(batchOf([`${index} ${'x'.repeat(size)}`]), 0))
        await log.durable()
        await log.close()
        const bytes = await contentOf(io.files, path)
        for (const [at, garbage] of damages)
          bytes.set(
            garbage.subarray(0, bytes.length - Math.floor(at * (bytes.length - 1))),
            Math.floor(at * (bytes.length - 1)),
          )
        await putFile(io.files, path, bytes)
        log = await Log.open(io, '/log', logOptions({ wasClosedCleanly }))
        const served = await readAll(log)
        for (const { offset, value } of served) assert.equal(value, `${offset} ${'x'.repeat(sizes[offset])}`)
        const next = log.append(batchOf(['new']), 0)
        await log.durable()
        assert.deepEqual(await readAll(log), [...served, { offset: next, value: 'new' }])
        if (wasClosedCleanly)
          assert.equal(next >= sizes.length, true, `offset ${next} of ${sizes.length} is given again`)
        for (let offset = 0; offset < next; offset++) {
          const isServed = served.some((record) => record.offset === offset)
          const isNamed = log.quarantined.some(
            (range) => range.baseOffset <= offset && offset < range.nextOffset,
          )
          assert.equal(isServed !== isNamed, true, `offset ${offset}`)
        }
        await log.close()
      },
    ),
    { numRuns: 500 },
  ))
