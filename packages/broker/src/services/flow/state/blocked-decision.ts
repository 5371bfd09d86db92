// What an operator decides on the blocked records of a flow state: each is tried again, settled, or becomes a
// dead letter.

import type { BlockedDecision } from '@sluice/protocol/model/consumer'
import type { FlowState } from './flow-state.ts'
import type { Verdict } from './retry-table.ts'

const none = -1

/**
 * Decides on all blocked records of a pool. For dead letters `slots` are their deliveries, condemned; these
 * may exceed limits, since the operator wants them gone now. Those that stand among spilled records have
 * none: they are read again with these, and are condemned then.
 */
export function decide(
  state: FlowState,
  pool: number,
  decision: BlockedDecision,
): { offsets: number[]; slots: number[] } {
  const offsets = state.blocked.take(pool)
  const slots: number[] = []
  for (const offset of offsets.toReversed()) {
    if (decision === 'drop') settle(state, offset)
    else if (decision === 'retry') retryAnew(state, pool, offset)
    else condemn(state, pool, offset, slots)
  }
  if (decision === 'drop') state.counters.dropped += offsets.length
  state.turns.putInPlace(pool)
  state.totals.gates.wakeFreed()
  return { offsets, slots: slots.reverse() }
}

function settle({ settled, retries }: FlowState, offset: number): void {
  settled.add(offset)
  retries.remove(offset)
}

function retryAnew({ retries, spilled, held }: FlowState, pool: number, offset: number): void {
  retries.set(offset, { failures: 0, dueWallMs: 0, waitMs: 0 })
  if (spilled.isAmong(pool, offset)) spilled.addAmong(pool)
  else held.insert(pool, offset)
}

function condemn(state: FlowState, pool: number, offset: number, slots: number[]): void {
  const { retries, spilled } = state
  const { failures, verdict } = retries.find(offset)!
  const condemned: Verdict = { reason: 'max-deliver', text: verdict!.text }
  retries.set(offset, { failures, dueWallMs: 0, waitMs: 0, verdict: condemned })
  if (spilled.isAmong(pool, offset)) return spilled.addAmong(pool)
  const slot = state.deliver(pool, offset, none)
  state.holdForDeadLetter(slot)
  slots.push(slot)
}
