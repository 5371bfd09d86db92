// Reads the fields of Kafka's messages from bytes that may be hostile. What it costs is bounded by the bytes
// that are there, never by what they claim: a count or length is compared with what is left before anything
// is made. Encodings: the public protocol guide, "Protocol Primitive Types"; KIP-482 for the compact ones.

import { BrokerError } from '../errors/broker-error.ts'
import { ByteReader } from '../bytes/byte-reader.ts'

/** Elements of all arrays of one message, and tagged fields of one message. */
const elementsMax = 1_000_000
const taggedFieldsMax = 10_000
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export class KafkaReader extends ByteReader {
  #elementsLeft = elementsMax
  #taggedLeft = taggedFieldsMax

  bool(): boolean {
    return this.u8() !== 0
  }

  i8(): number {
    return (this.u8() << 24) >> 24
  }

  i16(): number {
    return (this.u16() << 16) >> 16
  }

  i32(): number {
    return this.u32() | 0
  }

  /** An unsigned varint of at most 32 bits. */
  uvarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) {
        if (value > 0xffff_ffff) break
        return value
      }
    }
    throw malformed('a varint beyond 2^32')
  }

  /** 32 hexadecimal digits. */
  uuid(): string {
    const bytes = this.raw(16)
    let text = ''
    for (let index = 0; index < 16; index++) text += hexOf[bytes[index]!]
    return text
  }

  string(isCompact: boolean): string {
    const text = this.nullableString(isCompact)
    if (text === null) throw malformed('a text is null that cannot be')
    return text
  }

  nullableString(isCompact: boolean): string | null {
    const size = isCompact ? this.uvarint() - 1 : this.i16()
    if (size === -1) return null
    if (size < 0 || size > 0x7fff) throw malformed(`a text of ${size} bytes`)
    try {
      return decoder.decode(this.raw(size))
    } catch (cause) {
      if (cause instanceof BrokerError) throw cause
      throw new BrokerError('invalid-request', 'A text is not valid UTF-8', { cause })
    }
  }

  /** Borrowed from the buffer that is read. */
  byteString(isCompact: boolean): Uint8Array {
    const bytes = this.nullableByteString(isCompact)
    if (bytes === null) throw malformed('bytes are null that cannot be')
    return bytes
  }

  nullableByteString(isCompact: boolean): Uint8Array | null {
    const size = isCompact ? this.uvarint() - 1 : this.i32()
    return size === -1 ? null : this.raw(size)
  }

  /** Elements of an array that follows; -1 for null. Each takes a byte at least. */
  count(isCompact: boolean): number {
    const count = isCompact ? this.uvarint() - 1 : this.i32()
    if (count < -1 || count > this.remaining || count > this.#elementsLeft)
      throw malformed(`an array of ${count} elements`)
    this.#elementsLeft -= Math.max(0, count)
    return count
  }

  countOfSome(isCompact: boolean): number {
    const count = this.count(isCompact)
    if (count < 0) throw malformed('an array is null that cannot be')
    return count
  }

  /** Whether a struct that may be null is there. */
  isPresent(): boolean {
    return this.i8() >= 0
  }

  int32s(isCompact: boolean): number[] {
    const values: number[] = []
    for (let left = this.countOfSome(isCompact); left > 0; left--) values.push(this.i32())
    return values
  }

  nullableInt32s(isCompact: boolean): number[] | null {
    const count = this.count(isCompact)
    if (count < 0) return null
    const values: number[] = []
    for (let left = count; left > 0; left--) values.push(this.i32())
    return values
  }

  strings(isCompact: boolean): string[] {
    const values: string[] = []
    for (let left = this.countOfSome(isCompact); left > 0; left--) values.push(this.string(isCompact))
    return values
  }

  nullableStrings(isCompact: boolean): string[] | null {
    const count = this.count(isCompact)
    if (count < 0) return null
    const values: string[] = []
    for (let left = count; left > 0; left--) values.push(this.string(isCompact))
    return values
  }

  /** Tagged fields that follow; each is `tag uvarint · size uvarint · bytes`. */
  taggedCount(): number {
    const count = this.uvarint()
    if (count > this.remaining || count > this.#taggedLeft) throw malformed(`${count} tagged fields`)
    this.#taggedLeft -= count
    return count
  }

  /** Refuses a tagged field that did not end where its size says. */
  endTagged(end: number): void {
    if (this.position !== end) throw malformed('a tagged field of another size than it says')
  }

  /** Where the tagged field ends that begins with its size here. */
  taggedEnd(): number {
    const size = this.uvarint()
    if (size > this.remaining) throw malformed('it ends in the middle of a tagged field')
    return this.position + size
  }

  /** Passes over all tagged fields, none of which is known. */
  skipTagged(): void {
    for (let left = this.taggedCount(); left > 0; left--) {
      this.uvarint()
      this.position = this.taggedEnd()
    }
  }
}

const hexOf = Array.from({ length: 256 }, (_unused, byte) => byte.toString(16).padStart(2, '0'))

function malformed(what: string): BrokerError {
  return new BrokerError('invalid-request', `The message cannot be read: ${what}`)
}
