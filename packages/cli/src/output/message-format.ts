// A message of a stream as text, JSON or bytes, for `read`, `subscribe` and `log dump`.

import { printable } from './plain-text.ts'
import { timeText } from './values.ts'

export const messageFormats = ['text', 'json', 'raw', 'bytes'] as const

/**
 * `text` one line for people; `json` one document per line; `raw` the data and a line end; `bytes` the data
 * and nothing else.
 */
export type MessageFormat = (typeof messageFormats)[number]

export interface ShownMessage {
  readonly stream?: string
  readonly partition?: number
  readonly offset: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
  /** 1-based; only of a delivery. */
  readonly attempt?: number
  readonly key: Uint8Array | null
  /** Null for a tombstone. */
  readonly data: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lineEnd = new Uint8Array([0x0a])
const nothing = new Uint8Array(0)

export function messageBytes(message: ShownMessage, format: MessageFormat): Uint8Array {
  switch (format) {
    case 'text':
      return Buffer.from(`${messageLine(message)}\n`)
    case 'json':
      return Buffer.from(`${JSON.stringify(messageDocument(message))}\n`)
    case 'raw':
      return Buffer.concat([message.data ?? nothing, lineEnd])
    case 'bytes':
      return message.data ?? nothing
  }
}

/**
 * `subject` and `data` are text where the bytes are UTF-8; where they are not, `subjectBase64` and
 * `dataBase64` have them, and the text is absent.
 */
export function messageDocument(message: ShownMessage): Record<string, unknown> {
  const { stream, partition, offset, timestamp, attempt, key, data, headers } = message
  return {
    ...(stream !== undefined && { stream }),
    ...(partition !== undefined && { partition }),
    offset,
    time: timeText(timestamp),
    ...(attempt !== undefined && { attempt }),
    ...textOrBase64('subject', key),
    headers,
    ...textOrBase64('data', data),
  }
}

function messageLine({ partition, offset, timestamp, attempt, key, data, headers }: ShownMessage): string {
  const place = partition === undefined ? `${offset}` : `${partition}:${offset}`
  const parts = [place, timeText(timestamp), key === null ? '(no subject)' : shownBytes(key)]
  if (attempt !== undefined && attempt > 1) parts.push(`(attempt ${attempt})`)
  const pairs = Object.entries(headers).map(([name, value]) => printable(`${name}=${value}`))
  if (pairs.length > 0) parts.push(`{${pairs.join(', ')}}`)
  parts.push(data === null ? '(tombstone)' : shownBytes(data))
  return parts.join(' ').trimEnd()
}

function shownBytes(bytes: Uint8Array): string {
  const text = textOf(bytes)
  return text === undefined ? `base64:${base64Of(bytes)}` : printable(text)
}

function textOrBase64(name: string, bytes: Uint8Array | null): Record<string, string | null> {
  if (bytes === null) return { [name]: null }
  const text = textOf(bytes)
  return text === undefined ? { [`${name}Base64`]: base64Of(bytes) } : { [name]: text }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

function base64Of({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}
