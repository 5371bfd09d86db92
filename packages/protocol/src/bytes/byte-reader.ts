// Reads what `ByteWriter` writes, from bytes that may be hostile: every read is checked against the end.

import { BrokerError } from '../errors/broker-error.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export class ByteReader {
  readonly bytes: Uint8Array
  position: number
  readonly end: number
  #view: DataView

  constructor(bytes: Uint8Array, position = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.position = position
    this.end = end
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get remaining(): number {
    return this.end - this.position
  }

  u8(): number {
    return this.bytes[this.#advance(1)]!
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2))
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4))
  }

  /** A 64-bit integer that must be a safe one. */
  i64(): number {
    const at = this.#advance(8)
    const value = this.#view.getInt32(at) * 0x1_0000_0000 + this.#view.getUint32(at + 4)
    if (!Number.isSafeInteger(value)) throw malformed('an integer beyond 2^53')
    return value
  }

  /** A zig-zag varint that must be a safe integer. */
  varint(): number {
    let value = 0
    let scale = 1
    for (let count = 0; count < 8; count++) {
      const byte = this.u8()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break
        const half = Math.floor(value / 2)
        return value % 2 === 0 ? half : -half - 1
      }
      scale *= 0x80
    }
    throw malformed('a varint beyond 2^52')
  }

  /** A view of the next `size` bytes, borrowed from the buffer that is read. */
  raw(size: number): Uint8Array {
    const at = this.#advance(size)
    return this.bytes.subarray(at, at + size)
  }

  string16(): string {
    return decodeText(this.raw(this.u16()))
  }

  string32(): string {
    return decodeText(this.raw(this.u32()))
  }

  /** Refuses bytes after the last field: a peer that sends them means something we do not know. */
  finish(): void {
    if (this.position !== this.end) throw malformed(`${this.remaining} bytes too many`)
  }

  #advance(size: number): number {
    const at = this.position
    if (size < 0 || size > this.end - at) throw malformed('it ends in the middle of a field')
    this.position = at + size
    return at
  }
}

function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new BrokerError('invalid-request', 'A text is not valid UTF-8', { cause })
  }
}

function malformed(what: string): BrokerError {
  return new BrokerError('invalid-request', `The message cannot be read: ${what}`)
}
