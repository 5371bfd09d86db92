// The key under which a live limit is kept in its bucket: a subject in which `{name}` stands for what the
// rule captured. Pure.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { parsePattern } from '@sluice/protocol/subject/pattern'
import type { Pattern } from '@sluice/protocol/subject/pattern'

export class LimitKey {
  /** What matches every key that this one may become. */
  readonly pattern: Pattern
  /** Literal tokens, and the indexes of captures in the rule's own order. */
  readonly #parts: readonly (string | number)[]

  /** Throws `invalid-rule` for what is no key, or names what the rule does not capture. */
  constructor(text: string, captureNames: readonly string[]) {
    this.pattern = parseKey(text)
    const named = new Map(this.pattern.captures.map(({ name, index }) => [index, name]))
    this.#parts = this.pattern.tokens.map((token, index) => {
      if (token !== null) return token
      const name = named.get(index)
      const capture = name === undefined ? -1 : captureNames.indexOf(name)
      if (capture >= 0) return capture
      throw invalid(text, name === undefined ? "'*' says nothing" : `the rule does not capture {${name}}`)
    })
  }

  /** `captured` in the rule's own order. */
  keyOf(captured: readonly string[]): string {
    return this.#parts.map((part) => (typeof part === 'number' ? captured[part]! : part)).join('.')
  }
}

function parseKey(text: string): Pattern {
  let pattern: Pattern
  try {
    pattern = parsePattern(text)
  } catch (cause) {
    throw invalid(text, BrokerError.textOf(cause), cause)
  }
  if (pattern.endsOpen) throw invalid(text, "'>' says nothing")
  return pattern
}

function invalid(text: string, why: string, cause?: unknown): BrokerError {
  return new BrokerError('invalid-rule', `'${text}' is no key of a limit: ${why}`, { cause })
}
