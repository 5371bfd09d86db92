// The rows of requests that write and read the logs of partitions.

import { fetchApi } from '@sluice/protocol/kafka/generated/fetch'
import { listOffsetsApi } from '@sluice/protocol/kafka/generated/list-offsets'
import { offsetForLeaderEpochApi } from '@sluice/protocol/kafka/generated/offset-for-leader-epoch'
import { row } from './handler-row.ts'
import type { HandlerRow } from './handler-row.ts'
import { handleFetch, refuseFetch } from './handlers/fetch.ts'
import { handleListOffsets } from './handlers/list-offsets.ts'
import { handleOffsetForLeaderEpoch } from './handlers/offset-for-leader-epoch.ts'

export const logHandlers: readonly HandlerRow[] = [
  row(fetchApi, handleFetch, { refuse: refuseFetch }),
  row(listOffsetsApi, handleListOffsets),
  row(offsetForLeaderEpochApi, handleOffsetForLeaderEpoch),
]
