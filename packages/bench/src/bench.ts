// `npm run bench`: measures Sluice, and its peers when asked, and reports.

import process from 'node:process'
import { runBench } from './run-bench.ts'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

try {
  process.exitCode = await runBench(process.argv.slice(2), {
    program: 'npm run bench --',
    write: (text) => process.stdout.write(text),
    complain: (text) => process.stderr.write(text),
    signal: stop.signal,
  })
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
