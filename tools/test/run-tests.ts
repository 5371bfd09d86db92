// Runs the test suites, kind after kind, and closes with one line of totals.
//
//   npm test                              everything
//   npm test -- packages/broker/src/log   one folder, one file, a glob, or a part of a path
//   npm run test:sim                      one kind
//
// Fails when a test fails, when no test ran, and, with CI=true, when anything was skipped.

import { relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runSuites } from './run-suites.ts'
import { findSuites, KINDS, selectSuites } from './suites.ts'
import type { Kind } from './suites.ts'
import { missingProgram, nameOf } from './system-programs.ts'
import { Tally } from './tally.ts'

const root = resolve(import.meta.dirname, '../..')

/** Why: each suite is a process, and would compile the same sources again. */
process.env['NODE_COMPILE_CACHE'] ??= resolve(root, 'node_modules/.cache/compiled')

const { values, positionals } = parseArgs({ allowPositionals: true, options: { kind: { type: 'string' } } })
const kinds = KINDS.filter(({ name }) => values.kind === undefined || values.kind === name)
if (kinds.length === 0) throw new Error(`--kind is one of ${KINDS.map(({ name }) => name).join(', ')}`)

const tally = new Tally()
for (const kind of kinds) await runKind(kind)
report()

async function runKind(kind: Kind): Promise<void> {
  const suites = selectSuites(findSuites(kind, root), positionals.map(fromRoot))
  const runnable = suites.filter((suite) => {
    const missing = missingProgram(suite)
    if (missing !== undefined) tally.skipSuite(suite, `needs ${nameOf(missing)} (${missing.debianPackage})`)
    return missing === undefined
  })
  if (runnable.length === 0) return
  console.log(`\n${kind.title}: ${runnable.length} suites`)
  await runSuites(runnable, { root, timeoutMs: kind.timeoutMs, tally })
}

/** Patterns are typed where the caller stands; `npm` runs scripts at the root. */
function fromRoot(pattern: string): string {
  return relative(root, resolve(process.env['INIT_CWD'] ?? process.cwd(), pattern)).replaceAll('\\', '/')
}

function report(): void {
  for (const { name, reason } of tally.skips) console.log(`skipped: ${name}: ${reason}`)
  for (const name of tally.failures) console.log(`failed: ${name}`)
  const isSkipFailure = process.env['CI'] === 'true' && tally.skips.length > 0
  if (isSkipFailure) console.log('a skip is a failure here, because CI=true')
  if (tally.passed + tally.failed === 0) console.log('no test ran')
  console.log(`\n${tally.summary()}`)
  if (tally.failed > 0 || tally.passed === 0 || isSkipFailure) process.exitCode = 1
}
