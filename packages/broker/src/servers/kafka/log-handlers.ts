// The rows of requests that write and read the logs of partitions.

import { describeProducersApi } from '@sluice/protocol/kafka/generated/describe-producers'
import { fetchApi } from '@sluice/protocol/kafka/generated/fetch'
import { initProducerIdApi } from '@sluice/protocol/kafka/generated/init-producer-id'
import { listOffsetsApi } from '@sluice/protocol/kafka/generated/list-offsets'
import { offsetForLeaderEpochApi } from '@sluice/protocol/kafka/generated/offset-for-leader-epoch'
import { produceApi } from '@sluice/protocol/kafka/generated/produce'
import { row } from './handler-row.ts'
import type { HandlerRow } from './handler-row.ts'
import { handleDescribeProducers } from './handlers/describe-producers.ts'
import { handleFetch, refuseFetch } from './handlers/fetch.ts'
import { handleInitProducerId, refuseInitProducerId } from './handlers/init-producer-id.ts'
import { handleListOffsets } from './handlers/list-offsets.ts'
import { handleOffsetForLeaderEpoch } from './handlers/offset-for-leader-epoch.ts'
import { handleProduce, refuseProduce } from './handlers/produce.ts'

export const logHandlers: readonly HandlerRow[] = [
  // Why it overlaps: all of it is appended before the next one begins, and several share one write.
  row(produceApi, handleProduce, { overlaps: true, refuse: refuseProduce }),
  row(fetchApi, handleFetch, { refuse: refuseFetch }),
  row(listOffsetsApi, handleListOffsets),
  row(initProducerIdApi, handleInitProducerId, { refuse: refuseInitProducerId }),
  row(offsetForLeaderEpochApi, handleOffsetForLeaderEpoch),
  row(describeProducersApi, handleDescribeProducers),
]
