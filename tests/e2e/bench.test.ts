// `npm run bench` as its users run it: real processes, the JSON consistent in itself, nothing left behind.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { brokerFor } from '../support/broker-process.ts'

interface JsonReport {
  readonly command: string
  readonly machine: { readonly cores: number; readonly node: string; readonly load: number }
  readonly measurements: readonly {
    readonly scenario: string
    readonly case: string
    readonly system: string
    readonly setting: string
    readonly metrics: readonly { readonly name: string; readonly unit: string; readonly value: number }[]
    readonly latencies: Readonly<
      Record<string, { readonly count: number; readonly percentiles: readonly (readonly [number, number])[] }>
    >
    readonly rounds: readonly number[]
  }[]
  readonly ratios: readonly { readonly against: string; readonly metric: string; readonly value: number }[]
  readonly failures: readonly unknown[]
  readonly refusals: readonly { readonly scenario: string; readonly reason: string }[]
}

const program = fileURLToPath(new URL('../../packages/bench/src/bench.ts', import.meta.url))
const sluice = fileURLToPath(new URL('../../packages/broker/src/main.ts', import.meta.url))

interface Outcome {
  readonly code: number
  readonly out: string
  readonly error: string
}

function bench(args: readonly string[]): Promise<Outcome> {
  return run(program, args)
}

async function run(program: string, args: readonly string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let error = ''
  child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()))
  child.stderr.on('data', (bytes: Buffer) => (error += bytes.toString()))
  const [code] = (await once(child, 'close')) as [number]
  return { code, out, error }
}

function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-test-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('two scenarios for a second each: figures that agree with each other', async (context) => {
  const folder = folderFor(context)
  const html = join(folder, 'report.html')
  const shape = [
    '--seconds',
    '1',
    '--subjects',
    '1000',
    '--messages',
    '20000',
    '--durability',
    'os',
    '--rules',
    'none,patterns',
  ]
  const outputs = ['--json', '--folder', folder, '--html', html]
  const { code, out, error } = await bench(['publish', 'flow', ...outputs, ...shape])
  assert.equal(code, 0, error)
  const report = JSON.parse(out) as JsonReport
  assert.deepEqual(report.failures, [])
  assert.equal(report.machine.node, process.version)
  assert.deepEqual([...new Set(report.measurements.map(({ scenario }) => scenario))], ['publish', 'flow'])
  assert.equal(report.measurements.length, 5)
  for (const { case: name, metrics, latencies, rounds, system, setting } of report.measurements) {
    assert.equal(system, 'sluice')
    assert.equal(setting, 'page cache before the ack')
    assert.deepEqual(rounds, [metrics[0]!.value], name)
    for (const metric of metrics) assert.ok(metric.value > 0, `${name}: ${metric.name} is ${metric.value}`)
    for (const { count, percentiles } of Object.values(latencies)) {
      assert.ok(count > 0)
      const values = percentiles.map(([, ms]) => ms)
      assert.deepEqual(
        values,
        values.toSorted((a, b) => a - b),
        name,
      )
    }
  }
  const [single, one, several] = report.measurements
  const throughput = (of: typeof single): number =>
    of!.metrics.find(({ name }) => name === 'throughput')!.value
  assert.ok(throughput(one) > throughput(single), 'batches are faster than messages one by one')
  const perBatch = Object.values(one!.latencies)[0]!
  assert.ok(perBatch.count * 256 <= throughput(one) * 1.5, 'what was confirmed in a second, and no more')
  assert.ok(several!.case.includes('8 out'))
  assert.match(readFileSync(html, 'utf8'), /<svg/)
  assert.deepEqual(readdirSync(folder), ['report.html'], 'no folder is left')
})

const small = [
  ['--seconds', '1', '--durability', 'os', '--messages', '3000', '--rates', '500'],
  ['--subjects', '100', '--rules', 'none,patterns,captures', '--consumers', '2', '--shards', '1'],
  ['--parked', '2000', '--megabytes', '2', '--members', '20', '--links', '50'],
].flat()

test('every scenario has figures for each of its cases', { timeout: 240_000 }, async (context) => {
  const folder = folderFor(context)
  const { code, out, error } = await bench(['all', '--json', '--folder', folder, ...small])
  assert.equal(code, 0, error)
  const { measurements, failures } = JSON.parse(out) as JsonReport
  assert.deepEqual(failures, [])
  const counts = Object.entries(Object.groupBy(measurements, ({ scenario }) => scenario))
  assert.deepEqual(Object.fromEntries(counts.map(([name, rows]) => [name, rows!.length])), {
    publish: 3,
    read: 1,
    flow: 3,
    latency: 1,
    isolation: 1,
    'fan-out': 1,
    recovery: 4,
    memory: 2,
    shards: 1,
    kafka: 4,
    groups: 4,
    connections: 1,
    compaction: 2,
  })
  for (const { scenario, metrics } of measurements)
    for (const { name, value } of metrics)
      assert.ok(Number.isFinite(value), `${scenario}: ${name} is ${value}`)
  const { metrics } = measurements.find(({ scenario }) => scenario === 'isolation')!
  assert.ok(metrics.some(({ name, unit }) => name === 'full gc with' && unit === '%'))
  assert.deepEqual(readdirSync(folder), [])
})

test('a broker that runs is measured by sluice bench, and nothing is left on it', async (context) => {
  const broker = await brokerFor(context)
  const args = ['bench', 'publish', 'flow', 'memory', '--server', broker.address, '--json', ...small]
  const { code, out, error } = await run(sluice, args)
  assert.equal(code, 0, error)
  const { measurements, failures, refusals } = JSON.parse(out) as JsonReport
  assert.deepEqual(failures, [])
  assert.deepEqual([...new Set(measurements.map(({ scenario }) => scenario))], ['publish', 'flow'])
  assert.deepEqual(new Set(refusals.map(({ scenario }) => scenario)), new Set(['memory']))
  const client = await broker.connect()
  assert.deepEqual(await client.streams.list(), [])
  await client.close()
})

test('sluice bench says what is wrong as every command does', async () => {
  const wrong = await run(sluice, ['bench', 'publish', '--seconds', 'soon'])
  assert.deepEqual([wrong.code, wrong.out], [2, ''])
  assert.match(wrong.error, /^sluice: --seconds is soon.* \[usage\]\n$/)
  const help = await run(sluice, ['bench'])
  assert.equal(help.code, 0)
  assert.match(help.out, /^sluice bench <scenario>/)
})

test('a latency at a rate: every message is timed', async (context) => {
  const folder = folderFor(context)
  const { code, out, error } = await bench([
    'latency',
    '--json',
    '--seconds',
    '1',
    '--rates',
    '500',
    '--folder',
    folder,
  ])
  assert.equal(code, 0, error)
  const { measurements } = JSON.parse(out) as JsonReport
  const { latencies } = measurements[0]!
  assert.equal(latencies['ack']!.count, 500)
  assert.equal(latencies['deliver']!.count, 500)
  assert.deepEqual(readdirSync(folder), [])
})

test('what is asked wrongly is said, and nothing is started', async () => {
  const { code, out, error } = await bench(['publish', '--seconds', 'soon'])
  assert.deepEqual([code, out], [1, ''])
  assert.match(error, /--seconds is soon/)
})
