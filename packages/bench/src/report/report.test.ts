import assert from 'node:assert/strict'
import { test } from 'node:test'
import { medianOf } from '../bench-run.ts'
import { metricText, numberText } from './figure-text.ts'
import { htmlReport } from './html-report.ts'
import { ratiosOf } from './measurement.ts'
import type { Measurement, Report } from './measurement.ts'
import { reportText } from './report-text.ts'
import { latencyPlot, ninesOf } from './svg-plots.ts'

function measurement(system: string, value: number, more: Partial<Measurement> = {}): Measurement {
  return {
    scenario: 'publish',
    case: 'batches',
    system,
    setting: 'a <setting>',
    metrics: [
      { name: 'throughput', unit: 'msg/s', value },
      { name: 'p50', unit: 'ms', value: 4 },
    ],
    latencies: {},
    notes: [],
    rounds: [value],
    ...more,
  }
}

const report: Report = {
  machine: {
    cpu: 'A processor',
    cores: 2,
    memoryBytes: 8 * 2 ** 30,
    system: 'linux',
    node: 'v24.0.0',
    versions: { nats: '2.9.10' },
    startedAt: '2026-01-01T00:00:00.000Z',
    load: 4.2,
    warning: 'others are busy',
  },
  command: 'npm run bench -- publish',
  measurements: [measurement('sluice', 300_000), measurement('nats', 20_000)],
  refusals: [{ scenario: 'publish', case: 'batches', system: 'redis', reason: 'has no such thing' }],
  failures: [{ scenario: 'publish', case: 'single', system: 'nats', error: 'it <ended>' }],
}

test('a ratio is ours divided by theirs, of the same metric in the same case', () => {
  const other = measurement('nats', 1, { case: 'another' })
  const ratios = ratiosOf([...report.measurements, other])
  assert.deepEqual(
    ratios.map(({ metric, against, value }) => [metric, against, value]),
    [
      ['throughput', 'nats', 15],
      ['p50', 'nats', 1],
    ],
  )
})

test('there is no ratio to nothing, nor between units', () => {
  const theirs = [
    { name: 'throughput', unit: 'MB/s', value: 3 },
    { name: 'p50', unit: 'ms', value: 0 },
  ]
  assert.deepEqual(ratiosOf([measurement('sluice', 5), measurement('redis', 1, { metrics: theirs })]), [])
})

test('the text names machine, load, figures, ratios, refusals and failures', () => {
  const text = reportText(report)
  for (const part of [
    'A processor, 2 cores, 8 GiB',
    'load 4.20',
    'WARNING: others are busy',
    '300,000 msg/s',
    'sluice / nats: throughput 15.0x, p50 1.00x',
    'redis: has no such thing',
    'FAILED publish: single: nats: it <ended>',
  ]) {
    assert.ok(text.includes(part), `${part} is missing in\n${text}`)
  }
})

test('the page stands alone, says the same, and escapes what it is told', () => {
  const html = htmlReport(report)
  for (const part of ['300,000 msg/s', '15.0x', 'redis: has no such thing', 'it &lt;ended&gt;', '<svg']) {
    assert.ok(html.includes(part), `${part} is missing`)
  }
  assert.ok(html.includes('a &lt;setting&gt;') && !html.includes('a <setting>'))
  assert.doesNotMatch(html, /<script|(?:src|href)=/)
})

test('the axis of percentiles stretches the nines', () => {
  assert.equal(ninesOf(90).toFixed(6), '1.000000')
  assert.equal(ninesOf(99.9).toFixed(6), '3.000000')
  assert.ok(ninesOf(100) > ninesOf(99.99))
})

test('a curve lies within its plot, whatever was measured', () => {
  const percentiles = [
    [50, 0.021],
    [99, 0.5],
    [99.99, 812],
    [100, 812],
  ] as const
  const svg = latencyPlot([{ label: 'ack', summary: { count: 4, mean: 1, percentiles } }])
  const points = /points="([^"]+)"/
    .exec(svg)![1]!
    .split(' ')
    .map((point) => point.split(',').map(Number))
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!.map(Number)
  assert.equal(points.length, percentiles.length)
  for (const [x, y] of points) {
    assert.ok(x! >= 0 && x! <= width! && y! >= 0 && y! <= height!, `${x},${y} is outside`)
  }
  assert.equal(latencyPlot([{ label: 'none', summary: { count: 0, mean: 0, percentiles: [] } }]), '')
})

test('figures have three digits that count', () => {
  assert.deepEqual([1_234_567, 4_321, 321.4, 43.21, 4.321, 0.4321, 0, Number.NaN].map(numberText), [
    '1,230,000',
    '4,320',
    '321',
    '43.2',
    '4.32',
    '0.43',
    '0.00',
    '-',
  ])
  assert.equal(metricText({ name: 'p50', unit: 'ms', value: 0.5 }), '0.50 ms')
})

test('the median round is reported, with the figures that belong to it', () => {
  const findings = [7, 1, 9, 3, 5].map((value) => {
    return {
      metrics: [
        { name: 'a', unit: 'x', value },
        { name: 'b', unit: 'x', value: value * 10 },
      ],
    }
  })
  assert.deepEqual(
    medianOf(findings).metrics.map(({ value }) => value),
    [5, 50],
  )
})
