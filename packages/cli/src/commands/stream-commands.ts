// The commands of `sluice stream`.

import type { CommandDefinition } from '../command.ts'
import { streamAlter } from './stream-alter.ts'
import { streamCreate } from './stream-create.ts'
import { streamDelete } from './stream-delete.ts'
import { streamPurge } from './stream-purge.ts'
import { streamShow } from './stream-show.ts'
import { streamList } from './stream-list.ts'

export const streamCommands: readonly CommandDefinition[] = [
  streamCreate,
  streamList,
  streamShow,
  streamAlter,
  streamPurge,
  streamDelete,
]
