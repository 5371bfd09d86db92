// The scenarios, in the order in which `all` runs them.

import { compaction } from './compaction.ts'
import { connections } from './connections.ts'
import { fanOut } from './fan-out.ts'
import { flow } from './flow.ts'
import { groups } from './groups.ts'
import { isolation } from './isolation.ts'
import { kafka } from './kafka.ts'
import { latency } from './latency.ts'
import { memory } from './memory.ts'
import { publish } from './publish.ts'
import { read } from './read.ts'
import { recovery } from './recovery.ts'
import { shards } from './shards.ts'
import type { Scenario } from './scenario.ts'

export const SCENARIOS: readonly Scenario[] = [
  publish,
  read,
  flow,
  latency,
  isolation,
  fanOut,
  recovery,
  memory,
  shards,
  kafka,
  groups,
  connections,
  compaction,
] as readonly Scenario[]
