// Recomputes what a flow state counts as it goes, and compares (docs/internals/flow-control.md,
// "Invariants"). Costs a walk over everything: for tests, the simulator and debug builds.
// What partitions share is recounted in gate-invariants.ts.

import { assert } from '../../../base/assert.ts'
import { deliveryPhases } from './delivery-table.ts'
import type { FlowState } from './flow-state.ts'
import { notQueued, poolFlags, waitingAtGate } from './pool-table.ts'

const none = -1

/**
 * Throws an AssertionError that names the invariant and the numbers. `limitsMayBeExceeded` after
 * one was lowered.
 */
export function checkInvariants(state: FlowState, limitsMayBeExceeded = false): void {
  const places = new Map<number, string>()
  const inFlight = countInFlight(state, places)
  const delayed = countDelayed(state, places)
  let parked = 0
  let spilled = 0
  state.pools.forEach((pool) => {
    const { pools } = state
    const subject = pools.subjectOf(pool)
    const out = inFlight.get(pool) ?? { all: 0, withMembers: 0 }
    same(pools.inFlight[pool]!, out.all, `in flight of '${subject}'`)
    same(pools.delayed[pool]!, delayed.get(pool) ?? 0, `delayed of '${subject}'`)
    const isWithin = out.withMembers <= pools.limit[pool]!
    assert(isWithin || limitsMayBeExceeded, `'${subject}' has ${out.all} out, limit ${pools.limit[pool]}`)
    parked += checkParked(state, pool, places)
    spilled += pools.spilledCount[pool]!
    checkTurn(state, pool)
    inFlight.delete(pool)
    delayed.delete(pool)
  })
  same(inFlight.size + delayed.size, 0, 'pools with deliveries or delays, but without a row')
  checkBlocked(state, places)
  same(state.held.count, parked, 'parked records in memory')
  assert(state.spilled.count <= spilled, `${state.spilled.count} spilled, but pools have ${spilled}`)
  checkPlaces(state, places)
}

interface OutCount {
  all: number
  /** Without those that are on their way to the dead-letter stream. */
  withMembers: number
}

function countInFlight(state: FlowState, places: Map<number, string>): Map<number, OutCount> {
  const { deliveries } = state
  const counts = new Map<number, OutCount>()
  const held = new Map<number, number>()
  let total = 0
  deliveries.forEach((slot) => {
    const pool = deliveries.pool[slot]!
    const count = counts.get(pool) ?? { all: 0, withMembers: 0 }
    counts.set(pool, count)
    count.all++
    if (deliveries.phase[slot] === deliveryPhases.out) count.withMembers++
    place(places, deliveries.offset[slot]!, 'out')
    assert(deliveries.phase[slot] !== deliveryPhases.free, `free slot ${slot} is listed`)
    const member = deliveries.member[slot]!
    if (member !== none) held.set(member, (held.get(member) ?? 0) + 1)
    total++
  })
  same(deliveries.count, total, 'rows of deliveries')
  for (const [member, count] of held)
    same(deliveries.held.slotsOf(member).length, count, `held by member ${member}`)
  return counts
}

function countDelayed(state: FlowState, places: Map<number, string>): Map<number, number> {
  const counts = new Map<number, number>()
  state.delays.forEach((_dueMs, offset, pool) => {
    counts.set(pool, (counts.get(pool) ?? 0) + 1)
    place(places, offset, 'delayed')
  })
  return counts
}

function checkParked(state: FlowState, pool: number, places: Map<number, string>): number {
  let count = 0
  let previous = -1
  state.forEachParked(pool, (offset) => {
    assert(
      offset > previous,
      `parked records of '${state.pools.subjectOf(pool)}' are out of order at ${offset}`,
    )
    previous = offset
    place(places, offset, 'parked')
    count++
  })
  same(state.pools.parkedCount[pool]!, count, `parked of '${state.pools.subjectOf(pool)}'`)
  return count
}

function checkBlocked({ blocked, pools, retries }: FlowState, places: Map<number, string>): void {
  let count = 0
  blocked.forEach((pool, offset) => {
    place(places, offset, 'blocked')
    assert(pools.isActive(pool), `blocked ${offset} has no pool`)
    assert(retries.find(offset)?.verdict?.reason === 'blocked', `blocked ${offset} has no verdict`)
    count++
  })
  same(blocked.count, count, 'blocked records')
  pools.forEach((pool) => {
    same(
      pools.hasFlag(pool, poolFlags.blocked) ? 1 : 0,
      blocked.offsetsOf(pool).length > 0 ? 1 : 0,
      'blocked flag',
    )
  })
}

/** A pool that could go is on its way, and one that could not holds nothing back from others. */
function checkTurn({ pools }: FlowState, pool: number): void {
  const subject = pools.subjectOf(pool)
  const next = pools.next[pool]!
  const isReserved = pools.hasFlag(pool, poolFlags.reserved)
  const isLinedUp = next !== notQueued && next !== waitingAtGate
  const hasTurn = pools.waitingOf(pool) > 0 && pools.hasRoom(pool)
  const isStarving = next === notQueued && pools.parkedCount[pool] === 0 && pools.spilledCount[pool]! > 0
  if (hasTurn) assert(next !== notQueued || isStarving, `'${subject}' has room, and nobody knows`)
  if (next === waitingAtGate) assert(hasTurn && !isReserved, `'${subject}' waits without need`)
  if (isReserved) assert(isLinedUp || isStarving, `'${subject}' keeps slots for nothing`)
  if (pools.bundle[pool] === none)
    assert(!isReserved && next !== waitingAtGate, `'${subject}' shares nothing`)
  else if (hasTurn && isStarving) assert(isReserved, `'${subject}' is to be read again without a slot`)
}

/** Every offset between floor and read position is settled, or in exactly one place, or spilled. */
function checkPlaces(state: FlowState, places: Map<number, string>): void {
  for (const [offset, where] of places) {
    assert(!state.settled.has(offset), `${offset} is settled and ${where}`)
    assert(offset < state.readPosition, `${offset} is ${where} and not yet read`)
  }
  let unsettled = 0
  let at = state.settled.floor
  state.settled.forEachRange((start, end) => {
    unsettled += Math.max(0, Math.min(start, state.readPosition) - at)
    at = Math.min(end, state.readPosition)
  })
  unsettled += Math.max(0, state.readPosition - at)
  same(places.size + state.spilled.count, unsettled, 'unsettled records below the read position')
}

function place(places: Map<number, string>, offset: number, where: string): void {
  const other = places.get(offset)
  assert(other === undefined, `${offset} is ${where} and ${other}`)
  places.set(offset, where)
}

function same(actual: number, expected: number, what: string): void {
  assert(actual === expected, `${what}: counted ${actual}, recomputed ${expected}`)
}
