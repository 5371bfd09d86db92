// The command line of the demo.

import { parseArgs } from 'node:util'

export interface DemoOptions {
  /** How long the demo aims to run. */
  readonly seconds: number
  readonly seed: number
  /** The summary goes to standard output as JSON, and all else to standard error. */
  readonly isJson: boolean
  readonly journalPath: string | undefined
}

export const helpText = `Usage: npm run demo -- [options]

Starts a broker of its own, shows Sluice at work, kills the broker, and checks what was seen.

  --seconds N      how long to run, 12 to 600 [40]
  --seed N         chooses tenants, bursts and working times [by chance]
  --json           the summary as JSON on standard output; progress goes to standard error
  --journal FILE   every event as a line of JSON, to check the claims yourself
  --help           this text
`

/** Undefined when only help is wanted. Throws with a sentence about what is wrong. */
export function readOptions(args: readonly string[]): DemoOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '40' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
      json: { type: 'boolean', default: false },
      journal: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return undefined
  return {
    seconds: wholeNumber('--seconds', values.seconds, 12, 600),
    seed: wholeNumber('--seed', values.seed, 0, 2 ** 32 - 1),
    isJson: values.json,
    journalPath: values.journal,
  }
}

function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new Error(`${flag} is ${JSON.stringify(text)}; it must be a whole number from ${min} to ${max}`)
}
