// Writes the fields of Kafka's messages. Record batches are not copied: they are remembered with the place at
// which they belong, and `takeParts` gives the message as the pieces that are to be sent one after the other.

import { ByteWriter } from '../bytes/byte-writer.ts'

const encoder = new TextEncoder()
const nullRecords: readonly Uint8Array[] = []

/** Whole record batches, in one piece or several. */
export type RecordSlices = Uint8Array | readonly Uint8Array[]

interface Insertion {
  readonly at: number
  readonly slices: readonly Uint8Array[]
}

export class KafkaWriter extends ByteWriter {
  #insertions: Insertion[] = []
  #insertedBytes = 0

  /** Bytes so far, record batches included. */
  get size(): number {
    return this.position + this.#insertedBytes
  }

  bool(value: boolean): void {
    this.u8(value ? 1 : 0)
  }

  i8(value: number): void {
    this.u8(value & 0xff)
  }

  i16(value: number): void {
    this.u16(value & 0xffff)
  }

  i32(value: number): void {
    this.u32(value >>> 0)
  }

  uvarint(value: number): void {
    let rest = value
    while (rest > 0x7f) {
      this.u8((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.u8(rest)
  }

  /** 32 hexadecimal digits. */
  uuid(text: string): void {
    for (let at = 0; at < 32; at += 2) this.u8(Number.parseInt(text.slice(at, at + 2), 16))
  }

  string(text: string, isCompact: boolean): void {
    const bytes = encoder.encode(text)
    if (isCompact) this.uvarint(bytes.length + 1)
    else this.u16(bytes.length)
    this.raw(bytes)
  }

  nullableString(text: string | null, isCompact: boolean): void {
    if (text !== null) this.string(text, isCompact)
    else if (isCompact) this.u8(0)
    else this.i16(-1)
  }

  byteString(bytes: Uint8Array, isCompact: boolean): void {
    this.#length(bytes.length, isCompact)
    this.raw(bytes)
  }

  nullableByteString(bytes: Uint8Array | null, isCompact: boolean): void {
    if (bytes === null) this.#length(-1, isCompact)
    else this.byteString(bytes, isCompact)
  }

  /** Borrows the slices until the message has been sent. */
  records(slices: RecordSlices | null, isCompact: boolean): void {
    const list = slices === null ? nullRecords : slices instanceof Uint8Array ? [slices] : slices
    let size = 0
    for (const slice of list) size += slice.length
    this.#length(slices === null ? -1 : size, isCompact)
    if (size === 0) return
    this.#insertions.push({ at: this.position, slices: list })
    this.#insertedBytes += size
  }

  count(count: number, isCompact: boolean): void {
    this.#length(count, isCompact)
  }

  int32s(values: readonly number[] | null, isCompact: boolean): void {
    this.#length(values === null ? -1 : values.length, isCompact)
    if (values !== null) for (const value of values) this.i32(value)
  }

  strings(values: readonly string[] | null, isCompact: boolean): void {
    this.#length(values === null ? -1 : values.length, isCompact)
    if (values !== null) for (const value of values) this.string(value, isCompact)
  }

  /** A tagged field whose bytes were written elsewhere, since its size goes before it. */
  tagged(tag: number, bytes: Uint8Array): void {
    this.uvarint(tag)
    this.uvarint(bytes.length)
    this.raw(bytes)
  }

  /** Hands over the message as what is to be sent, in order. */
  takeParts(): Uint8Array[] {
    const insertions = this.#insertions
    this.#insertions = []
    this.#insertedBytes = 0
    const bytes = this.take()
    const parts: Uint8Array[] = []
    let from = 0
    for (const { at, slices } of insertions) {
      if (at > from) parts.push(bytes.subarray(from, at))
      parts.push(...slices)
      from = at
    }
    if (from < bytes.length) parts.push(bytes.subarray(from))
    return parts
  }

  /**
   * The same without handing anything over: what it wrote itself is borrowed for the call, and the writer
   * begins anew.
   */
  giveParts(take: (bytes: Uint8Array, start: number, end: number) => void): void {
    const { bytes, position } = this
    let from = 0
    for (const { at, slices } of this.#insertions) {
      if (at > from) take(bytes, from, at)
      for (const slice of slices) take(slice, 0, slice.length)
      from = at
    }
    if (from < position) take(bytes, from, position)
    this.clear()
  }

  /** Forgets what was written. */
  clear(): void {
    this.position = 0
    if (this.#insertions.length > 0) this.#insertions = []
    this.#insertedBytes = 0
  }

  #length(length: number, isCompact: boolean): void {
    if (isCompact) this.uvarint(length + 1)
    else this.i32(length)
  }
}
