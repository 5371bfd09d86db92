// SipHash-2-4 with 128 bits of output, of parts of byte arrays, without making objects: so many bits stand
// for a whole key. Keyed, so that nobody can look for two keys that collide. 64 bit words are halves of 32
// bits, low before high:
//
//   #words: v0 low, v0 high, v1 low, v1 high, v2 low, v2 high, v3 low, v3 high
//
// Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", with the reference's 128 bit variant.

const longOutputMark = 0xee
const secondHalfMark = 0xdd

export class KeyHash {
  /** The hash, from its first bytes on. */
  a = 0
  b = 0
  c = 0
  d = 0
  readonly #words = new Int32Array(8)
  readonly #start: Int32Array

  /** Four words of 32 bits. */
  constructor(key: readonly [number, number, number, number]) {
    const [k0, k1, k2, k3] = key
    this.#start = Int32Array.of(
      k0 ^ 0x70736575,
      k1 ^ 0x736f6d65,
      k2 ^ 0x6e646f6d ^ longOutputMark,
      k3 ^ 0x646f7261,
      k0 ^ 0x6e657261,
      k1 ^ 0x6c796765,
      k2 ^ 0x79746573,
      k3 ^ 0x74656462,
    )
  }

  /** Of `[start, end)`. */
  compute(bytes: Uint8Array, start: number, end: number): void {
    const words = this.#words
    words.set(this.#start)
    const whole = end - ((end - start) & 7)
    for (let at = start; at < whole; at += 8) this.#block(i32(bytes, at), i32(bytes, at + 4))
    const high = partOf(bytes, whole + 4, end) | ((end - start) << 24)
    this.#block(partOf(bytes, whole, end), high)
    words[4]! ^= longOutputMark
    rounds(words, 4)
    this.a = fold(words, 0)
    this.b = fold(words, 1)
    words[2]! ^= secondHalfMark
    rounds(words, 4)
    this.c = fold(words, 0)
    this.d = fold(words, 1)
  }

  #block(low: number, high: number): void {
    const words = this.#words
    words[6]! ^= low
    words[7]! ^= high
    rounds(words, 2)
    words[0]! ^= low
    words[1]! ^= high
  }
}

function i32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

/** Up to four bytes; those at `end` and beyond count as zero. */
function partOf(bytes: Uint8Array, at: number, end: number): number {
  let word = 0
  for (let index = at; index < end && index < at + 4; index++) word |= bytes[index]! << ((index - at) * 8)
  return word
}

function fold(words: Int32Array, half: number): number {
  return (words[half]! ^ words[half + 2]! ^ words[half + 4]! ^ words[half + 6]!) >>> 0
}

function rounds(words: Int32Array, count: number): void {
  for (let round = 0; round < count; round++) {
    add(words, 0, 2)
    rotate(words, 2, 13)
    mix(words, 2, 0)
    swap(words, 0)
    add(words, 4, 6)
    rotate(words, 6, 16)
    mix(words, 6, 4)
    add(words, 0, 6)
    rotate(words, 6, 21)
    mix(words, 6, 0)
    add(words, 4, 2)
    rotate(words, 2, 17)
    mix(words, 2, 4)
    swap(words, 4)
  }
}

function add(words: Int32Array, to: number, what: number): void {
  const low = (words[to]! + words[what]!) | 0
  const carry = low >>> 0 < words[to]! >>> 0 ? 1 : 0
  words[to] = low
  words[to + 1] = words[to + 1]! + words[what + 1]! + carry
}

function rotate(words: Int32Array, at: number, bits: number): void {
  const low = words[at]!
  const high = words[at + 1]!
  words[at] = (low << bits) | (high >>> (32 - bits))
  words[at + 1] = (high << bits) | (low >>> (32 - bits))
}

function mix(words: Int32Array, to: number, what: number): void {
  words[to]! ^= words[what]!
  words[to + 1]! ^= words[what + 1]!
}

function swap(words: Int32Array, at: number): void {
  const low = words[at]!
  words[at] = words[at + 1]!
  words[at + 1] = low
}
