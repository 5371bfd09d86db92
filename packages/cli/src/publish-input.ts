// What `sluice publish` is to publish, in groups that travel together. Holds one group at a time.

import { open } from 'node:fs/promises'
import type { NewMessage } from '@sluice/client'
import { UsageError } from './failure.ts'
import type { InputStream } from './surroundings.ts'

export interface MessageTemplate {
  /** `{n}` is the number of the message where there are many. */
  readonly subject: string
  readonly headers: Readonly<Record<string, string>>
}

export type MessageGroups = Iterable<NewMessage[]> | AsyncIterable<NewMessage[]>

const groupMessagesMax = 1_000
const groupBytesMax = 512 * 1024
/** Larger than any message that a broker takes: beyond it the input is no lines of messages. */
const inputBytesMax = 64 * 1024 * 1024
const lineFeed = 0x0a
const carriageReturn = 0x0d

/** The file, or standard input where none is named. */
export async function openInput(path: string | undefined, stdin: InputStream): Promise<InputStream> {
  if (path === undefined) return stdin
  try {
    const file = await open(path)
    return file.createReadStream()
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`)
  }
}

export async function readWhole(input: InputStream): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk as Uint8Array)
    chunks.push(bytes)
    sizeBytes += bytes.length
    if (sizeBytes > inputBytesMax) throw new UsageError(`The data has more than ${inputBytesMax} bytes`)
  }
  return Buffer.concat(chunks)
}

/** One message, or `count` of them; a text has its `{n}` replaced. */
export function* repeatedMessages(
  { subject, headers }: MessageTemplate,
  data: string | Uint8Array | null,
  count: number | undefined,
): Generator<NewMessage[], void, void> {
  if (count === undefined) {
    yield [{ subject, data, headers }]
    return
  }
  const dataBytes = typeof data === 'string' ? Buffer.byteLength(data) : (data?.length ?? 0)
  const groupCount = Math.max(1, Math.min(groupMessagesMax, Math.floor(groupBytesMax / (dataBytes + 1))))
  for (let next = 1; next <= count; next += groupCount) {
    const group: NewMessage[] = []
    for (let n = next; n < next + groupCount && n <= count; n++) {
      group.push({
        subject: numbered(subject, n),
        data: typeof data === 'string' ? numbered(data, n) : data,
        headers,
      })
    }
    yield group
  }
}

/** Each line, without its end. What has arrived travels at once: a slow pipe is published as it comes. */
export async function* lineMessages(
  { subject, headers }: MessageTemplate,
  input: InputStream,
): AsyncGenerator<NewMessage[], void, void> {
  let n = 0
  const messageOf = (line: Uint8Array): NewMessage => ({
    subject: numbered(subject, ++n),
    data: line,
    headers,
  })
  for await (const lines of linesOf(input)) {
    for (let at = 0; at < lines.length; at += groupMessagesMax) {
      yield lines.slice(at, at + groupMessagesMax).map(messageOf)
    }
  }
}

/** Whole lines, those of each chunk together; the last one need not end. */
async function* linesOf(input: InputStream): AsyncGenerator<Buffer[], void, void> {
  /** The beginning of a line: its pieces, joined once, when its end is there. */
  let pieces: Buffer[] = []
  let pieceBytes = 0
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk as Uint8Array)
    const lines: Buffer[] = []
    let start = 0
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, start)) {
      lines.push(withoutReturn(Buffer.concat([...pieces, bytes.subarray(start, end)])))
      pieces = []
      pieceBytes = 0
      start = end + 1
    }
    if (start < bytes.length) pieces.push(bytes.subarray(start))
    pieceBytes += bytes.length - start
    if (pieceBytes > inputBytesMax) throw new UsageError(`A line has more than ${inputBytesMax} bytes`)
    if (lines.length > 0) yield lines
  }
  if (pieceBytes > 0) yield [Buffer.concat(pieces)]
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === carriageReturn ? line.subarray(0, -1) : line
}

function numbered(text: string, n: number): string {
  return text.replaceAll('{n}', String(n))
}
