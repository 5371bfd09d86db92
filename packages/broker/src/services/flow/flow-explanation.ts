// Why a subject of a flow consumer is not delivered, in words: the rule, what it shares with others, what is
// out, and the first reason that is true. Reads the states and changes nothing.

import type { Explanation, FlowRule, HeldReason, SharedPool } from '@sluice/protocol/model/consumer'
import { partitionOfKey } from '@sluice/protocol/bytes/murmur2'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { parsePattern } from '@sluice/protocol/subject/pattern'
import { isSubject } from '@sluice/protocol/subject/subject'
import { ruleAsGiven } from './state/counted-rule.ts'
import type { CountedRule } from './state/counted-rule.ts'
import type { FlowConsumer } from './flow-consumer.ts'
import type { FlowCoordinator } from './flow-coordinator.ts'
import { firstDelayedOf, nextOffsetOf, poolRow, ruleOf } from './flow-report.ts'
import { deliveryPhases } from './state/delivery-table.ts'
import { gateKinds } from './state/gate-table.ts'
import type { Moment } from './state/flow-state.ts'
import { holdOf } from './state/pool-hold.ts'
import type { PoolHold } from './state/pool-hold.ts'
import { beingFetched } from './state/pool-table.ts'
import { capturedTokens, unlimited } from './state/rule-table.ts'

const none = -1
const kindNames = { 1: 'capture', 2: 'total', 3: 'rate' } as const

/** Why the next record of a subject is not delivered now. */
export function explain(consumer: FlowConsumer, subject: string): Explanation {
  if (!isSubject(subject))
    throw new BrokerError('invalid-subject', `${JSON.stringify(subject)} is no subject`)
  const key = Buffer.from(subject)
  // Why all partitions: a client may have chosen another one than ours would.
  const usual = partitionOfKey(key, consumer.coordinators.length)
  const active = consumer.coordinators.find(({ state }) => state.pools.find(key, 0, key.length) !== none)
  const coordinator = active ?? consumer.coordinators[usual]!
  const pool = coordinator.state.pools.find(key, 0, key.length)
  const moment = consumer.now()
  if (pool === none) return explainIdle({ consumer, coordinator, moment }, subject)
  return explainPool({ consumer, coordinator, moment, pool }, subject)
}

interface Asked {
  readonly consumer: FlowConsumer
  readonly coordinator: FlowCoordinator
  readonly moment: Moment
}

interface AskedPool extends Asked {
  readonly pool: number
}

function explainIdle(asked: Asked, subject: string): Explanation {
  const { state, partition } = asked.coordinator
  const { rules } = state.settings
  const key = Buffer.from(subject)
  rules.match(key, 0, key.length)
  const rule = ruleOf(state, rules.matchedRule)
  return {
    subject,
    partition: partition.index,
    ...idleReason(asked, key),
    ...(rule === undefined ? {} : { rule, limit: rules.matchedLimit }),
    parked: 0,
    delayed: 0,
    inFlight: [],
    shared: sharedOf(asked, key),
  }
}

function idleReason({ consumer, coordinator }: Asked, key: Uint8Array): { reason: HeldReason; text: string } {
  const { state, unread } = coordinator
  const { filter, paused } = state.settings
  if (!filter.matches(key, 0, key.length))
    return { reason: 'idle', text: 'the filter of the consumer does not match the subject' }
  const behind = `${unread} ${unread === 1 ? 'record' : 'records'} of the partition not read yet`
  if (!coordinator.isRestoring && paused?.matches(key, 0, key.length) === true)
    return { reason: 'paused', text: `it is paused; ${behind}` }
  if (consumer.members.count === 0 && unread > 0)
    return { reason: 'no member', text: `no member is connected; ${behind}` }
  return { reason: 'idle', text: `nothing of the subject is waiting or out; ${behind}` }
}

function explainPool(asked: AskedPool, subject: string): Explanation {
  const { coordinator, pool, moment } = asked
  const { state, partition } = coordinator
  const row = poolRow(state, partition.index, pool)
  const limit = state.pools.limit[pool]!
  const hold = holdOf(state, pool)
  const shared = sharedOf(asked, Buffer.from(subject))
  const nextDueInMs = nextDueOf(asked, hold)
  return {
    subject,
    partition: row.partition,
    ...(hold === undefined ? reasonBeyond(asked) : reasonOf(asked, hold)),
    ...(row.rule === undefined ? {} : { rule: row.rule }),
    ...(limit === unlimited ? {} : { limit }),
    parked: row.parked,
    delayed: row.delayed,
    ...nextOffsetOf(state, pool, firstDelayedOf(state)),
    inFlight: inFlightOf(asked),
    ...(nextDueInMs === Infinity ? {} : { nextDueInMs: Math.max(0, nextDueInMs) }),
    shared,
  }

  function nextDueOf({ pool: asking }: AskedPool, why: PoolHold | undefined): number {
    let dueMs = Infinity
    state.delays.forEach((ms, _offset, delayed) => {
      if (delayed === asking) dueMs = Math.min(dueMs, ms)
    })
    if (why?.kind === 'rate') dueMs = Math.min(dueMs, state.totals.gates.table.dueMs(why.gate))
    return dueMs - moment.monotonicMs
  }
}

/** Something of the pool, or of what it shares, holds it back. */
function reasonOf(asked: AskedPool, hold: PoolHold): { reason: HeldReason; text: string } {
  const { consumer, coordinator, pool } = asked
  const { state } = coordinator
  const { parked, inFlight, blocked, rule } = poolRow(state, 0, pool)
  switch (hold.kind) {
    case 'blocked':
      return {
        reason: 'blocked',
        text: `${blocked} of its records failed too often; an operator must decide`,
      }
    case 'paused': {
      const text = `the log is being read up to what was blocked before a restart; ${parked} wait until then`
      if (coordinator.isRestoring) return { reason: 'reading', text }
      return { reason: 'paused', text: `it is paused; ${parked} wait for its resumption` }
    }
    case 'dead-lettering': {
      const text = `its record is being written to ${consumer.config.deadLetterStream}`
      return { reason: 'dead-lettering', text }
    }
    case 'delayed':
      return { reason: 'delayed', text: `a record that failed is tried again in ${secondsOf(asked, hold)} s` }
    case 'pool': {
      if (hold.gate !== none)
        return { reason: 'pool full', text: `${gateText(asked, hold.gate)}, ${parked} wait` }
      const out = `${inFlight} of ${state.pools.limit[pool]} are out (rule '${rule?.match}')`
      return { reason: 'pool full', text: `${out}, ${parked} wait for a settle` }
    }
    case 'total':
      return { reason: 'rule total full', text: `${gateText(asked, hold.gate)}, ${parked} wait` }
    case 'rate': {
      const { match, rate } = state.totals.gates.table.ruleOf(hold.gate).rule
      const next = `the next may go in ${secondsOf(asked, hold)} s`
      return { reason: 'rate', text: `${rate?.perSecond} a second (rule '${match}'): ${next}` }
    }
  }
}

/** `3 of 3 are out in all (rule 'orders.*.{tenant}.>')`, for a gate that is full or waited at. */
function gateText({ coordinator }: AskedPool, gate: number): string {
  const { table } = coordinator.state.totals.gates
  const { match } = table.ruleOf(gate).rule
  const where = table.kind[gate] === gateKinds.total ? 'in all' : 'of the captured pool'
  const held = table.occupied(gate) - table.inFlight[gate]!
  const kept = held > 0 ? ` and ${held} kept` : ''
  return `${table.inFlight[gate]} of ${table.limit[gate]} are out ${where}${kept} (rule '${match}')`
}

function secondsOf({ coordinator, pool, moment }: AskedPool, hold: PoolHold): string {
  const { delays, totals } = coordinator.state
  let dueMs = hold.kind === 'rate' ? totals.gates.table.dueMs(hold.gate) : Infinity
  if (hold.kind === 'delayed') {
    delays.forEach((ms, _offset, delayed) => {
      if (delayed === pool) dueMs = Math.min(dueMs, ms)
    })
  }
  const waitMs = dueMs === Infinity ? 0 : Math.max(0, dueMs - moment.monotonicMs)
  return (waitMs / 1000).toFixed(1)
}

/** Nothing of the pool holds it back: the consumer, the disk or the members do, or nothing waits at all. */
function reasonBeyond({ consumer, coordinator, pool }: AskedPool): { reason: HeldReason; text: string } {
  const { pools } = coordinator.state
  const { totals, members, maxInflight } = consumer
  const parked = pools.waitingOf(pool)
  if (parked === 0) {
    const inFlight = pools.inFlight[pool]!
    if (inFlight > 0) return { reason: 'in flight', text: `${inFlight} out, nothing waits` }
    return { reason: 'idle', text: 'nothing of the subject is waiting or out' }
  }
  if (totals.inFlight >= maxInflight)
    return { reason: 'consumer full', text: `${totals.inFlight} are out, the consumer's maxInflight` }
  if (pools.next[pool] === beingFetched) {
    const text = 'its next record is being read from disk, again and again if that fails'
    return { reason: 'reading', text }
  }
  if (members.count === 0) return { reason: 'no member', text: 'no member is connected' }
  return { reason: 'ready', text: `${parked} wait for a member with room` }
}

function inFlightOf({ consumer, coordinator, pool, moment }: AskedPool): Explanation['inFlight'] {
  const { deliveries } = coordinator.state
  const rows: Explanation['inFlight'][number][] = []
  deliveries.forEach((slot) => {
    if (deliveries.pool[slot] !== pool || deliveries.phase[slot] !== deliveryPhases.out) return
    const deadlineMs = deliveries.deadlines.dueMs[slot]!
    rows.push({
      offset: deliveries.offset[slot]!,
      attempt: deliveries.attempt[slot]!,
      member: consumer.members.find(deliveries.member[slot]!)?.port.name ?? '',
      sinceMs: moment.monotonicMs - deliveries.sentMs[slot]!,
      ...(deadlineMs === Infinity ? {} : { deadlineInMs: Math.max(0, deadlineMs - moment.monotonicMs) }),
    })
  })
  return rows.sort((a, b) => a.offset - b.offset)
}

/** Captured pools, totals and rates of all rules that match a subject, whether anybody uses them or not. */
function sharedOf({ coordinator, moment }: Asked, key: Uint8Array): SharedPool[] {
  const { rules } = coordinator.state.settings
  const { gates } = coordinator.state.totals
  rules.match(key, 0, key.length)
  return gates.bundles.gatesMatched(rules).map(({ kind, rule, gate, captured }) => {
    const names = capturedNames(rule, captured)
    const base = {
      rule: ruleAsGiven(rule),
      kind: kindNames[kind],
      ...names,
      waiting: gate === none ? 0 : gates.lanesWaitingAt(gate),
    }
    if (kind === gateKinds.rate) {
      const dueMs = gate === none ? 0 : gates.table.dueMs(gate)
      return { ...base, nextDueInMs: dueMs === Infinity ? 0 : Math.max(0, dueMs - moment.monotonicMs) }
    }
    const limit = kind === gateKinds.total ? rule.total! : capturedLimit(rule, captured)
    return { ...base, inFlight: gate === none ? 0 : gates.table.inFlight[gate]!, limit }
  })
}

function capturedLimit({ limit, limitOf }: CountedRule, shared: Uint8Array): number {
  return limitOf?.(capturedTokens(shared)) ?? limit
}

/** What was captured, by the names that the rule gives its tokens. */
function capturedNames({ match }: FlowRule, shared: Uint8Array): { captured?: Record<string, string> } {
  const tokens = capturedTokens(shared)
  if (tokens.length === 0) return {}
  const { captures } = parsePattern(match)
  return { captured: Object.fromEntries(captures.map(({ name }, index) => [name, tokens[index]!])) }
}
