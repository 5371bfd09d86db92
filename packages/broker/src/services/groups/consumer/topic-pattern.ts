// Patterns that members subscribe to topics by, in the syntax of RE2. Time is linear in the name, whatever
// the pattern; what a pattern comes to when its repetitions are written out is bounded before it is compiled.

import { RE2JS, RE2JSException } from 're2js'

export interface TopicPattern {
  readonly source: string
  /** Steps of its program: at most so many are taken for each character of a name. */
  readonly stepCount: number
  /** Whether the pattern matches the whole name. */
  matches(topic: string): boolean
}

const patternUnitsMax = 1024
/** Characters and classes, with repeated ones counted as often as they are repeated. */
const writtenOutMax = 1024

/** Undefined: no pattern of RE2, or too long. */
export function compileTopicPattern(source: string): TopicPattern | undefined {
  if (source.length > patternUnitsMax || writtenOut(source) > writtenOutMax) return undefined
  try {
    const compiled = RE2JS.compile(source)
    return { source, stepCount: compiled.programSize(), matches: (topic) => compiled.testExact(topic) }
  } catch (error) {
    if (error instanceof RE2JSException) return undefined
    throw error
  }
}

/** What a repetition may follow; marks are taken for such, and make the count larger and never smaller. */
const atom = /\\Q[^]*?(?:\\E|$)|\\[xpP]\{[^}]*\}|\\[^]|\[\^?\]?(?:\[:\^?\w+:\]|\\[^]|[^\]])*\]?|[^]/y
const repetition = /\{(\d+)(?:,(\d*))?\}/y

/** Assumes that the source is right; of another one the compiler says so early. */
function writtenOut(source: string): number {
  const outer: number[] = []
  let size = 0
  let last = 0
  for (let position = 0; position < source.length;) {
    const times = timesAt(source, position)
    if (times !== undefined) {
      size += last * (times.count - 1)
      position = times.end
      continue
    }
    atom.lastIndex = position
    const [text] = atom.exec(source)!
    position += text.length
    if (text === '(') {
      outer.push(size)
      size = 0
    } else if (text === ')') {
      last = size + 1
      size = (outer.pop() ?? 0) + last
    } else {
      last = text.startsWith('\\Q') ? text.length : 1
      size += last
    }
  }
  return outer.reduce((sum, each) => sum + each, size)
}

function timesAt(source: string, position: number): { count: number; end: number } | undefined {
  repetition.lastIndex = position
  const found = repetition.exec(source)
  if (found === null) return undefined
  const count = Math.max(Number(found[1]), Number(found[2] ?? 0), 1)
  return { count, end: repetition.lastIndex }
}
