// Appends integers, strings and bytes to one growing buffer; the one way in which Sluice makes frames.
// Big endian, as the record batch. A writer is reused: `take` hands the bytes over and starts afresh.

const encoder = new TextEncoder()
/** What a writer has between `take` and the next byte. */
const nothing = new Uint8Array(0)
const viewOfNothing = new DataView(nothing.buffer)
/** A buffer that was handed over tells how large the next one is likely to be, within these. */
const usualBytesMin = 256
const usualBytesMax = 1 << 16
/** Up to here a loop is quicker than the encoder. */
const shortTextMax = 96

export class ByteWriter {
  bytes: Uint8Array
  /** Where the next byte goes. */
  position = 0
  #view: DataView
  #usualBytes = usualBytesMin

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity)
    this.#view = new DataView(this.bytes.buffer)
  }

  /** Makes room for `count` more bytes without moving the position. */
  ensure(count: number): void {
    const needed = this.position + count
    if (needed <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2, this.#usualBytes))
    grown.set(this.bytes.subarray(0, this.position))
    this.bytes = grown
    this.#view = new DataView(grown.buffer)
  }

  u8(value: number): void {
    this.ensure(1)
    this.bytes[this.position++] = value
  }

  u16(value: number): void {
    this.ensure(2)
    this.#view.setUint16(this.position, value)
    this.position += 2
  }

  u32(value: number): void {
    this.ensure(4)
    this.#view.setUint32(this.position, value)
    this.position += 4
  }

  /** A safe integer, which may be negative, as 64 bits in two's complement. */
  i64(value: number): void {
    this.ensure(8)
    this.#view.setInt32(this.position, Math.floor(value / 0x1_0000_0000))
    this.#view.setUint32(this.position + 4, value >>> 0)
    this.position += 8
  }

  /** Zig-zag varint of a safe integer. */
  varint(value: number): void {
    this.ensure(10)
    if (value >= -0x4000_0000 && value < 0x4000_0000) return this.#smallVarint((value << 1) ^ (value >> 31))
    let rest = value >= 0 ? value * 2 : -value * 2 - 1
    while (rest > 0x7f) {
      this.bytes[this.position++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.bytes[this.position++] = rest
  }

  #smallVarint(zigzag: number): void {
    let rest = zigzag >>> 0
    while (rest > 0x7f) {
      this.bytes[this.position++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.bytes[this.position++] = rest
  }

  raw(source: Uint8Array): void {
    this.ensure(source.length)
    this.bytes.set(source, this.position)
    this.position += source.length
  }

  /** Bytes `[start, end)` of a larger buffer, without a view of them. */
  slice(source: Uint8Array, start: number, end: number): void {
    const size = end - start
    this.ensure(size)
    if (size > 48) this.bytes.set(source.subarray(start, end), this.position)
    else for (let at = 0; at < size; at++) this.bytes[this.position + at] = source[start + at]!
    this.position += size
  }

  /** UTF-8 with its size as u16 in front; at most 65 535 bytes. */
  string16(text: string): void {
    this.ensure(2 + text.length * 3)
    const { written } = encoder.encodeInto(text, this.bytes.subarray(this.position + 2))
    if (written > 0xffff) throw new RangeError('a string of more than 65535 bytes')
    this.#view.setUint16(this.position, written)
    this.position += 2 + written
  }

  /** UTF-8 with its size as a varint in front: text in a record. */
  varintString(text: string): void {
    if (this.#shortAscii(text)) return
    const bytes = encoder.encode(text)
    this.varint(bytes.length)
    this.slice(bytes, 0, bytes.length)
  }

  /** False, with nothing written, when the text is long or not ASCII. */
  #shortAscii(text: string): boolean {
    const size = text.length
    if (size > shortTextMax) return false
    const before = this.position
    this.varint(size)
    this.ensure(size)
    for (let at = 0; at < size; at++) {
      const code = text.charCodeAt(at)
      if (code > 0x7f) {
        this.position = before
        return false
      }
      this.bytes[this.position++] = code
    }
    return true
  }

  /** UTF-8 with its size as u32 in front. */
  string32(text: string): void {
    this.ensure(4 + text.length * 3)
    const { written } = encoder.encodeInto(text, this.bytes.subarray(this.position + 4))
    this.#view.setUint32(this.position, written)
    this.position += 4 + written
  }

  /** Overwrites a u32 written before: lengths and counts that are known only at the end. */
  patchU32(at: number, value: number): void {
    this.#view.setUint32(at, value)
  }

  /**
   * Hands over what was written. The caller owns the bytes; the writer gets a buffer of its own when it is
   * written to again, about as large as this one.
   */
  take(): Uint8Array {
    const { position } = this
    const taken = this.bytes.subarray(0, position)
    // Why an eighth more: a next one that is a little larger must not be grown for it.
    this.#usualBytes = Math.min(Math.max(usualBytesMin, position + (position >> 3)), usualBytesMax)
    this.bytes = nothing
    this.#view = viewOfNothing
    this.position = 0
    return taken
  }
}
