// The commands of `sluice consumer`.

import type { CommandDefinition } from '../command.ts'
import { consumerAlter } from './consumer-alter.ts'
import { consumerCreate } from './consumer-create.ts'
import { consumerDelete } from './consumer-delete.ts'
import { consumerExplain } from './consumer-explain.ts'
import { consumerShow } from './consumer-show.ts'
import { consumerList } from './consumer-list.ts'

export const consumerCommands: readonly CommandDefinition[] = [
  consumerCreate,
  consumerList,
  consumerShow,
  consumerAlter,
  consumerDelete,
  consumerExplain,
]
