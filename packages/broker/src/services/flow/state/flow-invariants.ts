// Recomputes what a flow state counts as it goes, and compares (docs/internals/flow-control.md,
// "Invariants"). Costs a walk over everything: for tests, the simulator and debug builds.

import { assert } from '../../../base/assert.ts'
import { deliveryPhases } from './delivery-table.ts'
import type { FlowState } from './flow-state.ts'

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
    same(pools.inFlight[pool]!, inFlight.get(pool) ?? 0, `in flight of '${subject}'`)
    same(pools.delayed[pool]!, delayed.get(pool)?.all ?? 0, `delayed of '${subject}'`)
    same(pools.holding[pool]!, delayed.get(pool)?.holding ?? 0, `slots held by delays of '${subject}'`)
    const isWithin = pools.inFlight[pool]! <= pools.limit[pool]!
    assert(
      isWithin || limitsMayBeExceeded,
      `'${subject}' has ${pools.inFlight[pool]} out, limit ${pools.limit[pool]}`,
    )
    parked += checkParked(state, pool, places)
    spilled += pools.spilledCount[pool]!
    inFlight.delete(pool)
    delayed.delete(pool)
  })
  same(inFlight.size + delayed.size, 0, 'pools with deliveries or delays, but without a row')
  same(state.parked, parked + spilled, 'parked records')
  same(state.spilled.count, spilled, 'spilled records')
  checkPlaces(state, places)
}

function countInFlight(state: FlowState, places: Map<number, string>): Map<number, number> {
  const { deliveries } = state
  const counts = new Map<number, number>()
  const held = new Map<number, number>()
  let total = 0
  deliveries.forEach((slot) => {
    const pool = deliveries.pool[slot]!
    counts.set(pool, (counts.get(pool) ?? 0) + 1)
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

function countDelayed(
  state: FlowState,
  places: Map<number, string>,
): Map<number, { all: number; holding: number }> {
  const counts = new Map<number, { all: number; holding: number }>()
  state.delays.forEach((_dueMs, offset, pool, holds) => {
    const count = counts.get(pool) ?? { all: 0, holding: 0 }
    count.all++
    if (holds) count.holding++
    counts.set(pool, count)
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
