// The assignors that the broker offers to groups of the consumer protocol.

import type { Assignor } from './assignors/assignor.ts'
import { assignRanges } from './assignors/range.ts'
import { assignUniformly } from './assignors/uniform.ts'

export type { AssignableMember, Assignor, PartitionSets } from './assignors/assignor.ts'

/** By the names that members ask for them. */
export const assignors: Readonly<Record<'uniform' | 'range', Assignor>> = {
  uniform: assignUniformly,
  range: assignRanges,
}

export const defaultAssignor = 'uniform'
