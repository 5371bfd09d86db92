// Runs test files with node:test, each in its own process, and counts what they report.

import { relative, resolve } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import type { Tally } from './tally.ts'

const CONCURRENCY = 2

export interface SuiteRun {
  readonly root: string
  readonly timeoutMs: number
  readonly tally: Tally
}

export async function runSuites(
  suites: readonly string[],
  { root, timeoutMs, tally }: SuiteRun,
): Promise<void> {
  const files = suites.map((suite) => resolve(root, suite))
  const events = run({ files, concurrency: CONCURRENCY, timeout: timeoutMs })
  const where = (file: string | undefined): string => relative(root, file ?? root)
  events.on('test:pass', (event) => tally.pass({ ...event, suite: where(event.file) }))
  events.on('test:fail', (event) => tally.fail({ ...event, suite: where(event.file) }))
  events.on('test:summary', ({ file, success }) => {
    if (file === undefined && !success) tally.failQuietly(suites)
  })
  for await (const text of events.compose(spec)) process.stdout.write(text as string)
}
