#!/usr/bin/env node
// The `sluice` program: the command line with a broker in it. The only place that reads the environment,
// hears signals for the broker and ends the process.

import { enableCompileCache, flushCompileCache } from 'node:module'
import process from 'node:process'
import { setFlagsFromString } from 'node:v8'
import { runCli } from '@sluice/cli'
import type { BrokerCommands } from '@sluice/cli'
import { serveHelp } from './config/serve-arguments.ts'
import { realIo } from './io/real-io.ts'
import type { Serving } from './serve.ts'
import { version } from './base/version.ts'

/** How long peers may take for the last bytes after the broker has closed. */
const lastBytesMs = 1_000
/**
 * Published and read bytes are buffers outside V8's heap. Left alone, V8 collects the whole heap for each few
 * dozen megabytes of them; told to count them with the heap, it waits until there is something to gain.
 * docs/internals/performance.md has the figures.
 */
const bufferAccountingFlag = '--external-memory-accounted-in-global-limit'
/** Versions of V8 that know the flag; one that does not would complain on standard error. */
const bufferAccountingSince = 13

// Why: most of a start is compiling; what was compiled once is kept in the folder for temporary files.
enableCompileCache()

// Why: whoever started us may stop reading what we print, and that must not end a broker.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

const io = realIo()

// Why imports at call: most commands talk to a broker elsewhere, and should not wait for one to be loaded.
const commands: BrokerCommands = {
  version,
  serve: runServe,
  serveHelp,
  verifyLog: async (directory, onFinding) => {
    const { verifyDirectory } = await import('./log/offline.ts')
    return verifyDirectory(io, directory, onFinding)
  },
  dumpLog: async function* (directory, options) {
    const { dumpLog } = await import('./log/offline.ts')
    yield* dumpLog(io, directory, options)
  },
}

process.exitCode = await runCli(process.argv.slice(2), commands)

/** The broker goes on running when this resolves; its end sets the exit code. */
async function runServe(args: readonly string[]): Promise<number> {
  // Why here: it is about the process, so only the program that owns it may say so, never an embedded broker.
  if (Number.parseInt(process.versions.v8, 10) >= bufferAccountingSince)
    setFlagsFromString(bufferAccountingFlag)
  const { serve } = await import('./serve.ts')
  const serving = await serve(args, {
    environment: process.env,
    writeOut: (line) => process.stdout.write(line),
    writeError: (line) => process.stderr.write(line),
    failed: endAtOnce,
  })
  if (serving === undefined) return 0
  superviseUntilEnd(serving)
  // Why now: it is kept at the end of a process, and a broker may be killed.
  io.timers.soon(flushCompileCache)
  process.stdout.write(serving.readyLine)
  return 0
}

function superviseUntilEnd(serving: Serving): void {
  let isStopping = false
  const stop = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(1)
    isStopping = true
    void closeInOrder(serving, signal)
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  // Why at once and unclean: nobody knows what the broker holds after an error that nobody foresaw. The next
  // start finds no mark of a clean end and looks at every log.
  process.on('uncaughtException', (error) => {
    serving.logger.error({ error }, 'an error that nobody foresaw; ending at once')
    endAtOnce()
  })
}

function endAtOnce(): void {
  process.exit(1)
}

async function closeInOrder({ broker, logger }: Serving, signal: NodeJS.Signals): Promise<void> {
  logger.info({ signal }, 'stopping')
  await broker.close()
  logger.info({}, 'stopped')
  io.timers.after(lastBytesMs, () => process.exit(0))
}
