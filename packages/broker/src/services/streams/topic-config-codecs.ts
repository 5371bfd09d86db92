// How the texts of Kafka's topic configurations read. Kafka says "no limit" in two ways, as -1 and as the
// largest 64 bit integer, where a stream says 0.

export interface TopicConfigCodec {
  /** Undefined where the text is none of its. */
  parse(text: string): unknown
  format(value: unknown): string
  /** What it must be, for people. */
  readonly form: string
}

const longMax = 9_223_372_036_854_775_807n
const longForm = /^[+-]?\d{1,19}$/
const doubleForm = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

/** Between the two; whole numbers only, unless one of them is between 0 and 1. */
export function number(min: number, max: number): TopicConfigCodec {
  const form = max === 1 && min === 0 ? doubleForm : longForm
  return {
    parse: (text) => {
      const value = form.test(text) ? Number(text) : Number.NaN
      // Why cut: nobody can tell the two largest numbers apart, and one of them is Kafka's "for ever".
      const isForever = max === Number.MAX_SAFE_INTEGER && form.test(text) && BigInt(text) <= longMax
      if (value > max && isForever) return max
      return value >= min && value <= max ? value : undefined
    },
    format: String,
    form: max === Number.MAX_SAFE_INTEGER ? `a number from ${min} on` : `a number from ${min} to ${max}`,
  }
}

/** No limit is -1. Why 1 for 0: to Kafka that is "at once", to a stream "never". */
export const unlimited: TopicConfigCodec = {
  parse: (text) => {
    const value = longForm.test(text) ? Number(text) : Number.NaN
    if (value === -1) return 0
    if (value >= Number.MAX_SAFE_INTEGER) return BigInt(text) <= longMax ? 0 : undefined
    return value >= 0 ? Math.max(value, 1) : undefined
  },
  format: (value) => (value === 0 ? '-1' : String(value)),
  form: 'a number from 0 on, or -1',
}

/** No limit is the largest number. */
export function forever(min: number): TopicConfigCodec {
  return {
    parse: (text) => {
      const value = longForm.test(text) ? Number(text) : Number.NaN
      if (value >= Number.MAX_SAFE_INTEGER) return BigInt(text) <= longMax ? 0 : undefined
      return value >= min ? Math.max(value, 1) : undefined
    },
    format: (value) => (value === 0 ? String(longMax) : String(value)),
    form: `a number from ${min} on`,
  }
}

export function oneOf(values: Readonly<Record<string, string>>): TopicConfigCodec {
  return {
    parse: (text) => (Object.hasOwn(values, text) ? values[text] : undefined),
    format: (value) => Object.keys(values).find((text) => values[text] === value)!,
    form: Object.keys(values).join(' or '),
  }
}

/** Some of the names with commas between, in any order; always written in the order given here. */
export function commaList(names: readonly string[]): TopicConfigCodec {
  return {
    parse: (text) => {
      const said = new Set(text.split(',').map((part) => part.trim()))
      const known = names.filter((name) => said.has(name))
      return known.length === said.size && known.length > 0 ? known.join(',') : undefined
    },
    format: String,
    form: `one or more of ${names.join(', ')}`,
  }
}
