// Records that leave a flow state though nobody settled them: they are no longer in the log, or an operator
// drains their subjects. Whatever place a record is in, it is taken from there, and what it had taken is
// freed once. Costs the records that are affected and a walk over the active pools; for single records also
// over what is parked before the last of them.

import type { FlowState } from './flow-state.ts'
import type { SubjectFilter } from './rule-table.ts'

/**
 * Everything below `end` has left the log. `ended` is called for each delivery that this ends, before its
 * slot is free. Returns how many records were not settled until now.
 */
export function removeBelow(state: FlowState, end: number, ended: (slot: number) => void): number {
  const { settled } = state
  if (end <= settled.floor) return 0
  const unsettled = unsettledBelow(state, end)
  const read = unsettledBelow(state, Math.min(end, state.readPosition))
  const found = takeOut(state, { end, isGone: () => true }, ended)
  state.readPosition = Math.max(end, state.readPosition)
  state.retries.removeRange(0, end)
  settled.addRange(settled.floor, end)
  state.pools.forEach((pool) => state.spilled.skipTo(pool, end))
  finish(state, unsettled, read - found)
  return unsettled
}

/** The same for single records, whose offsets rise. */
export function removeOffsets(
  state: FlowState,
  offsets: readonly number[],
  ended: (slot: number) => void,
): number {
  const gone = new Set(offsets.filter((offset) => !state.settled.has(offset)))
  if (gone.size === 0) return 0
  let read = 0
  for (const offset of gone) if (offset < state.readPosition) read++
  const end = offsets.at(-1)! + 1
  const found = takeOut(state, { end, isGone: (offset) => gone.has(offset) }, ended)
  for (const offset of gone) {
    state.settled.add(offset)
    state.retries.remove(offset)
  }
  finish(state, gone.size, read - found)
  return gone.size
}

/**
 * Settles what was read of some subjects; what is out, or to become a dead letter, goes on. Returns how many
 * records; those among them that must be read again are settled then.
 */
export function drain(state: FlowState, filter: SubjectFilter): number {
  const { pools, settled, retries } = state
  let count = 0
  const drained = new Set<number>()
  pools.forEach((pool) => {
    if (pools.isIn(pool, filter)) drained.add(pool)
  })
  const settle = (offset: number): boolean => {
    if (state.isCondemned(offset)) return false
    settled.add(offset)
    retries.remove(offset)
    state.onSettledAside(offset)
    count++
    return true
  }
  state.delays.removeWhere((offset, pool) => {
    if (!drained.has(pool) || !settle(offset)) return false
    state.endDelay(pool)
    return true
  })
  for (const pool of drained) {
    state.held.removeWhere(pool, Infinity, settle)
    for (const offset of state.blocked.take(pool)) settle(offset)
    count += state.spilled.drain(pool, state.readPosition)
    state.turns.putInPlace(pool)
  }
  state.counters.drained += count
  state.totals.gates.wakeFreed()
  return count
}

/** The log has ended, and all of it was removed: the state shares nothing with others any more. */
export function partFromOthers({ pools, totals, owner }: FlowState): void {
  const { bundle } = pools
  // Pools that are left wait for bytes that nobody will ask them about.
  pools.forEach((pool) => {
    if (bundle[pool]! < 0) return
    totals.gates.bundles.detach(bundle[pool]!)
    bundle[pool] = -1
  })
  totals.gates.part(owner)
}

interface Removal {
  /** Nothing from here on is affected. */
  readonly end: number
  readonly isGone: (offset: number) => boolean
}

/** Takes records out of every place but the spilled ones, of which nothing is known; returns how many. */
function takeOut(state: FlowState, { end, isGone }: Removal, ended: (slot: number) => void): number {
  const { deliveries, pools, delays } = state
  const slots: number[] = []
  deliveries.forEach((slot) => {
    const offset = deliveries.offset[slot]!
    if (offset < end && isGone(offset)) slots.push(slot)
  })
  for (const slot of slots) {
    ended(slot)
    state.freeSlot(slot)
  }
  let count = slots.length + delays.count + state.blocked.count + state.held.count
  delays.removeWhere((offset, pool) => {
    if (offset >= end || !isGone(offset)) return false
    state.endDelay(pool)
    return true
  })
  pools.forEach((pool) => {
    if (pools.parkedCount[pool]! > 0) state.held.removeWhere(pool, end, isGone)
    if (state.blocked.count > 0) state.blocked.take(pool, (offset) => offset < end && isGone(offset))
  })
  count -= delays.count + state.blocked.count + state.held.count
  return count
}

/** `spilled` of the records were parked and not in memory. */
function finish(state: FlowState, count: number, spilled: number): void {
  state.counters.expired += count
  state.spilledLeft(spilled)
  state.pools.forEach((pool) => state.turns.putInPlace(pool))
  state.totals.gates.wakeFreed()
}

function unsettledBelow({ settled }: FlowState, end: number): number {
  let count = Math.max(0, end - settled.floor)
  settled.forEachRange((start, rangeEnd) => {
    count -= Math.max(0, Math.min(rangeEnd, end) - start)
  })
  return count
}
