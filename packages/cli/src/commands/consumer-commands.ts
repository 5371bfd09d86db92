// The commands of `sluice consumer`.

import type { CommandDefinition } from '../command.ts'
import { consumerAlter } from './consumer-alter.ts'
import { consumerCreate } from './consumer-create.ts'
import { consumerDelete } from './consumer-delete.ts'
import { consumerExplain } from './consumer-explain.ts'
import { consumerShow } from './consumer-show.ts'
import { consumerList } from './consumer-list.ts'
import { consumerBlocked } from './consumer-blocked.ts'
import { consumerDrain } from './consumer-drain.ts'
import { consumerFetch } from './consumer-fetch.ts'
import { consumerPause } from './consumer-pause.ts'
import { consumerPools } from './consumer-pools.ts'
import { consumerResume } from './consumer-resume.ts'
import { consumerUnblock } from './consumer-unblock.ts'

export const consumerCommands: readonly CommandDefinition[] = [
  consumerCreate,
  consumerList,
  consumerShow,
  consumerAlter,
  consumerDelete,
  consumerExplain,
  consumerPools,
  consumerFetch,
  consumerPause,
  consumerResume,
  consumerDrain,
  consumerBlocked,
  consumerUnblock,
]
