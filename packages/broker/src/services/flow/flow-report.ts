// Counts of a flow consumer for people, and its busiest subjects. Reads the states and changes nothing; why a
// single subject is not delivered is told by flow-explanation.ts.

import type { ConsumerStats, FlowRule, PoolOrder, PoolRow } from '@sluice/protocol/model/consumer'
import type { FlowConsumer } from './flow-consumer.ts'
import type { FlowCoordinator } from './flow-coordinator.ts'
import { ruleAsGiven } from './state/counted-rule.ts'
import type { FlowState } from './state/flow-state.ts'
import { fullOf, readyOf } from './state/pool-hold.ts'
import { poolFlags } from './state/pool-table.ts'

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
  'dropped',
  'drained',
  'expired',
  'quarantined',
] as const

export function statsOf(consumer: FlowConsumer): ConsumerStats {
  const counts = Object.fromEntries(countedNames.map((name) => [name, 0])) as Record<
    (typeof countedNames)[number],
    number
  >
  const waiting = newWaiting()
  let [delayed, blocked, parked, activeSubjects] = [0, 0, 0, 0]
  for (const { state } of consumer.coordinators) {
    for (const name of countedNames) counts[name] += state.counters[name]
    state.pools.forEach((pool) => addWaiting(waiting, state, pool))
    delayed += state.delays.count
    blocked += state.blocked.count
    parked += state.parked
    activeSubjects += state.pools.count
  }
  const { totals, members, coordinators, maxInflight } = consumer
  const { ready, saturatedSubjects, heldBy } = waiting
  const consumerHolds = totals.inFlight >= maxInflight ? ready : 0
  const inFlight = totals.inFlight
  const now = {
    members: members.count,
    inFlight,
    parked: Math.max(0, parked - ready),
    ready,
    delayed,
    blocked,
  }
  const partitions = coordinators.map(partitionStats)
  return {
    ...now,
    activeSubjects,
    saturatedSubjects,
    ...counts,
    heldBy: { ...heldBy, consumer: consumerHolds },
    partitions,
  }
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

interface Waiting {
  /** Parked records that might be delivered now. */
  ready: number
  saturatedSubjects: number
  /** The others, by what holds them back. */
  readonly heldBy: { pool: number; total: number; rate: number; paused: number; blocked: number }
}

function newWaiting(): Waiting {
  return { ready: 0, saturatedSubjects: 0, heldBy: { pool: 0, total: 0, rate: 0, paused: 0, blocked: 0 } }
}

function addWaiting(waiting: Waiting, state: FlowState, pool: number): void {
  const { pools } = state
  const count = pools.waitingOf(pool)
  if (count === 0) return
  const { heldBy } = waiting
  if (pools.hasFlag(pool, poolFlags.blocked)) heldBy.blocked += count
  else if (pools.hasFlag(pool, poolFlags.paused)) heldBy.paused += count
  else {
    const hold = fullOf(state, pool)
    const { ready, rest } = hold === undefined ? readyOf(state, pool) : { ready: 0, rest: hold.kind }
    waiting.ready += ready
    if (rest === 'pool' || rest === 'total' || rest === 'rate') heldBy[rest] += count - ready
    if (hold?.kind === 'pool') waiting.saturatedSubjects++
  }
}

interface Ranked {
  readonly state: FlowState
  readonly partition: number
  readonly pool: number
  /** The lowest comes first. */
  readonly rank: number
}

/**
 * The subjects with the most records in flight or parked, or whose next record has waited longest. Offsets
 * of different partitions cannot be compared: for `oldest`, the first of each partition come first, then the
 * second.
 */
export function topPools(consumer: FlowConsumer, top: PoolOrder, count: number): PoolRow[] {
  const perPartition = consumer.coordinators.map(({ state, partition }) => {
    const delayed = firstDelayedOf(state)
    const rows: Ranked[] = []
    state.pools.forEach((pool) => {
      const rank = rankOf(state, pool, { top, delayed })
      if (rank === undefined || (rows.length >= count && rank >= rows.at(-1)!.rank)) return
      const at = rows.findIndex((row) => row.rank > rank)
      rows.splice(at < 0 ? rows.length : at, 0, { state, partition: partition.index, pool, rank })
      if (rows.length > count) rows.pop()
    })
    return { rows, delayed }
  })
  const ranked = perPartition.flatMap(({ rows, delayed }) =>
    rows.map((row, index) => ({ ...row, delayed, order: top === 'oldest' ? index : row.rank })),
  )
  ranked.sort((a, b) => a.order - b.order)
  return ranked.slice(0, count).map(({ state, partition, pool, delayed }) => ({
    ...poolRow(state, partition, pool),
    ...nextOffsetOf(state, pool, delayed),
  }))
}

function rankOf(
  state: FlowState,
  pool: number,
  { top, delayed }: { top: PoolOrder; delayed: ReadonlyMap<number, number> },
): number | undefined {
  if (top === 'oldest') return nextOffsetOf(state, pool, delayed).nextOffset
  const count = top === 'parked' ? state.pools.waitingOf(pool) : state.pools.inFlight[pool]!
  return count === 0 ? undefined : -count
}

/** The row of a pool, but for its next offset. */
export function poolRow(state: FlowState, partition: number, pool: number): PoolRow {
  const { pools } = state
  const rule = ruleOf(state, pools.rule[pool]!)
  return {
    subject: pools.subjectOf(pool),
    partition,
    inFlight: pools.inFlight[pool]!,
    parked: pools.waitingOf(pool),
    delayed: pools.delayed[pool]!,
    blocked: state.blockedOf(pool).length,
    isPaused: pools.hasFlag(pool, poolFlags.paused),
    ...(rule === undefined ? {} : { rule }),
  }
}

export function ruleOf(state: FlowState, index: number): FlowRule | undefined {
  const rule = index < 0 ? undefined : state.settings.rules.rules[index]
  return rule === undefined ? undefined : ruleAsGiven(rule)
}

/** By pool: the lowest offset of its delayed records. */
export function firstDelayedOf({ delays }: FlowState): ReadonlyMap<number, number> {
  const first = new Map<number, number>()
  delays.forEach((_dueMs, offset, pool) => {
    if (offset < (first.get(pool) ?? Infinity)) first.set(pool, offset)
  })
  return first
}

/** Offset of the next record of a pool that is not in flight, where there is one. */
export function nextOffsetOf(
  state: FlowState,
  pool: number,
  delayed: ReadonlyMap<number, number>,
): { nextOffset?: number } {
  const { pools } = state
  const first = Math.min(
    pools.parkedCount[pool]! > 0 ? state.firstParked(pool) : Infinity,
    pools.spilledCount[pool]! > 0 ? pools.spilledFrom[pool]! : Infinity,
    delayed.get(pool) ?? Infinity,
    state.blockedOf(pool)[0] ?? Infinity,
  )
  return first === Infinity ? {} : { nextOffset: first }
}
