// What the harness runs against the broker: subjects, consumers and their rules, what becomes of a record.

import type { FlowRule } from '@sluice/client'
import type { Chance } from './chance.ts'
import type { SettleWord } from './history.ts'
import type { CheckSettings } from './story.ts'

export const STREAM = 'FAULTS'
export const partitions = 2

export const checkSettings: CheckSettings = {
  ackWaitMs: 3_000,
  maxDeliver: 4,
  jitterMs: 1_000,
  starvationMs: 60_000,
}

const baseRules: readonly FlowRule[] = [
  { match: 'strict.>', limit: 1 },
  { match: 'strict.u0', limit: 1, weight: 3 },
  { match: 'wide.>', limit: 5, weight: 2 },
  { match: 'cap.{tenant}.>', limit: 3, total: 8 },
  { match: 'paced.>', limit: 10, rate: { perSecond: 20, burst: 10 } },
]

/** How a consumer's members take their records. */
export type Taking = 'subscribe' | 'fetch'

export interface ConsumerPlan {
  readonly name: string
  readonly rules: readonly FlowRule[]
  readonly maxInflight: number
  readonly members: number
  readonly taking: Taking
}

export const consumerPlans: readonly ConsumerPlan[] = [
  { name: 'ruled', rules: baseRules, maxInflight: 200, members: 3, taking: 'subscribe' },
  { name: 'narrow', rules: [], maxInflight: 12, members: 2, taking: 'subscribe' },
  { name: 'pulled', rules: baseRules.slice(0, 3), maxInflight: 40, members: 1, taking: 'fetch' },
]

/** Rules as an operator may set them: limits of what is not strict go up and down. */
export function alteredRules(chance: Chance, rules: readonly FlowRule[]): FlowRule[] {
  return rules.map((rule) => {
    if (rule.match.startsWith('wide.')) return { ...rule, limit: chance.between(1, 8) }
    if (rule.total !== undefined)
      return { ...rule, limit: chance.between(1, 4), total: chance.between(4, 10) }
    return rule
  })
}

export const pausableMatches = ['wide.>', 'strict.u1', 'cap.t1.>', '>'] as const

/** One in fifty is paced, so that its rate lets all of them through in time. */
export function subjectOf(chance: Chance): string {
  const draw = chance.next()
  if (draw < 0.02) return `paced.u${chance.between(0, 1)}`
  if (draw < 0.5) return `strict.u${chance.between(0, 19)}`
  if (draw < 0.75) return `wide.u${chance.between(0, 5)}`
  if (draw < 0.95) return `cap.t${chance.between(0, 4)}.u${chance.between(0, 3)}`
  return `free.u${chance.between(0, 999)}`
}

/** A record that fails every time. */
export const poisonMark = '!'

export interface Treatment {
  readonly verb: SettleWord
  readonly workMs: number
  readonly delayMs: number
  /** Longer than the broker waits. */
  readonly isHung: boolean
}

export function treatmentOf(chance: Chance, id: string): Treatment {
  const workMs = chance.isLucky(0.5) ? 0 : chance.between(1, 12)
  const plain = { workMs, delayMs: 0, isHung: false }
  const draw = chance.next()
  if (id.endsWith(poisonMark)) return { ...plain, verb: 'nack', delayMs: chance.between(0, 30) }
  if (draw < 0.03) return { ...plain, verb: 'nack', delayMs: chance.between(0, 150) }
  if (draw < 0.045) return { ...plain, verb: 'release' }
  if (draw < 0.05) return { ...plain, verb: 'reject' }
  if (draw < 0.0515) return { ...plain, verb: 'ack', isHung: true }
  return { ...plain, verb: 'ack' }
}
