// Answers about a flow consumer for people: why a subject is not delivered, what holds records back, and
// counts. Reads the states and changes nothing.

import type {
  ConsumerStats,
  Explanation,
  FlowRule,
  HeldReason,
  PoolRow,
} from '@sluice/protocol/model/consumer'
import { isSubject } from '@sluice/protocol/subject/subject'
import { partitionOfKey } from '@sluice/protocol/bytes/murmur2'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { deliveryPhases } from './state/delivery-table.ts'
import { beingFetched } from './state/pool-table.ts'
import type { FlowConsumer } from './flow-consumer.ts'
import type { FlowCoordinator } from './flow-coordinator.ts'
import type { FlowState, Moment } from './state/flow-state.ts'
import { unlimited } from './state/rule-table.ts'

const none = -1
const countedNames = [
  'delivered',
  'acked',
  'redelivered',
  'nacked',
  'released',
  'rejected',
  'timedOut',
  'deadLettered',
  'staleSettles',
  'quarantined',
] as const

export function statsOf(consumer: FlowConsumer): ConsumerStats {
  const counts = Object.fromEntries(countedNames.map((name) => [name, 0])) as Record<
    (typeof countedNames)[number],
    number
  >
  const held = { pool: 0, consumer: 0 }
  let [ready, delayed, parked, activeSubjects, saturatedSubjects] = [0, 0, 0, 0, 0]
  const isFull = consumer.totals.inFlight >= consumer.maxInflight
  for (const { state } of consumer.coordinators) {
    for (const name of countedNames) counts[name] += state.counters[name]
    const waiting = waitingOf(state)
    ready += waiting.ready
    parked += state.parked - waiting.ready
    held.pool += state.parked - waiting.ready
    held.consumer += isFull ? waiting.ready : 0
    delayed += state.delays.count
    activeSubjects += state.pools.count
    saturatedSubjects += waiting.saturatedPools
  }
  const { totals, members, coordinators } = consumer
  const partitions = coordinators.map(partitionStats)
  const now = { members: members.count, inFlight: totals.inFlight, parked, ready, delayed }
  return { ...now, activeSubjects, saturatedSubjects, ...counts, heldBy: held, partitions }
}

function partitionStats(coordinator: FlowCoordinator): ConsumerStats['partitions'][number] {
  const { partition, state, unread } = coordinator
  const { floor, rangeCount } = state.settled
  return {
    partition: partition.index,
    floor,
    readPosition: state.readPosition,
    settledRanges: rangeCount,
    unread,
  }
}

/** Parked records that have room now, and pools whose records have none. */
function waitingOf(state: FlowState): { ready: number; saturatedPools: number } {
  const { pools } = state
  let ready = 0
  let saturatedPools = 0
  pools.forEach((pool) => {
    const waiting = pools.parkedCount[pool]! + pools.spilledCount[pool]!
    if (waiting === 0) return
    if (state.pools.hasRoom(pool)) ready += Math.min(waiting, roomOf(state, pool))
    else saturatedPools++
  })
  return { ready, saturatedPools }
}

function roomOf({ pools }: FlowState, pool: number): number {
  return pools.limit[pool]! - pools.inFlight[pool]! - pools.delayed[pool]!
}

/** The pools with the most records in flight or parked. */
export function topPools(consumer: FlowConsumer, top: 'inflight' | 'parked', count: number): PoolRow[] {
  const rows: { state: FlowState; partition: number; pool: number; weight: number }[] = []
  for (const { state, partition } of consumer.coordinators) {
    const { pools } = state
    pools.forEach((pool) => {
      const weight =
        top === 'parked' ? pools.parkedCount[pool]! + pools.spilledCount[pool]! : pools.inFlight[pool]!
      if (weight === 0 || (rows.length >= count && weight <= rows.at(-1)!.weight)) return
      const at = rows.findIndex((row) => row.weight < weight)
      rows.splice(at < 0 ? rows.length : at, 0, { state, partition: partition.index, pool, weight })
      if (rows.length > count) rows.pop()
    })
  }
  return rows.map(({ state, partition, pool }) => poolRow(state, partition, pool))
}

function poolRow(state: FlowState, partition: number, pool: number): PoolRow {
  const { pools } = state
  const rule = ruleOf(state, pools.rule[pool]!)
  return {
    subject: pools.subjectOf(pool),
    partition,
    inFlight: pools.inFlight[pool]!,
    parked: pools.parkedCount[pool]! + pools.spilledCount[pool]!,
    delayed: pools.delayed[pool]!,
    ...(rule === undefined ? {} : { rule }),
  }
}

function ruleOf(state: FlowState, index: number): FlowRule | undefined {
  return index < 0 ? undefined : state.settings.rules.rules[index]
}

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
  return pool === none
    ? explainIdle(consumer, coordinator, subject)
    : explainPool({ consumer, coordinator, pool, moment: consumer.now() })
}

function explainIdle(
  consumer: FlowConsumer,
  { state, partition, unread }: FlowCoordinator,
  subject: string,
): Explanation {
  const key = Buffer.from(subject)
  const { rules, filter } = state.settings
  rules.match(key, 0, key.length)
  const rule = ruleOf(state, rules.matchedRule)
  const isWaiting = consumer.members.count === 0 && unread > 0
  const text = !filter.matches(key, 0, key.length)
    ? 'the filter of the consumer does not match the subject'
    : isWaiting
      ? `no member is connected; ${unread} records of the partition are not read yet`
      : `nothing of the subject is waiting or out; ${unread} records of the partition are not read yet`
  return {
    subject,
    partition: partition.index,
    reason: isWaiting ? 'no member' : 'idle',
    text,
    ...(rule === undefined ? {} : { rule, limit: rules.matchedLimit }),
    parked: 0,
    delayed: 0,
    inFlight: [],
  }
}

interface Case {
  readonly consumer: FlowConsumer
  readonly coordinator: FlowCoordinator
  readonly pool: number
  readonly moment: Moment
}

function explainPool(asked: Case): Explanation {
  const { coordinator, pool, moment } = asked
  const { state, partition } = coordinator
  const row = poolRow(state, partition.index, pool)
  const nextOffset = nextOffsetOf(state, pool)
  const nextDueMs = firstDueOf(state, pool)
  const limit = state.pools.limit[pool]!
  const { reason, text } = reasonOf(asked, nextDueMs)
  return {
    subject: row.subject,
    partition: row.partition,
    reason,
    text,
    ...(row.rule === undefined ? {} : { rule: row.rule }),
    ...(limit === unlimited ? {} : { limit }),
    parked: row.parked,
    delayed: row.delayed,
    ...(nextOffset === undefined ? {} : { nextOffset }),
    inFlight: inFlightOf(asked),
    ...(nextDueMs === Infinity ? {} : { nextDueInMs: Math.max(0, nextDueMs - moment.monotonicMs) }),
  }
}

function reasonOf(asked: Case, nextDueMs: number): { reason: HeldReason; text: string } {
  const { consumer, coordinator, pool, moment } = asked
  const { state } = coordinator
  const { parked, delayed, inFlight, rule } = poolRow(state, 0, pool)
  const limit = state.pools.limit[pool]!
  if (isDeadLettering(state, pool)) {
    return {
      reason: 'dead-lettering',
      text: `its record is being written to ${consumer.config.deadLetterStream}`,
    }
  }
  if (delayed > 0 && (limit === 1 || parked === 0)) {
    const seconds = Math.max(0, (nextDueMs - moment.monotonicMs) / 1000).toFixed(1)
    return { reason: 'delayed', text: `a record that failed is tried again in ${seconds} s` }
  }
  if (parked === 0) return { reason: 'in flight', text: `${inFlight} out, nothing waits` }
  if (!state.pools.hasRoom(pool)) {
    const text = `${inFlight} of ${limit} are out (rule '${rule?.match}'), ${parked} wait for a settle`
    return { reason: 'pool full', text }
  }
  if (state.pools.next[pool] === beingFetched) {
    return {
      reason: 'reading',
      text: 'its next record is being read from disk, again and again if that fails',
    }
  }
  if (consumer.members.count === 0) return { reason: 'no member', text: 'no member is connected' }
  if (consumer.totals.inFlight >= consumer.maxInflight) {
    return {
      reason: 'consumer full',
      text: `${consumer.totals.inFlight} are out, the consumer's maxInflight`,
    }
  }
  return { reason: 'ready', text: `${parked} wait for a member with room` }
}

function isDeadLettering({ deliveries }: FlowState, pool: number): boolean {
  let found = false
  deliveries.forEach((slot) => {
    if (deliveries.pool[slot] === pool && deliveries.phase[slot] === deliveryPhases.deadLettering)
      found = true
  })
  return found
}

function inFlightOf({ consumer, coordinator, pool, moment }: Case): Explanation['inFlight'] {
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

function nextOffsetOf(state: FlowState, pool: number): number | undefined {
  let first: number | undefined
  if (state.pools.parkedCount[pool]! > 0) first = state.firstParked(pool)
  state.delays.forEach((_dueMs, offset, delayedPool) => {
    if (delayedPool === pool && (first === undefined || offset < first)) first = offset
  })
  return first
}

function firstDueOf(state: FlowState, pool: number): number {
  let first = Infinity
  state.delays.forEach((dueMs, _offset, delayedPool) => {
    if (delayedPool === pool && dueMs < first) first = dueMs
  })
  return first
}
