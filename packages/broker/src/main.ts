#!/usr/bin/env node
// The `sluice` program: the only place that reads the environment, hears signals and ends the process.

import process from 'node:process'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { version } from './broker.ts'
import { realTimers } from './io/real-time.ts'
import { serve } from './serve.ts'
import type { Serving } from './serve.ts'

const exitCodes = { failure: 1, usage: 2 } as const
/** How long peers may take for the last bytes after the broker has closed. */
const lastBytesMs = 1_000

// Why: whoever started us may stop reading what we print, and that must not end a broker.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

await run(process.argv.slice(2))

async function run([command, ...args]: readonly string[]): Promise<void> {
  switch (command) {
    case 'serve':
      return runServe(args)
    case 'version':
    case '--version':
      process.stdout.write(`sluice ${version}\n`)
      return
    default:
      process.stderr.write('Usage: sluice serve [flags]\n       sluice version\n')
      process.exitCode = exitCodes.usage
  }
}

async function runServe(args: readonly string[]): Promise<void> {
  try {
    const serving = await serve(args, {
      environment: process.env,
      writeOut: (line) => process.stdout.write(line),
      writeError: (line) => process.stderr.write(line),
    })
    if (serving !== undefined) superviseUntilEnd(serving)
  } catch (error) {
    const isExpected = error instanceof BrokerError
    process.stderr.write(`sluice: ${isExpected ? error.message : String((error as Error).stack ?? error)}\n`)
    process.exitCode = isExpected && error.code === 'invalid-config' ? exitCodes.usage : exitCodes.failure
  }
}

function superviseUntilEnd(serving: Serving): void {
  let isStopping = false
  const stop = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(exitCodes.failure)
    isStopping = true
    void closeInOrder(serving, signal)
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  // Why at once and unclean: nobody knows what the broker holds after an error that nobody foresaw. The next
  // start finds no mark of a clean end and looks at every log.
  process.on('uncaughtException', (error) => {
    serving.logger.error({ error }, 'an error that nobody foresaw; ending at once')
    process.exit(exitCodes.failure)
  })
}

async function closeInOrder({ broker, logger }: Serving, signal: NodeJS.Signals): Promise<void> {
  logger.info({ signal }, 'stopping')
  await broker.close()
  logger.info({}, 'stopped')
  realTimers.after(lastBytesMs, () => process.exit(0))
}
