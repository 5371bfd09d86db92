import assert from 'node:assert/strict'
import test from 'node:test'
import { RecordFetcher } from './record-fetcher.ts'
import type { RecordSource } from './record-source.ts'

/** A source whose reads end when the test says so, and fail where it says so. */
class HeldSource {
  readonly reads: {
    readonly offset: number
    readonly resolve: (found: number) => void
    readonly reject: (error: Error) => void
  }[] = []

  load(offset: number): Promise<number> {
    return new Promise((resolve, reject) => this.reads.push({ offset, resolve, reject }))
  }
}

function fetcherOn(source: HeldSource): {
  fetcher: RecordFetcher
  fetched: number[]
  retries: (() => void)[]
} {
  const fetched: number[] = []
  const retries: (() => void)[] = []
  const fetcher = new RecordFetcher(source as unknown as RecordSource, {
    fetched: (pool) => fetched.push(pool),
    readFailed: (_error, again) => retries.push(again),
  })
  return { fetcher, fetched, retries }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('reads are bounded, and the next begins when one ends', async () => {
  const source = new HeldSource()
  const { fetcher, fetched } = fetcherOn(source)
  for (let pool = 0; pool < 100; pool++) fetcher.fetch(pool, pool * 10)
  assert.equal(source.reads.length, 64)
  source.reads[3]!.resolve(30)
  await settled()
  assert.deepEqual(fetched, [3])
  assert.equal(source.reads.length, 65)
  assert.equal(source.reads[64]!.offset, 640)
})

test('records that cannot be read give their places to others, and are read again when asked', async () => {
  const source = new HeldSource()
  const { fetcher, fetched, retries } = fetcherOn(source)
  for (let pool = 0; pool < 70; pool++) fetcher.fetch(pool, pool)
  for (const read of source.reads.slice(0, 64)) read.reject(new Error('EIO'))
  await settled()
  assert.equal(retries.length, 64)
  assert.equal(source.reads.length, 70)
  source.reads[69]!.resolve(69)
  await settled()
  assert.deepEqual(fetched, [69])
  retries[0]!()
  assert.equal(source.reads.at(-1)!.offset, 0)
})
