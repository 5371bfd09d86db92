import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atPercentile, Latency, PERCENTILES } from './latency.ts'

function near(actual: number, expected: number, text: string): void {
  assert.ok(Math.abs(actual - expected) <= expected * 0.002, `${text}: ${actual} is not about ${expected}`)
}

test('percentiles are those of what was recorded, to a thousandth', () => {
  const latency = new Latency()
  for (let value = 1; value <= 100_000; value++) latency.record(value / 1000)
  const summary = latency.summary()
  assert.equal(summary.count, 100_000)
  near(summary.mean, 50.0005, 'mean')
  for (const [percentile, ms] of [
    [50, 50],
    [99, 99],
    [99.99, 99.99],
  ] as const) {
    near(atPercentile(summary, percentile), ms, `p${percentile}`)
  }
})

test('they rise, and end with the maximum', () => {
  const latency = new Latency()
  for (const value of [0.004, 7, 0.2, 123.456, 3]) latency.record(value)
  const { percentiles } = latency.summary()
  assert.deepEqual(
    percentiles.map(([percentile]) => percentile),
    [...PERCENTILES],
  )
  const values = percentiles.map(([, ms]) => ms)
  assert.deepEqual(
    values,
    values.toSorted((a, b) => a - b),
  )
  near(values.at(-1)!, 123.456, 'maximum')
})

test('what is shorter than a nanosecond or longer than an hour is still counted', () => {
  const latency = new Latency()
  latency.record(0)
  latency.record(1e12)
  const summary = latency.summary()
  assert.equal(summary.count, 2)
  near(atPercentile(summary, 100), 3_600_000, 'an hour')
})

test('without a measurement there is nothing to tell', () => {
  const summary = new Latency().summary()
  assert.deepEqual(summary, { count: 0, mean: 0, percentiles: [] })
  assert.equal(atPercentile(summary, 99), 0)
})
