// Asks before something is destroyed: `--yes` answers beforehand, a person at a terminal is asked, and
// everybody else is refused. Must never take silence for consent.

import type { Command } from 'commander'
import type { CommandContext } from './command.ts'
import { UsageError } from './failure.ts'

export interface ConfirmationOptions {
  readonly yes?: boolean
}

export function describeConfirmation(command: Command): Command {
  return command.option('--yes', 'do it without asking')
}

/** Resolves when it may be done, throws `UsageError` when not. `what` ends the question 'Really …?'. */
export async function confirm(
  { output, surroundings }: CommandContext,
  { yes }: ConfirmationOptions,
  what: string,
): Promise<void> {
  if (yes === true) return
  const { stdin, stderr } = surroundings
  const isPerson = stdin.isTTY === true && stderr.isTTY === true && !output.isJson
  if (!isPerson) throw new UsageError(`There is nobody to ask whether to ${what}; add --yes`)
  output.complain(`Really ${what}? There is no way back. [y/N] `)
  if (!/^\s*y(es)?\s*$/i.test(await firstLine(stdin))) throw new UsageError('Nothing was done')
}

async function firstLine(input: AsyncIterable<Uint8Array | string>): Promise<string> {
  let text = ''
  for await (const chunk of input) {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
    if (text.includes('\n')) break
  }
  return text.split('\n', 1)[0]!
}
