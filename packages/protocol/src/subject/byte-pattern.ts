// A pattern that is matched against the bytes of a subject, without making strings or tokens.

import { parsePattern } from './pattern.ts'
import type { Pattern } from './pattern.ts'

const dot = 0x2e
const encoder = new TextEncoder()

export class BytePattern {
  readonly pattern: Pattern
  /** What every match begins with: the tokens before the first wildcard, each but a last one with its dot. */
  readonly #prefix: Uint8Array
  /** The tokens from the first wildcard on; a wildcard or capture is null. */
  readonly #rest: readonly (Uint8Array | null)[]

  /** Throws `invalid-pattern`. */
  constructor(text: string) {
    const pattern = parsePattern(text)
    const { tokens, endsOpen } = pattern
    const firstWild = tokens.indexOf(null)
    const literals = firstWild < 0 ? tokens : tokens.slice(0, firstWild)
    const isMoreToCome = endsOpen || firstWild >= 0
    this.pattern = pattern
    this.#prefix = encoder.encode(
      literals
        .map((token) => `${token}.`)
        .join('')
        .slice(0, isMoreToCome ? undefined : -1),
    )
    this.#rest = tokens.slice(literals.length).map((token) => (token === null ? null : encoder.encode(token)))
  }

  /** Whether the subject `bytes[start, end)` matches. The caller knows that it is a subject. */
  matches(bytes: Uint8Array, start: number, end: number): boolean {
    const prefix = this.#prefix
    if (end - start < prefix.length) return false
    for (let at = 0; at < prefix.length; at++) if (prefix[at] !== bytes[start + at]) return false
    const rest = this.#rest
    let at = start + prefix.length
    for (let index = 0; index < rest.length; index++) {
      if (at > end) return false
      const tokenEnd = endOfToken(bytes, at, end)
      if (rest[index] !== null && !isSameBytes(rest[index]!, bytes, at, tokenEnd)) return false
      at = tokenEnd + 1
    }
    if (this.pattern.endsOpen) return at < end
    return rest.length === 0 ? at === end : at === end + 1
  }
}

/** Whether `bytes[start, end)` are these. */
export function isSameBytes(expected: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (expected.length !== end - start) return false
  for (let at = 0; at < expected.length; at++) if (expected[at] !== bytes[start + at]) return false
  return true
}

function endOfToken(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at] !== dot) at++
  return at
}
