// `npm run demo`: shows what Sluice is for in under a minute, and checks it from what its workers saw. Ends
// with 0 when every claim held, 1 when not, 2 for a wrong command line, and 128 and the signal's number when
// it is stopped.

import { constants } from 'node:os'
import process from 'node:process'
import { DemoRun } from './demo-run.ts'
import { helpText, readOptions } from './options.ts'
import type { DemoOptions } from './options.ts'
import { summaryLines } from './summary.ts'
import type { Summary } from './summary.ts'
import { LiveView } from './view/live-view.ts'
import { paintFor, wantsColor } from './view/paint.ts'
import { PlainView } from './view/plain-view.ts'
import type { View } from './view/view.ts'

const columnsDefault = 100
/** Whatever happens, nothing may keep the program alive after its summary. */
const exitMsMax = 1_000

let isStopped = false
main(process.argv.slice(2))

function main(args: readonly string[]): void {
  let options: DemoOptions | undefined
  try {
    options = readOptions(args)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${helpText}`)
    process.exitCode = 2
    return
  }
  if (options === undefined) process.stdout.write(helpText)
  else void runDemo(options)
}

async function runDemo(options: DemoOptions): Promise<void> {
  try {
    const run = new DemoRun(options, viewFor(options))
    endWith(run)
    const summary = await run.run()
    show(summary, options)
    process.exitCode = summary.isHeld ? 0 : 1
  } catch (error) {
    // What goes wrong because it is being stopped is no news.
    if (isStopped) return
    process.stderr.write(`✖ ${(error as Error).message}\n`)
    process.exitCode = 1
  }
  setTimeout(() => process.exit(), exitMsMax).unref()
}

/** However this process ends, the broker and its folder go with it. */
function endWith(run: DemoRun): void {
  process.on('exit', () => run.destroyNow())
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      isStopped = true
      const exit = (): never => process.exit(128 + constants.signals[signal])
      run.destroy().then(exit, exit)
    })
  }
}

function viewFor({ isJson }: DemoOptions): View {
  const { stdout, stderr, env } = process
  if (isJson) return new PlainView((line) => stderr.write(`${line}\n`))
  if (stdout.isTTY && env['TERM'] !== 'dumb') return new LiveView(stdout, paintFor(wantsColor(stdout, env)))
  return new PlainView((line) => stdout.write(`${line}\n`))
}

function show(summary: Summary, { isJson }: DemoOptions): void {
  const { stdout, env } = process
  if (isJson) {
    stdout.write(`${JSON.stringify(summary, undefined, 2)}\n`)
    return
  }
  const lines = summaryLines(summary, stdout.columns ?? columnsDefault, paintFor(wantsColor(stdout, env)))
  stdout.write(`${lines.join('\n')}\n`)
}
