// The headers that a dead letter has beside its record's own: where it comes from and why it is here.

import type { HeaderPair } from '@sluice/protocol/record/record-batch-builder'
import { decodeHeaderPairs } from '@sluice/protocol/record/log-record'
import type { RecordCursor } from '@sluice/protocol/record/record-cursor'

export interface LetterOrigin {
  readonly reason: string
  readonly error: string
  readonly attempts: number
  readonly consumer: string
  readonly stream: string
  readonly partition: number
  readonly offset: number
  /** Of the record, in milliseconds since 1970. */
  readonly timestamp: number
}

/** Says of a record where the letter was of which it is a replay: `<stream>/<partition>/<offset>`. */
export const replayedFrom = 'sluice-replayed-from'

const names = [
  'reason',
  'error',
  'attempts',
  'consumer',
  'stream',
  'partition',
  'offset',
  'timestamp',
] as const
const fieldOf = new Map(names.map((name) => [`sluice-${name}`, name]))
const decoder = new TextDecoder()

export function letterHeaders(origin: LetterOrigin): HeaderPair[] {
  return names.map((name) => [`sluice-${name}`, String(origin[name])])
}

/** The record's own headers, in their order. */
export function ownHeaders(cursor: RecordCursor): HeaderPair[] {
  return headersOf(cursor).filter(([name]) => !fieldOf.has(name) && name !== replayedFrom)
}

/** Undefined where the record is no dead letter of this consumer. */
export function originOf(cursor: RecordCursor, consumer: string, stream: string): LetterOrigin | undefined {
  const found: Partial<Record<(typeof names)[number], string>> = {}
  for (const [name, value] of headersOf(cursor)) {
    const field = fieldOf.get(name)
    if (field !== undefined && value !== null) found[field] = decoder.decode(value as Uint8Array)
  }
  if (found.consumer !== consumer || found.stream !== stream) return undefined
  const [attempts, partition, offset] = [found.attempts, found.partition, found.offset].map(Number)
  const timestamp = Number(found.timestamp)
  // Why: anybody may publish to the stream that letters go to, with these headers too.
  if (![attempts, partition, offset].every((value) => Number.isSafeInteger(value))) return undefined
  return {
    reason: found.reason ?? '',
    error: found.error ?? '',
    attempts: attempts!,
    consumer,
    stream,
    partition: partition!,
    offset: offset!,
    timestamp,
  }
}

function headersOf({ bytes, headersStart, recordEnd }: RecordCursor): HeaderPair[] {
  return decodeHeaderPairs(bytes, headersStart, recordEnd)
}
