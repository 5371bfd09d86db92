// A flow consumer's configuration, compiled for the states of its partitions.

import type { ConsumerConfig, Exhausted } from '@sluice/protocol/model/consumer'
import { countedRules } from './counted-rule.ts'
import type { ReadLimit } from './counted-rule.ts'
import { RuleTable, SubjectFilter } from './rule-table.ts'

export interface FlowSettings {
  readonly rules: RuleTable
  readonly filter: SubjectFilter
  /** Subjects that are not delivered for now; undefined: none. */
  readonly paused: SubjectFilter | undefined
  /** 0: no deadline. */
  readonly ackWaitMs: number
  /** 0: no limit. */
  readonly maxDeliver: number
  readonly onExhausted: Exhausted
  readonly backoffMs: readonly number[]
  /** Most parked records that are kept in memory; beyond, they are read again from the log. */
  readonly parkedMax: number
}

export function compileSettings(
  config: ConsumerConfig,
  parkedMax: number,
  { pausedPatterns = [], readLimit = noLimit }: LiveSettings = {},
): FlowSettings {
  const { ackWaitMs, maxDeliver, onExhausted, backoffMs } = config
  const rules = new RuleTable(countedRules(config.rules, readLimit))
  const filter = new SubjectFilter(config.filter)
  const paused = pausedFilter(pausedPatterns)
  return { rules, filter, paused, ackWaitMs, maxDeliver, onExhausted, backoffMs, parkedMax }
}

/** Settings that are no part of the configuration. */
export interface LiveSettings {
  readonly pausedPatterns?: readonly string[]
  readonly readLimit?: ReadLimit
}

function noLimit(): undefined {
  return undefined
}

/** The subjects that these patterns pause; undefined where there are none. */
export function pausedFilter(patterns: readonly string[]): SubjectFilter | undefined {
  return patterns.length === 0 ? undefined : new SubjectFilter(patterns)
}

/**
 * Compiles an altered configuration; rules and filter stay the same objects where they are the same, and
 * pauses stay.
 */
export function recompileSettings(
  before: { readonly config: ConsumerConfig; readonly settings: FlowSettings },
  config: ConsumerConfig,
  readLimit?: ReadLimit,
): FlowSettings {
  const { settings } = before
  const made = compileSettings(config, settings.parkedMax, readLimit === undefined ? {} : { readLimit })
  const areRulesSame = JSON.stringify(before.config.rules) === JSON.stringify(config.rules)
  const isFilterSame = JSON.stringify(before.config.filter) === JSON.stringify(config.filter)
  return {
    ...made,
    rules: areRulesSame ? settings.rules : made.rules,
    filter: isFilterSame ? settings.filter : made.filter,
    paused: settings.paused,
  }
}
