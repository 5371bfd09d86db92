// `npm run bench`: measures Sluice, and its peers when asked, and reports. Progress goes to standard error,
// so that what is printed can be piped.

import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { endAllScopes } from './bench-scope.ts'
import { runScenarios } from './bench-run.ts'
import { describeMachine } from './machine.ts'
import { helpText, readOptions } from './options.ts'
import type { BenchOptions } from './options.ts'
import { hotFunctionsText } from './profile/hot-functions.ts'
import { htmlReport } from './report/html-report.ts'
import type { Report } from './report/measurement.ts'
import { reportText } from './report/report-text.ts'
import { ratiosOf } from './report/measurement.ts'
import { SCENARIOS } from './scenarios/all-scenarios.ts'
import { installPeers } from './targets/peer-programs.ts'

const stopped = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stopped.abort()
    void endAllScopes().finally(() => process.exit(1))
  })
}

const names = SCENARIOS.map(({ name }) => name)

try {
  const options = readOptions(process.argv.slice(2), names)
  if (options === 'help') process.stdout.write(helpText(SCENARIOS))
  else await bench(options)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

async function bench(options: BenchOptions): Promise<void> {
  installPeers(options.peers)
  const machine = describeMachine(options.peers)
  if (machine.warning !== undefined) process.stderr.write(`warning: ${machine.warning}\n`)
  const scenarios = SCENARIOS.filter(({ name }) => options.scenarios.includes(name))
  const began = (what: string): boolean => process.stderr.write(`… ${what}\n`)
  const found = await runScenarios(scenarios, options, { began, signal: stopped.signal })
  if (found.failures.length > 0) process.exitCode = 1
  const command = ['npm run bench --', ...process.argv.slice(2)].join(' ')
  print({ machine, command, ...found }, options)
}

function print(report: Report, { isJson, htmlPath, profileFolder }: BenchOptions): void {
  if (htmlPath !== undefined) writeFileSync(htmlPath, htmlReport(report))
  const json = { ...report, ratios: ratiosOf(report.measurements) }
  process.stdout.write(isJson ? `${JSON.stringify(json, null, 2)}\n` : reportText(report))
  if (profileFolder !== undefined) process.stderr.write(hotFunctionsText(profileFolder))
}
