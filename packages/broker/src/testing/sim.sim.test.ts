// Histories of the real broker: from seeds nothing is refuted, a seed replays exactly, and every
// deliberate mistake is found. Each runs in a process of its own, as `npm run sim` does: a mistake stays
// in its process.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { mutations } from './mutations.ts'

const program = new URL('./sim.ts', import.meta.url).pathname

interface Result {
  readonly seed: number
  readonly passed: boolean
  readonly traceHash: string
  readonly events: number
  readonly delivered: number
  readonly crashes: number
  readonly violation?: string
}

/** What `npm run sim -- --json` says of each seed, and its exit code. */
function sim(...given: readonly string[]): Promise<{ results: Result[]; exitCode: number }> {
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: 64 * 1024 * 1024 }
    execFile(process.execPath, [program, '--json', ...given], options, (error, stdout, stderr) => {
      if (stderr !== '') return reject(new Error(stderr))
      const lines = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Result)
      const results = lines.filter(({ seed }) => seed !== undefined)
      resolve({ results, exitCode: typeof error?.code === 'number' ? error.code : 0 })
    })
  })
}

const shards = [1, 21] as const

test('40 histories refute nothing', async (t) => {
  const runs = await Promise.all(shards.map((first) => sim('--seed', String(first), '--seeds', '20')))
  const results = runs.flatMap((run) => run.results)
  for (const { seed, violation } of results)
    assert.equal(violation, undefined, `npm run sim -- --seed ${seed}`)
  assert.equal(results.length, 40)
  assert.deepEqual(
    runs.map(({ exitCode }) => exitCode),
    [0, 0],
  )
  const sum = (count: (result: Result) => number): number =>
    results.reduce((all, result) => all + count(result), 0)
  t.diagnostic(`${sum(({ delivered }) => delivered)} deliveries, ${sum(({ crashes }) => crashes)} crashes`)
  assert.ok(sum(({ crashes }) => crashes) > 100)
  assert.ok(sum(({ delivered }) => delivered) > 10_000)
})

test('the same seed is the same history, another seed is another one', async () => {
  const runs = await Promise.all(['7', '7', '8'].map((seed) => sim('--seed', seed, '--steps', '150')))
  const [one, again, other] = runs.map(({ results }) => results[0])
  assert.equal(one.traceHash, again.traceHash)
  assert.equal(one.events, again.events)
  assert.notEqual(one.traceHash, other.traceHash)
})

/** More than twice what each has needed. */
const seedsPerMutation = 40

test('every deliberate mistake is found', { concurrency: 2 }, async (t) => {
  const tests = Object.entries(mutations).map(([name, { what }]) => {
    return t.test(`${name}: ${what}`, async (ofOne) => {
      const { results, exitCode } = await sim('--mutation', name, '--seeds', String(seedsPerMutation))
      const found = results.find(({ passed }) => !passed)
      assert.ok(found !== undefined, `not found within ${seedsPerMutation} seeds`)
      assert.equal(exitCode, 1)
      ofOne.diagnostic(`seed ${found.seed}: ${found.violation}`)
    })
  })
  await Promise.all(tests)
})

test('a mutation that does not exist is refused', async () => {
  await assert.rejects(sim('--mutation', 'none'), /--mutation is one of skip-fsync, /)
})
