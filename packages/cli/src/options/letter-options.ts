// Which dead letters are meant, for `dead-letter replay` and `dead-letter drop`.

import type { DeadLetterChoice, MessagePlace } from '@sluice/client'
import type { Command } from 'commander'
import { UsageError } from '../failure.ts'
import { countText } from '../output/values.ts'
import { pattern, place, repeated } from './text-options.ts'

export interface LetterOptions {
  readonly match?: string
  readonly all?: boolean
}

export type LetterArgs = [stream: string, consumer: string, places: MessagePlace[] | undefined]

export function describeLetterOptions(command: Command): Command {
  return command
    .argument('<stream>', 'stream that the consumer reads')
    .argument('<consumer>', 'its name')
    .argument('[places...]', 'which letters, as `dead-letter list` shows them: 0:17', repeated(place))
    .option('--match <pattern>', 'those whose subject matches', pattern)
    .option('--all', 'all of this consumer')
}

/** Throws `UsageError` unless exactly one way is used to say which. */
export function letterChoice(places: readonly MessagePlace[] = [], options: LetterOptions): DeadLetterChoice {
  const { match, all } = options
  const ways = [places.length > 0, match !== undefined, all === true].filter(Boolean).length
  if (ways !== 1)
    throw new UsageError('Say which letters: places, --match PATTERN, or --all; one of the three')
  return places.length > 0 ? { letters: places } : { match: match ?? '>' }
}

export function choiceText(choice: DeadLetterChoice): string {
  if ('letters' in choice) return countText(choice.letters.length, 'dead letter')
  return choice.match === '>' ? 'all dead letters' : `the dead letters that match ${choice.match}`
}
