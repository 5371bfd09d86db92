// A flow consumer's configuration, compiled for the states of its partitions.

import type { ConsumerConfig } from '@sluice/protocol/model/consumer'
import { RuleTable, SubjectFilter } from './rule-table.ts'

export interface FlowSettings {
  readonly rules: RuleTable
  readonly filter: SubjectFilter
  /** 0: no deadline. */
  readonly ackWaitMs: number
  /** 0: no limit. */
  readonly maxDeliver: number
  readonly backoffMs: readonly number[]
  /** Most parked records that are kept in memory; beyond, they are read again from the log. */
  readonly parkedMax: number
}

export function compileSettings(config: ConsumerConfig, parkedMax: number): FlowSettings {
  const { ackWaitMs, maxDeliver, backoffMs } = config
  const rules = new RuleTable(config.rules)
  return { rules, filter: new SubjectFilter(config.filter), ackWaitMs, maxDeliver, backoffMs, parkedMax }
}

/** Compiles an altered configuration; rules and filter stay the same objects where they are the same. */
export function recompileSettings(
  before: { readonly config: ConsumerConfig; readonly settings: FlowSettings },
  config: ConsumerConfig,
): FlowSettings {
  const { settings } = before
  const made = compileSettings(config, settings.parkedMax)
  const areRulesSame = JSON.stringify(before.config.rules) === JSON.stringify(config.rules)
  const isFilterSame = JSON.stringify(before.config.filter) === JSON.stringify(config.filter)
  return {
    ...made,
    rules: areRulesSame ? settings.rules : made.rules,
    filter: isFilterSame ? settings.filter : made.filter,
  }
}
