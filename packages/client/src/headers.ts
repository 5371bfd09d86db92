// The headers of a record, read from its bytes when somebody asks.
//
// headerCount varint · { nameSize varint name · valueSize varint (-1: null) value }*

import { BrokerError } from '@sluice/protocol/errors/broker-error'

/** As text; a null reads as an empty string, and a name that occurs twice has its last value. */
export function readHeaders(bytes: Buffer, start: number, end: number): Record<string, string> {
  const headers: Record<string, string> = {}
  const walk = new HeaderWalk(bytes, start, end)
  while (walk.next()) {
    const value = walk.valueEnd < 0 ? '' : bytes.toString('utf8', walk.valueStart, walk.valueEnd)
    setOwn(headers, walk.name(), value)
  }
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
  const walk = new HeaderWalk(bytes, start, end)
  while (walk.next()) {
    if (walk.name() !== wanted) continue
    found = walk.valueEnd < 0 ? null : bytes.subarray(walk.valueStart, walk.valueEnd)
  }
  return found
}

/** Steps from header to header; throws where they do not fit their bytes. */
class HeaderWalk {
  valueStart = 0
  /** -1: null. */
  valueEnd = -1
  readonly #bytes: Buffer
  readonly #end: number
  #at: number
  #left: number
  #nameStart = 0
  #nameEnd = 0

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes
    this.#end = end
    this.#at = start
    this.#left = this.#varint()
  }

  next(): boolean {
    if (this.#left <= 0) {
      if (this.#at !== this.#end) throw damaged()
      return false
    }
    this.#left--
    this.#nameEnd = this.#skip(this.#varint())
    this.#nameStart = this.valueStart
    const valueSize = this.#varint()
    this.valueEnd = valueSize < 0 ? -1 : this.#skip(valueSize)
    return true
  }

  name(): string {
    return this.#bytes.toString('utf8', this.#nameStart, this.#nameEnd)
  }

  /** Steps over a field, leaving its start in `valueStart`; returns its end. */
  #skip(size: number): number {
    this.valueStart = this.#at
    if (size < 0 || size > this.#end - this.#at) throw damaged()
    this.#at += size
    return this.#at
  }

  /** Zig-zag; sizes of more than four bytes do not fit any message. */
  #varint(): number {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      if (this.#at >= this.#end) throw damaged()
      const byte = this.#bytes[this.#at++]!
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
    throw damaged()
  }
}

function damaged(): BrokerError {
  return new BrokerError('invalid-batch', 'The headers of the record do not fit it')
}

/** Why: a header may be called `__proto__`, and assigning that would be no property. */
function setOwn(headers: Record<string, string>, name: string, value: string): void {
  if (name !== '__proto__') headers[name] = value
  else Object.defineProperty(headers, name, { value, enumerable: true, writable: true, configurable: true })
}
