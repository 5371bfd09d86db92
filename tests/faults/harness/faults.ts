// `npm run faults -- --rounds 200 [--seed N]`: faults against a real broker, drawn from a seed. Ends with 1,
// and with the history that shows it, when a promise is broken.

import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { runFaults } from './fault-rounds.ts'
import type { FaultFindings } from './fault-rounds.ts'
import { removeAllStands } from './fault-stand.ts'
import type { Violation } from './story.ts'

const usage = `npm run faults -- [--rounds N] [--seed N] [--flag FLAG]… [--quiet]

  --rounds N   rounds of load, a fault and SIGKILL (default 50)
  --seed N     what is drawn (default: another one each time)
  --flag FLAG  a flag of the broker, such as --flag=--shards=2; repeatable
  --quiet      does not say what each round does
`

const values = readArguments()
const shownViolations = 10
const shownEvents = 20
const rounds = wholeNumber('rounds', values.rounds)
const seed =
  values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : wholeNumber('seed', values.seed)

// The first one ends the rounds, and what was seen is judged; a second one ends everything at once.
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) void removeAllStands().finally(() => process.exit(1))
    stop.abort()
  })
}

process.stdout.write(`seed ${seed}\n`)
const began = values.quiet ? () => {} : (what: string) => process.stderr.write(`… ${what}\n`)
const findings = await runFaults({ rounds, seed, began, brokerFlags: values.flag, signal: stop.signal })
process.stdout.write(`${findings.summary}\n`)
if (findings.violations.length > 0) report(findings)
else process.stdout.write('every promise was kept\n')

function report({ violations, history }: FaultFindings): void {
  process.exitCode = 1
  const path = join(tmpdir(), `sluice-faults-${seed}.jsonl`)
  writeFileSync(path, history.events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  const byPromise = Map.groupBy(violations, ({ promise }) => promise)
  for (const [promise, broken] of byPromise) {
    process.stdout.write(`\nBROKEN, ${broken.length} times: ${promise}\n`)
    for (const violation of broken.slice(0, shownViolations)) process.stdout.write(violationText(violation))
  }
  process.stdout.write(`\nThe whole history is in ${path}; the seed is ${seed}\n`)
}

function violationText({ text, evidence }: Violation): string {
  const events = evidence.slice(0, shownEvents).map((event) => `    ${JSON.stringify(event)}\n`)
  return `  ${text}\n${events.join('')}`
}

function readArguments(): { rounds: string; seed?: string; flag: string[]; quiet: boolean } {
  const options = {
    rounds: { type: 'string', default: '50' },
    seed: { type: 'string' },
    flag: { type: 'string', multiple: true, default: [] as string[] },
    quiet: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } as const
  try {
    const given = parseArgs({ options }).values
    if (!given.help) return { ...given, flag: [...given.flag] }
    process.stdout.write(usage)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    process.exit(2)
  }
  process.exit(0)
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  process.stderr.write(`--${name} is ${text}; it must be a whole number\n`)
  process.exit(2)
}
