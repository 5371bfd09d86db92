// Patterns over subjects: `*` is exactly one token, `{name}` is one token that is captured, `>` is one or
// more tokens and stands last. `>` alone also matches opaque records.

import { BrokerError } from '../errors/broker-error.ts'
import { subjectBytesMax } from './subject.ts'

export interface Pattern {
  readonly text: string
  /** Without a final `>`. A wildcard or capture is null. */
  readonly tokens: readonly (string | null)[]
  readonly endsOpen: boolean
  /** Neither wildcard nor capture: it matches one subject, itself. */
  readonly isLiteral: boolean
  /** `>` alone. */
  readonly matchesAll: boolean
  /** Names of captured tokens by their index; empty where there are none. */
  readonly captures: readonly { readonly name: string; readonly index: number }[]
}

const literalToken = /^[^\s.*>{}]+$/u
const captureToken = /^\{[A-Za-z_][A-Za-z0-9_]*\}$/

/** Throws `invalid-pattern`, naming the token that is wrong. */
export function parsePattern(text: string): Pattern {
  if (typeof text !== 'string' || text.length === 0) throw invalid(String(text), 'it is empty')
  if (text.length > subjectBytesMax) throw invalid(text, `it has more than ${subjectBytesMax} characters`)
  const parts = text.split('.')
  const endsOpen = parts.at(-1) === '>'
  if (endsOpen) parts.pop()
  const captures: { name: string; index: number }[] = []
  const tokens = parts.map((part, index) => {
    if (part === '*') return null
    if (captureToken.test(part)) {
      captures.push({ name: part.slice(1, -1), index })
      return null
    }
    if (!literalToken.test(part)) throw invalid(text, `token ${index + 1} is '${part}'`)
    return part
  })
  if (new Set(captures.map(({ name }) => name)).size < captures.length)
    throw invalid(text, 'a name is captured twice')
  const isLiteral = !endsOpen && !tokens.includes(null)
  return { text, tokens, endsOpen, isLiteral, matchesAll: endsOpen && tokens.length === 0, captures }
}

/** Whether a subject, split at its dots, matches. Only `>` alone matches an opaque record (null). */
export function matchesTokens(pattern: Pattern, subjectTokens: readonly string[] | null): boolean {
  if (subjectTokens === null) return pattern.matchesAll
  const { tokens, endsOpen } = pattern
  if (endsOpen ? subjectTokens.length <= tokens.length : subjectTokens.length !== tokens.length) return false
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]
    if (token !== null && token !== subjectTokens[index]) return false
  }
  return true
}

function invalid(text: string, why: string): BrokerError {
  return new BrokerError('invalid-pattern', `'${text}' is no pattern: ${why}`)
}
