// Rules as the command line writes them: `PATTERN=LIMIT`, words (`PATTERN limit=5 rate=10/s`), or JSON.
// `ruleText` of output/ writes what is read here.

import type { FlowRate, FlowRule, LiveLimit } from '@sluice/protocol/model/consumer'
import { InvalidArgumentError } from 'commander'
import { integer } from './number-options.ts'
import { pattern } from './text-options.ts'

const countMax = 1_000_000
const count = integer(1, countMax)

const form = "Write PATTERN=LIMIT, or 'PATTERN limit=5 total=50 rate=10/s burst=20 weight=2', or JSON"

/** What may stand behind the pattern. */
const words = ['limit', 'total', 'rate', 'burst', 'weight'] as const
type Word = (typeof words)[number]
type Words = ReadonlyMap<Word, string>

export function rule(text: string): FlowRule {
  // Why the quote: a pattern may begin with a capture, `{tenant}.>`.
  return /^\s*\{\s*(?:"|\})/.test(text) ? ruleOfJson(text) : ruleOfWords(text.trim().split(/\s+/))
}

/** What a rule is in the end, the broker decides; here it has the shape of one. */
function ruleOfJson(text: string): FlowRule {
  let value: Partial<FlowRule>
  try {
    value = JSON.parse(text) as Partial<FlowRule>
  } catch (error) {
    throw new InvalidArgumentError(`It is no JSON: ${(error as Error).message}.`)
  }
  const { match, limit } = value
  const isLimit = typeof limit === 'number' || (typeof limit === 'object' && limit !== null)
  if (typeof match !== 'string' || !isLimit)
    throw new InvalidArgumentError('A rule in JSON has "match", a text, and "limit", a number or an object.')
  return { ...value, match: pattern(match), limit }
}

function ruleOfWords([first = '', ...rest]: readonly string[]): FlowRule {
  const said = readWords(rest)
  const limitText = said.get('limit')
  const { match, limit } = limitText === undefined ? shortRule(first) : { match: first, limit: limitText }
  const rate = rateOf(said)
  const [total, weight] = [said.get('total'), said.get('weight')]
  return {
    match: pattern(match),
    limit: liveLimit(limit) ?? named('limit', limit),
    ...(total !== undefined && { total: named('total', total) }),
    ...(rate !== undefined && { rate }),
    ...(weight !== undefined && { weight: named('weight', weight) }),
  }
}

/** `orders.premium.>=30`. A pattern may hold `=`, so the last one separates. */
function shortRule(text: string): { match: string; limit: string } {
  const at = text.lastIndexOf('=')
  if (at < 0) throw new InvalidArgumentError(`There is no limit. ${form}.`)
  return { match: text.slice(0, at), limit: text.slice(at + 1) }
}

/** `BUCKET:KEY:DEFAULT`. A key may hold colons; the name of a stream and a number hold none. */
function liveLimit(text: string): LiveLimit | undefined {
  const match = /^([^:]+):(.+):(\d+)$/.exec(text)
  if (match === null) return undefined
  return { bucket: match[1]!, key: match[2]!, default: named('limit', match[3]!) }
}

function readWords(texts: readonly string[]): Words {
  const said = new Map<Word, string>()
  for (const text of texts) {
    const at = text.indexOf('=')
    const word = words.find((one) => one === text.slice(0, at))
    if (word === undefined)
      throw new InvalidArgumentError(`'${text}' is none of ${words.join(', ')}. ${form}.`)
    if (said.has(word)) throw new InvalidArgumentError(`'${word}' is said twice.`)
    said.set(word, text.slice(at + 1))
  }
  return said
}

const secondsPer: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

/** Without a burst: what a second lets through, and at least one. */
function rateOf(said: Words): FlowRate | undefined {
  const [rate, burst] = [said.get('rate'), said.get('burst')]
  if (rate === undefined) {
    if (burst !== undefined) throw new InvalidArgumentError("'burst' is part of a rate: add rate=10/s.")
    return undefined
  }
  const match = /^(\d+(?:\.\d+)?)\/([smh])$/.exec(rate)
  const perSecond = Number(match?.[1]) / secondsPer[match?.[2] ?? '']!
  if (!(perSecond > 0)) throw new InvalidArgumentError(`'${rate}' is no rate: write 10/s, 90/m or 0.5/s.`)
  return { perSecond, burst: burst === undefined ? Math.ceil(perSecond) : named('burst', burst) }
}

function named(word: Word, text: string): number {
  try {
    return count(text)
  } catch (error) {
    throw new InvalidArgumentError(`'${word}': ${(error as Error).message}`)
  }
}
