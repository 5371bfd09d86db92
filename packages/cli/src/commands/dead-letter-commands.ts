// The commands of `sluice dead-letter`.

import type { CommandDefinition } from '../command.ts'
import { deadLetterDrop } from './dead-letter-drop.ts'
import { deadLetterList } from './dead-letter-list.ts'
import { deadLetterReplay } from './dead-letter-replay.ts'

export const deadLetterCommands: readonly CommandDefinition[] = [
  deadLetterList,
  deadLetterReplay,
  deadLetterDrop,
]
