// `npm run bench:micro`: runs every `*.bench.ts` beside the hot structures, or those that are named, each in
// a process of its own. With `--against REV` also those of another revision, taking turns in one run.

import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, globSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { numberText } from '../report/figure-text.ts'
import { readBenchLines } from './bench-lines.ts'
import type { BenchFigure } from './bench-lines.ts'
import { compareRuns } from './compare-runs.ts'
import type { Compared } from './compare-runs.ts'
import { RevisionCopy } from './revision-copy.ts'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const roundsDefault = 3
const benchMsMax = 300_000
const help = `npm run bench:micro -- [part of a file's name]... [--against REV] [--rounds N]

  --against REV   the same benchmarks of another git revision, and how we stand to it
  --rounds N      how often each revision is run (default ${roundsDefault}); the best of each figure counts
`

try {
  main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

function main(): void {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { against: { type: 'string' }, rounds: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help === true) return void process.stdout.write(help)
  const rounds = Number(values.rounds ?? roundsDefault)
  if (!Number.isSafeInteger(rounds) || rounds < 1) throw new Error('--rounds must be a whole number above 0')
  const benches = findBenches(positionals)
  if (benches.length === 0) throw new Error('No *.bench.ts has such a name')
  if (values.against === undefined) for (const bench of benches) print(`== ${bench}\n${run(root, bench)}`)
  else compareWith(values.against, benches, rounds)
}

function findBenches(parts: readonly string[]): string[] {
  const exclude = ['**/node_modules/**']
  const found = globSync('packages/*/src/**/*.bench.ts', { cwd: root, exclude }).toSorted()
  return parts.length === 0 ? found : found.filter((path) => parts.some((part) => path.includes(part)))
}

function compareWith(revision: string, benches: readonly string[], rounds: number): void {
  const copy = new RevisionCopy(root, revision)
  try {
    for (const bench of benches) print(`== ${bench}\n${compareBench(bench, copy, rounds)}`)
    print(`here: this tree; there: ${revision}; gain above 1: better here\n`)
  } finally {
    copy.remove()
  }
}

/** Takes turns: what the machine does meanwhile, it does to both. */
function compareBench(bench: string, copy: RevisionCopy, rounds: number): string {
  putWhereMissing(bench, copy)
  const here: BenchFigure[][] = []
  const there: BenchFigure[][] = []
  for (let round = 0; round < rounds; round++) {
    here.push(readBenchLines(run(root, bench)))
    there.push(readBenchLines(run(copy.folder, bench)))
  }
  return compareRuns(here, there).map(comparedText).join('')
}

/** A benchmark that is newer than the revision measures what was there before it. */
function putWhereMissing(bench: string, { folder }: RevisionCopy): void {
  const path = join(folder, bench)
  if (existsSync(path)) return
  mkdirSync(dirname(path), { recursive: true })
  copyFileSync(join(root, bench), path)
}

function comparedText({ name, unit, here, there, gain }: Compared): string {
  const cell = (value: number | undefined): string => (value === undefined ? '-' : numberText(value))
  const figures = `here ${cell(here).padStart(9)}  there ${cell(there).padStart(9)} ${unit.padEnd(12)}`
  return `   ${name.padEnd(60)} ${figures} ${gain === undefined ? '' : `${gain.toFixed(2)}x`}\n`
}

function run(folder: string, bench: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, bench)], {
    cwd: folder,
    encoding: 'utf8',
    timeout: benchMsMax,
  })
  if (status !== 0) throw new Error(`${join(folder, bench)} failed\n${stderr}`)
  return stdout
}

function print(text: string): void {
  process.stdout.write(`${text.trimEnd()}\n`)
}
