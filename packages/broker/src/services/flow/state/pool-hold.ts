// What holds back the next record of a pool, for people: one answer for each pool, the first that is true of
//
//    blocked, paused, dead-lettering, delayed, the pool full (its own or a captured one), a total, a rate
//
// Reads the state and changes nothing. Costs a look at the pool and its gates.

import { deliveryPhases } from './delivery-table.ts'
import type { FlowState } from './flow-state.ts'
import { gateKinds } from './gate-table.ts'
import { poolFlags } from './pool-table.ts'

const none = -1

export type HoldKind = 'blocked' | 'paused' | 'dead-lettering' | 'delayed' | 'pool' | 'total' | 'rate'

export interface PoolHold {
  readonly kind: HoldKind
  /** The gate that is full, or a rate; -1: it is the pool's own limit, or nothing of the kind. */
  readonly gate: number
}

/** Undefined where nothing of the pool, or of what it shares, holds it back. */
export function holdOf(state: FlowState, pool: number): PoolHold | undefined {
  const { pools } = state
  if (pools.hasFlag(pool, poolFlags.blocked)) return { kind: 'blocked', gate: none }
  if (pools.hasFlag(pool, poolFlags.paused)) return { kind: 'paused', gate: none }
  if (isDeadLettering(state, pool)) return { kind: 'dead-lettering', gate: none }
  const isWaiting = pools.waitingOf(pool) > 0
  if (pools.delayed[pool]! > 0 && (pools.limit[pool] === 1 || !isWaiting))
    return { kind: 'delayed', gate: none }
  return isWaiting ? fullOf(state, pool) : undefined
}

/** What is full for a pool that has parked records; undefined where it is ready. */
export function fullOf(state: FlowState, pool: number): PoolHold | undefined {
  const { pools, totals } = state
  if (!pools.hasRoom(pool)) return { kind: 'pool', gate: none }
  const bundle = pools.bundle[pool]!
  if (bundle === none || pools.hasFlag(pool, poolFlags.reserved)) return undefined
  const gate = totals.gates.stopOf(bundle)
  if (gate === none) return undefined
  const gateKind = totals.gates.table.kind[gate]
  return {
    kind: gateKind === gateKinds.capture ? 'pool' : gateKind === gateKinds.total ? 'total' : 'rate',
    gate,
  }
}

/**
 * Of the parked records of a pool that may go, how many might at once, and what holds back the others: its
 * own limit, or the gate with the least room.
 */
export function readyOf(state: FlowState, pool: number): { ready: number; rest: HoldKind } {
  const { pools, totals } = state
  const { table, bundles } = totals.gates
  let ready = Math.min(pools.waitingOf(pool), pools.limit[pool]! - pools.inFlight[pool]!)
  let rest: HoldKind = 'pool'
  const bundle = pools.bundle[pool]!
  if (bundle === none) return { ready, rest }
  for (const gate of bundles.gatesOf(bundle)) {
    const own = pools.hasFlag(pool, poolFlags.reserved) ? 1 : 0
    const isRate = table.kind[gate] === gateKinds.rate
    const room = isRate
      ? Math.max(own, table.hasRoom(gate) ? 1 : 0)
      : table.limit[gate]! - table.occupied(gate) + own
    if (room >= ready) continue
    ready = Math.max(0, room)
    rest = isRate ? 'rate' : table.kind[gate] === gateKinds.total ? 'total' : 'pool'
  }
  return { ready, rest }
}

function isDeadLettering({ deliveries, pools }: FlowState, pool: number): boolean {
  if (pools.inFlight[pool] === 0) return false
  let found = false
  deliveries.forEach((slot) => {
    const isCondemned = deliveries.phase[slot] === deliveryPhases.deadLettering
    if (isCondemned && deliveries.pool[slot] === pool) found = true
  })
  return found
}
