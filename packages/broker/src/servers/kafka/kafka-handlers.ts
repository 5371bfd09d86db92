// The table of Kafka's requests: who answers which. ApiVersions tells clients of it, and the table of
// docs/protocol/kafka.md is compared with it. A row stands here only when the request is served whole.

import { clusterHandlers } from './cluster-handlers.ts'
import { groupHandlers } from './group-handlers.ts'
import type { HandlerRow } from './handler-row.ts'
import { logHandlers } from './log-handlers.ts'
import { topicHandlers } from './topic-handlers.ts'

/** In the order of the keys. */
export const kafkaHandlers: readonly HandlerRow[] = [
  ...logHandlers,
  ...clusterHandlers,
  ...groupHandlers,
  ...topicHandlers,
].toSorted((one, other) => one.api.key - other.api.key)
