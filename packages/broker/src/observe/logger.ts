// Log lines for the operator, on standard error: one JSON object per line, or a line for people.
// Must never write a message's bytes or a credential.

import { pino, stdSerializers } from 'pino'
import type { DestinationStream } from 'pino'
import type { Logger } from '../base/logger.ts'

export interface LoggerOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly format: 'text' | 'json'
}

/**
 * `write` takes whole lines, and has written them when it returns: the last line before an exit must
 * not be lost.
 */
export function operatorLogger({ level, format }: LoggerOptions, write: (line: string) => void): Logger {
  const destination: DestinationStream =
    format === 'json' ? { write } : { write: (line) => write(lineForPeople(line)) }
  const serializers = { error: stdSerializers.err }
  const formatters = { level: (label: string) => ({ level: label }) }
  const timestamp = (): string => `,"time":"${new Date().toISOString()}"`
  return pino({ level, base: null, messageKey: 'message', serializers, formatters, timestamp }, destination)
}

interface Line {
  readonly level: string
  readonly time: string
  readonly message: string
  readonly error?: { readonly stack?: string; readonly message?: string }
}

/** `12:00:00.000 warn  connection given up peer=… code=…` */
function lineForPeople(json: string): string {
  const { level, time, message, error, ...fields } = JSON.parse(json) as Line
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${textOf(value)}`)
  const trace = error === undefined ? '' : `\n${error.stack ?? error.message}`
  return `${time.slice(11, 23)} ${level.padEnd(5)} ${message}${pairs.join('')}${trace}\n`
}

function textOf(value: unknown): string {
  return typeof value === 'string' && !/\s/.test(value) ? value : JSON.stringify(value)
}
