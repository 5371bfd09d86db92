// The headers of a record, read from its bytes when somebody asks.
//
// headerCount varint · { nameSize varint name · valueSize varint (-1: null) value }*

import { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { BrokerError } from '@sluice/protocol/errors/broker-error'

/** As text; a null reads as an empty string, and a name that occurs twice has its last value. */
export function readHeaders(bytes: Buffer, start: number, end: number): Record<string, string> {
  const headers: Record<string, string> = {}
  // Why: nearly all messages have none, and a reader is not free.
  if (end - start === 1 && bytes[start] === 0) return headers
  eachHeader(new ByteReader(bytes, start, end), (name, valueStart, valueEnd) => {
    const value = valueEnd < 0 ? '' : bytes.toString('utf8', valueStart, valueEnd)
    setOwn(headers, name, value)
  })
  return headers
}

/** The exact bytes of a header, null where it has no value, undefined where there is none. */
export function findHeader(
  bytes: Buffer,
  start: number,
  end: number,
  wanted: string,
): Buffer | null | undefined {
  let found: Buffer | null | undefined
  eachHeader(new ByteReader(bytes, start, end), (name, valueStart, valueEnd) => {
    if (name === wanted) found = valueEnd < 0 ? null : bytes.subarray(valueStart, valueEnd)
  })
  return found
}

function eachHeader(
  reader: ByteReader,
  visit: (name: string, valueStart: number, valueEnd: number) => void,
): void {
  const bytes = reader.bytes as Buffer
  try {
    for (let left = reader.varint(); left > 0; left--) {
      const nameSize = reader.varint()
      const nameStart = reader.position
      reader.raw(nameSize)
      const name = bytes.toString('utf8', nameStart, reader.position)
      const valueSize = reader.varint()
      const valueStart = reader.position
      if (valueSize >= 0) reader.raw(valueSize)
      visit(name, valueStart, valueSize < 0 ? -1 : reader.position)
    }
    reader.finish()
  } catch (cause) {
    throw new BrokerError('invalid-batch', 'The headers of the record cannot be read', { cause })
  }
}

/** Why: a header may be called `__proto__`, and assigning that would be no property. */
function setOwn(headers: Record<string, string>, name: string, value: string): void {
  if (name !== '__proto__') headers[name] = value
  else Object.defineProperty(headers, name, { value, enumerable: true, writable: true, configurable: true })
}
