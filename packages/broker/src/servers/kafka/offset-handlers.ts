// The rows of requests about how far groups have come.

import { offsetCommitApi } from '@sluice/protocol/kafka/generated/offset-commit'
import { offsetDeleteApi } from '@sluice/protocol/kafka/generated/offset-delete'
import { offsetFetchApi } from '@sluice/protocol/kafka/generated/offset-fetch'
import { row } from './handler-row.ts'
import type { HandlerRow } from './handler-row.ts'
import { handleOffsetCommit, refuseOffsetCommit } from './handlers/offset-commit.ts'
import { handleOffsetDelete, refuseOffsetDelete } from './handlers/offset-delete.ts'
import { handleOffsetFetch, refuseOffsetFetch } from './handlers/offset-fetch.ts'

export const offsetHandlers: readonly HandlerRow[] = [
  row(offsetCommitApi, handleOffsetCommit, { refuse: refuseOffsetCommit }),
  row(offsetFetchApi, handleOffsetFetch, { refuse: refuseOffsetFetch }),
  row(offsetDeleteApi, handleOffsetDelete, { refuse: refuseOffsetDelete }),
]
