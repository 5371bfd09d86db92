// The rows of requests about topics and their configuration.

import type { HandlerRow } from './handler-row.ts'

export const topicHandlers: readonly HandlerRow[] = []
