// Decides whether a stream takes a subject, on the bytes of the key: no string and no lookup per record.

import { BytePattern } from '@sluice/protocol/subject/byte-pattern'

export class SubjectAcceptance {
  /** Every valid subject is taken; `accepts` need not be asked. */
  readonly isOpen: boolean
  readonly #patterns: readonly BytePattern[]

  constructor(subjects: readonly string[]) {
    this.#patterns = subjects.map((text) => new BytePattern(text))
    this.isOpen = this.#patterns.some(({ pattern }) => pattern.matchesAll)
  }

  /** `bytes[start, end)` must be a valid subject. */
  accepts(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.isOpen) return true
    for (const pattern of this.#patterns) {
      if (pattern.matches(bytes, start, end)) return true
    }
    return false
  }
}
