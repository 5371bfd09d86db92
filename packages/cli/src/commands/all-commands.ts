// Every command, in the order in which help lists them.

import type { CommandDefinition } from '../command.ts'
import { bench } from './bench.ts'
import { consumerCommands } from './consumer-commands.ts'
import { deadLetterCommands } from './dead-letter-commands.ts'
import { groupCommands } from './group-commands.ts'
import { logDump } from './log-dump.ts'
import { logVerify } from './log-verify.ts'
import { messageDelete } from './message-delete.ts'
import { publish } from './publish.ts'
import { read } from './read.ts'
import { serve } from './serve.ts'
import { streamCommands } from './stream-commands.ts'
import { subscribe } from './subscribe.ts'
import { version } from './version.ts'

export const commands: readonly CommandDefinition[] = [
  serve,
  ...streamCommands,
  publish,
  read,
  messageDelete,
  ...consumerCommands,
  subscribe,
  ...deadLetterCommands,
  ...groupCommands,
  bench,
  logVerify,
  logDump,
  version,
]
