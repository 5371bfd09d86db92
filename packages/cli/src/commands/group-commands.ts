// The commands of `sluice group`.

import type { CommandDefinition } from '../command.ts'
import { groupDelete } from './group-delete.ts'
import { groupList } from './group-list.ts'
import { groupReset } from './group-reset.ts'
import { groupShow } from './group-show.ts'

export const groupCommands: readonly CommandDefinition[] = [groupList, groupShow, groupReset, groupDelete]
