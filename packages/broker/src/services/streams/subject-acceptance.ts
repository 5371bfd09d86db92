// Decides whether a stream takes a subject, on the bytes of the key: no string and no lookup per record.

import { parsePattern } from '@sluice/protocol/subject/pattern'

const dot = 0x2e
const encoder = new TextEncoder()

interface BytePattern {
  /** A wildcard or capture is null. */
  readonly tokens: readonly (Uint8Array | null)[]
  /** Ends with `>`: one token or more may follow. */
  readonly endsOpen: boolean
}

export class SubjectAcceptance {
  /** Every valid subject is taken; `accepts` need not be asked. */
  readonly isOpen: boolean
  readonly #patterns: readonly BytePattern[]

  constructor(subjects: readonly string[]) {
    const patterns = subjects.map(parsePattern)
    this.isOpen = patterns.some(({ matchesAll }) => matchesAll)
    this.#patterns = patterns.map(({ tokens, endsOpen }) => ({
      tokens: tokens.map((token) => (token === null ? null : encoder.encode(token))),
      endsOpen,
    }))
  }

  /** `bytes[start, end)` must be a valid subject. */
  accepts(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.isOpen) return true
    for (const pattern of this.#patterns) {
      if (matches(pattern, bytes, start, end)) return true
    }
    return false
  }
}

function matches(pattern: BytePattern, bytes: Uint8Array, start: number, end: number): boolean {
  const { tokens, endsOpen } = pattern
  let at = start
  for (let index = 0; index < tokens.length; index++) {
    if (at > end) return false
    const tokenEnd = endOfToken(bytes, at, end)
    const token = tokens[index]!
    if (token !== null && !isSame(token, bytes, at, tokenEnd)) return false
    at = tokenEnd + 1
  }
  return endsOpen ? at < end : at === end + 1
}

function endOfToken(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at] !== dot) at++
  return at
}

function isSame(token: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (token.length !== end - start) return false
  for (let at = 0; at < token.length; at++) {
    if (token[at] !== bytes[start + at]) return false
  }
  return true
}
