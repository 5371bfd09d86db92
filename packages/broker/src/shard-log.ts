// The log of a shard: its lines go to the control thread, which writes them. Why not written here: what a
// thread prints is lost when it ends at once, and lines of several threads would mix.

import type { Logger } from './base/logger.ts'
import type { Peer } from './cluster/peer.ts'
import type { ShardMessages } from './shard-messages.ts'

type Level = ShardMessages['notices']['log']['level']

export function channelLogger(control: () => Peer<ShardMessages>): Logger {
  const line =
    (level: Level) =>
    (fields: object, message: string): void =>
      control().tell('log', { level, fields: plain(fields), message })
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
}

/** Writes what a shard has said. */
export function writeLine(logger: Logger, shard: string, line: ShardMessages['notices']['log']): void {
  logger[line.level]({ ...line.fields, shard }, line.message)
}

/** Errors as data: a copy of one between threads would lose its code. */
function plain(fields: object): object {
  const entries = Object.entries(fields).map(([name, value]): [string, unknown] => [name, plainValue(value)])
  return Object.fromEntries(entries)
}

function plainValue(value: unknown): unknown {
  if (value instanceof Error) {
    const { name, message, stack } = value
    const code = 'code' in value ? { code: String(value.code) } : {}
    return { type: name, message, stack, ...code }
  }
  return typeof value === 'object' || typeof value === 'function' ? shownAsJson(value) : value
}

function shownAsJson(value: unknown): unknown {
  const text = JSON.stringify(value) as string | undefined
  return text === undefined ? null : (JSON.parse(text) as unknown)
}
