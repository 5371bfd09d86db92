// What publishing takes and gives.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { HeaderPair, HeaderValues, Payload } from '@sluice/protocol/record/record-batch-builder'
import { isSubject } from '@sluice/protocol/subject/subject'

export interface Published {
  readonly partition: number
  readonly offset: number
}

export interface MessageOptions {
  readonly headers?: HeaderValues | undefined
  /** Milliseconds since 1970; default now. */
  readonly timestamp?: number | undefined
}

export interface PublishOptions extends MessageOptions {
  /** Stops waiting; the message may be stored all the same. */
  readonly signal?: AbortSignal | undefined
}

export interface NewMessage extends MessageOptions {
  readonly subject: string
  /** Null is a tombstone. */
  readonly data: Payload | null
}

/** Throws what can be known before anything is sent. */
export function checkMessage({ subject, data, headers, timestamp }: NewMessage): void {
  if (typeof subject !== 'string' || !isSubject(subject)) {
    throw new BrokerError('invalid-subject', `'${String(subject)}' is no subject`)
  }
  if (data !== null && !isPayload(data)) throw wrongType('data', data)
  if (timestamp !== undefined && !(Number.isSafeInteger(timestamp) && timestamp >= 0)) {
    throw new BrokerError(
      'invalid-request',
      `The timestamp ${String(timestamp)} is no whole number of milliseconds`,
    )
  }
  if (headers === undefined) return
  for (const [name, value] of headerPairs(headers)) {
    if (typeof name !== 'string') throw new BrokerError('invalid-request', `${String(name)} names no header`)
    if (value !== null && !isPayload(value)) throw wrongType(`The header ${name}`, value)
  }
}

/** At least as many bytes as the message takes in a record batch. */
export function messageBytesMax({ subject, data, headers }: NewMessage): number {
  let size = 64 + subject.length * 3 + (data === null ? 0 : payloadBytes(data))
  if (headers === undefined) return size
  for (const [name, value] of headerPairs(headers)) {
    size += 16 + name.length * 3 + (value === null ? 0 : payloadBytes(value))
  }
  return size
}

function headerPairs(headers: HeaderValues): readonly HeaderPair[] {
  return Array.isArray(headers) ? (headers as readonly HeaderPair[]) : Object.entries(headers)
}

function payloadBytes(payload: Payload): number {
  return typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
}

function isPayload(value: unknown): value is Payload {
  return typeof value === 'string' || value instanceof Uint8Array
}

function wrongType(what: string, value: unknown): BrokerError {
  return new BrokerError(
    'invalid-request',
    `${what} is of type ${typeof value}; give a string, a Uint8Array or null`,
  )
}
