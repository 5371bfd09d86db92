// One run of the bench, from arguments to a report: for `npm run bench` and for `sluice bench`. Progress goes
// to standard error, so that what is printed can be piped.

import { writeFileSync } from 'node:fs'
import { endAllScopes } from './bench-scope.ts'
import { runScenarios } from './bench-run.ts'
import { describeMachine } from './machine.ts'
import { helpText, readOptions } from './options.ts'
import type { BenchOptions } from './options.ts'
import { hotFunctionsText } from './profile/hot-functions.ts'
import { htmlReport } from './report/html-report.ts'
import { ratiosOf } from './report/measurement.ts'
import type { Report } from './report/measurement.ts'
import { reportText } from './report/report-text.ts'
import { SCENARIOS } from './scenarios/all-scenarios.ts'
import { installPeers } from './targets/peer-programs.ts'

export interface BenchSurroundings {
  /** How it was called, for help and report. */
  readonly program: string
  readonly write: (text: string) => unknown
  readonly complain: (text: string) => unknown
  /** Ends the run: nothing more is begun, and what runs is ended. */
  readonly signal: AbortSignal
}

/** Resolves with the exit code. Throws an Error whose message says which option is wrong. */
export async function runBench(args: readonly string[], surroundings: BenchSurroundings): Promise<number> {
  const options = readOptions(
    args,
    SCENARIOS.map(({ name }) => name),
  )
  const { program, write, complain, signal } = surroundings
  if (options === 'help') {
    await write(helpText(SCENARIOS, program))
    return 0
  }
  installPeers(options.peers)
  const machine = describeMachine(options.peers)
  if (machine.warning !== undefined) complain(`warning: ${machine.warning}\n`)
  const scenarios = SCENARIOS.filter(({ name }) => options.scenarios.includes(name))
  signal.addEventListener('abort', () => void endAllScopes())
  const began = (what: string): unknown => complain(`… ${what}\n`)
  const found = await runScenarios(scenarios, options, { began, signal })
  await report({ machine, command: [program, ...args].join(' '), ...found }, options, surroundings)
  return found.failures.length > 0 || signal.aborted ? 1 : 0
}

async function report(
  found: Report,
  { isJson, htmlPath, profileFolder }: BenchOptions,
  { write, complain }: BenchSurroundings,
): Promise<void> {
  if (htmlPath !== undefined) writeFileSync(htmlPath, htmlReport(found))
  const json = { ...found, ratios: ratiosOf(found.measurements) }
  await write(isJson ? `${JSON.stringify(json, null, 2)}\n` : reportText(found))
  if (profileFolder !== undefined) complain(hotFunctionsText(profileFolder))
}
