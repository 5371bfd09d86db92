import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import {
  applyEntry,
  decodeKey,
  encodeCut,
  encodeFloor,
  encodeKey,
  encodeRetry,
  encodeSettled,
  ProgressImage,
} from './progress-codec.ts'
import type { Retry } from '../state/retry-table.ts'

const offset = fc.integer({ min: 0, max: 5000 })
const verdict = fc.record({
  reason: fc.constantFrom('rejected' as const, 'max-deliver' as const),
  text: fc.string(),
})
const entry = fc.oneof(
  fc.record({ kind: fc.constant('settled' as const), offsets: fc.uniqueArray(offset, { minLength: 1 }) }),
  fc.record({
    kind: fc.constant('retry' as const),
    offset,
    failures: fc.nat(100),
    dueWallMs: fc.nat(),
    waitMs: fc.nat(),
    verdict: fc.option(verdict),
  }),
  fc.record({ kind: fc.constant('floor' as const), offset }),
  fc.record({ kind: fc.constant('cut' as const), offset }),
)
type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never

/** Sorted offsets as the ranges that the journal writes. */
function rangesOf(offsets: readonly number[]): number[] {
  return [...offsets].sort((a, b) => a - b).flatMap((at) => [at, at + 1])
}

function encode(given: Entry): Uint8Array {
  if (given.kind === 'settled') return encodeSettled(rangesOf(given.offsets)).slice()
  if (given.kind === 'floor') return encodeFloor(given.offset).slice()
  if (given.kind === 'cut') return encodeCut(given.offset).slice()
  return encodeRetry(given.offset, retryOf(given)).slice()
}

function retryOf({ failures, dueWallMs, waitMs, verdict: given }: Entry & { kind: 'retry' }): Retry {
  return { failures, dueWallMs, waitMs, ...(given === null ? {} : { verdict: { ...given } }) }
}

/** The same by plain sets. */
class Model {
  readonly settled = new Set<number>()
  readonly retries = new Map<number, Retry>()

  apply(given: Entry): void {
    if (given.kind === 'retry') {
      if (!this.settled.has(given.offset)) this.retries.set(given.offset, retryOf(given))
    } else if (given.kind === 'cut') {
      for (const at of this.settled) if (at >= given.offset) this.settled.delete(at)
      for (const at of this.retries.keys()) if (at >= given.offset) this.retries.delete(at)
    } else {
      const offsets =
        given.kind === 'settled' ? given.offsets : Array.from({ length: given.offset }, (_, at) => at)
      for (const at of offsets) {
        this.settled.add(at)
        this.retries.delete(at)
      }
    }
  }
}

test('replayed entries give the state that wrote them, also when all are replayed twice over', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 30 }), fc.boolean(), (entries, isTwice) => {
      const image = new ProgressImage()
      const model = new Model()
      // Why without cuts: an entry from before a cut, replayed after it, is another history.
      const replayed = isTwice
        ? entries.filter(({ kind }) => kind !== 'cut').flatMap((one) => [one, one])
        : entries
      for (const given of replayed) {
        applyEntry(image, encode(given))
        model.apply(given)
      }
      for (let at = 0; at <= 5001; at++)
        assert.equal(image.settled.has(at), model.settled.has(at), `offset ${at}`)
      assert.deepEqual(new Map(image.retries.entries()), model.retries)
    }),
  )
})

test('a settled range costs no more than the retries that there are', () => {
  const image = new ProgressImage()
  const retry = { failures: 1, dueWallMs: 0, waitMs: 0 }
  for (const at of [5, 2e9 + 5]) applyEntry(image, encodeRetry(at, retry).slice())
  const startMs = performance.now()
  applyEntry(image, encodeSettled([0, 2e9]).slice())
  const elapsedMs = performance.now() - startMs
  assert.deepEqual([image.retries.count, image.retries.failuresOf(2e9 + 5)], [1, 1])
  assert.ok(elapsedMs < 1000, `${elapsedMs} ms for a range of 2e9 offsets and two retries`)
})

test('a small range among many retries takes those within it alone', () => {
  const image = new ProgressImage()
  const retry = { failures: 1, dueWallMs: 0, waitMs: 0 }
  for (let at = 10; at < 100; at++) applyEntry(image, encodeRetry(at, retry).slice())
  applyEntry(image, encodeSettled([8, 12, 50, 51, 98, 104]).slice())
  assert.equal(image.retries.count, 90 - 2 - 1 - 2)
  for (const at of [10, 11, 50, 98, 99]) assert.equal(image.retries.find(at), undefined)
})

test('keys come back as they were', () => {
  assert.deepEqual(decodeKey(encodeKey(4_000_000_000, 7)), { consumerId: 4_000_000_000, partition: 7 })
})
