import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readBenchLines } from './bench-lines.ts'
import { compareRuns } from './compare-runs.ts'
import { RevisionCopy } from './revision-copy.ts'

test('reads the lines that benchmarks print, and no others', () => {
  const text = [
    'Frames of 100 messages:',
    'decode, for await, ack not awaited                 214 ns',
    '1000 subjects, 3 pattern rules, settled 100 later      88 ns   1.07x',
    '1 batches of 100 bytes per group: 4811 confirmed batches/s, 0.95 of raw write+sync',
    'a pool takes 180.5 bytes',
    'done in 3 rounds',
    '',
  ].join('\n')
  assert.deepEqual(readBenchLines(text), [
    { name: 'decode, for await, ack not awaited', value: 214, unit: 'ns' },
    { name: '1000 subjects, 3 pattern rules, settled 100 later', value: 88, unit: 'ns' },
    { name: '1 batches of 100 bytes per group', value: 4811, unit: 'confirmed batches/s' },
    { name: 'a pool takes', value: 180.5, unit: 'bytes' },
  ])
})

test('the best of each figure is compared; a gain above 1 is better, of times and of rates', () => {
  const time = (value: number) => ({ name: 'time', value, unit: 'ns' })
  const rate = (value: number) => ({ name: 'rate', value, unit: 'batches/s' })
  const here = [
    [time(120), rate(90)],
    [time(100), rate(100), { ...time(1), name: 'new' }],
  ]
  const there = [
    [time(300), rate(50)],
    [time(200), rate(40)],
  ]
  assert.deepEqual(compareRuns(here, there), [
    { name: 'time', unit: 'ns', here: 100, there: 200, gain: 2 },
    { name: 'rate', unit: 'batches/s', here: 100, there: 50, gain: 2 },
    { name: 'new', unit: 'ns', here: 1 },
  ])
})

/** A repository with one package of its own and one of a third party, and a change after its first commit. */
function repository(folder: string): void {
  const git = (...args: string[]): void => {
    const identity = ['-c', 'user.name=test', '-c', 'user.email=test@localhost', '-c', 'commit.gpgsign=false']
    execFileSync('git', ['-C', folder, ...identity, ...args], { stdio: 'ignore' })
  }
  const write = (path: string, text: string): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  write('packages/own/package.json', '{"name":"@own/thing","type":"module","exports":"./thing.js"}')
  write('packages/own/thing.js', "export const which = 'old'")
  write('packages/user/run.mjs', "import { which } from '@own/thing'; import 'third'; console.log(which)")
  write('node_modules/third/package.json', '{"name":"third","main":"third.js"}')
  write('node_modules/third/third.js', '')
  mkdirSync(join(folder, 'node_modules/@own'))
  symlinkSync(join(folder, 'packages/own'), join(folder, 'node_modules/@own/thing'))
  git('init', '--quiet')
  git('add', 'packages')
  git('commit', '--quiet', '--message', 'first')
  write('packages/own/thing.js', "export const which = 'new'")
}

test('a copy of a revision runs its own sources, with the packages that are installed here', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-micro-test-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  repository(folder)
  const run = (where: string): string => {
    return execFileSync(process.execPath, [join(where, 'packages/user/run.mjs')], { encoding: 'utf8' }).trim()
  }
  const copy = new RevisionCopy(folder, 'HEAD')
  assert.equal(run(copy.folder), 'old')
  assert.equal(run(folder), 'new')
  copy.remove()
  assert.equal(existsSync(copy.folder), false)
  assert.throws(() => new RevisionCopy(folder, 'no-such-revision'), /no-such-revision/)
})
