// Random histories of a compacted log against a list: appends, tombstones, records without a key, compactions
// with room for all keys and for few, purges, single deletions and restarts. What is served, and what
// listeners hear, is what the list says.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Log } from '../log.ts'
import { logOptions, memoryIo } from '../log.fixture.ts'
import { TailCache } from '../tail-cache.ts'
import { CompactedModel, compactionAt, keyedBatch, readKeyed } from './compaction.fixture.ts'

type Step =
  | { readonly kind: 'append'; readonly records: readonly { key: string | null; value: string | null }[] }
  | { readonly kind: 'roll' }
  | { readonly kind: 'reopen'; readonly isClean: boolean }
  | { readonly kind: 'compact'; readonly mapBytes: number; readonly afterMs: number }
  | { readonly kind: 'purge' | 'delete'; readonly thousandths: number }

const constant = <const Kind extends string>(kind: Kind): fc.Arbitrary<Kind> => fc.constant(kind)
const keyed = fc.record({
  key: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 0, max: 25 }).map((key) => `k${key}`) },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
  value: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 150 }).map((size) => 'v'.repeat(size)) },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
})
const thousandths = fc.integer({ min: 0, max: 999 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: constant('append'),
      records: fc.array(keyed, { minLength: 1, maxLength: 8 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: constant('roll') }) },
  { weight: 2, arbitrary: fc.record({ kind: constant('reopen'), isClean: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: constant('compact'),
      mapBytes: fc.constantFrom(1, 1024 * 1024),
      afterMs: fc.constantFrom(1, 400, 1000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('purge', 'delete'), thousandths }) },
)

const directory = '/log'

async function play(steps: readonly Step[]): Promise<void> {
  const io = memoryIo()
  const options = (isClean: boolean): Parameters<typeof Log.open>[2] =>
    logOptions({ segmentBytes: 900, wasClosedCleanly: isClean, tail: new TailCache(10_000) })
  let log = await Log.open(io, directory, options(false))
  const model = new CompactedModel()
  const heard = new Set<number>()
  const listen = (): void => {
    log.onRemoved((removed) => {
      if ('offsets' in removed) for (const offset of removed.offsets) heard.add(offset)
    })
  }
  const append = async (records: readonly { key: string | null; value: string | null }[]): Promise<void> => {
    const first = log.append(keyedBatch(records), 3)
    await log.durable()
    for (const [index, record] of records.entries()) model.records.push({ offset: first + index, ...record })
  }
  const forget = (isGone: (offset: number) => boolean): void => {
    model.records = model.records.filter(({ offset }) => !isGone(offset))
  }
  listen()
  let wallMs = 10_000
  for (const action of steps) {
    const end = log.logEnd
    const place =
      'thousandths' in action
        ? log.logStart + Math.floor(((end - log.logStart) * action.thousandths) / 1000)
        : 0
    switch (action.kind) {
      case 'append':
        await append(action.records)
        break
      case 'roll':
        log.roll()
        break
      case 'reopen':
        await log.close()
        log = await Log.open(io, directory, options(action.isClean))
        assert.deepEqual(log.quarantined, [])
        listen()
        break
      case 'purge':
        await log.removeBelow(place)
        forget((offset) => offset < place)
        break
      case 'delete':
        if (place < end) await log.deleteRecords([place])
        forget((offset) => offset === place)
        break
      case 'compact': {
        wallMs += action.afterMs
        log.roll()
        await append([{ key: null, value: 'the active segment begins' }])
        const before = model.records.map(({ offset }) => offset)
        heard.clear()
        model.compact(end, wallMs, 1000)
        await log.compact(compactionAt(wallMs, {}, action.mapBytes))
        const kept = new Set(model.records.map(({ offset }) => offset))
        assert.deepEqual(
          [...heard].sort((a, b) => a - b),
          before.filter((offset) => !kept.has(offset)),
        )
        break
      }
    }
    assert.deepEqual(await readKeyed(log), model.records)
  }
  await log.close()
}

test('a compacted log serves what a list says', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), play), { numRuns: 150 })
})
