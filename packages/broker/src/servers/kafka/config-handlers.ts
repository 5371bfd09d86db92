// The rows of requests about configurations.

import { alterConfigsApi } from '@sluice/protocol/kafka/generated/alter-configs'
import { describeConfigsApi } from '@sluice/protocol/kafka/generated/describe-configs'
import { incrementalAlterConfigsApi } from '@sluice/protocol/kafka/generated/incremental-alter-configs'
import { row } from './handler-row.ts'
import type { HandlerRow } from './handler-row.ts'
import { handleAlterConfigs } from './handlers/alter-configs.ts'
import { handleDescribeConfigs } from './handlers/describe-configs.ts'
import { handleIncrementalAlterConfigs } from './handlers/incremental-alter-configs.ts'

export const configHandlers: readonly HandlerRow[] = [
  row(describeConfigsApi, handleDescribeConfigs),
  row(alterConfigsApi, handleAlterConfigs),
  row(incrementalAlterConfigsApi, handleIncrementalAlterConfigs),
]
