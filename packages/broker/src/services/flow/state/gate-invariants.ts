// Recomputes what the gates of a consumer count, from the states of all its partitions, and compares. For
// tests, the simulator and debug builds, beside flow-invariants.ts.

import { assert } from '../../../base/assert.ts'
import { checkInvariants } from './flow-invariants.ts'
import type { FlowState } from './flow-state.ts'
import type { FlowTotals } from './flow-totals.ts'
import { gateKinds } from './gate-table.ts'
import type { Gates } from './gates.ts'
import { poolFlags, waitingAtGate } from './pool-table.ts'

const none = -1

interface GateCount {
  inFlight: number
  reserved: number
  delayed: number
  waiting: number
}

/** All invariants of a consumer: those of each partition, and of what they share. */
export function checkConsumer(
  totals: FlowTotals,
  states: readonly FlowState[],
  limitsMayBeExceeded: boolean,
): void {
  for (const state of states) checkInvariants(state, limitsMayBeExceeded)
  checkGates(totals, states, limitsMayBeExceeded)
}

/** Throws an AssertionError that names the gate and the numbers. `states`: all that share the totals. */
export function checkGates(
  totals: FlowTotals,
  states: readonly FlowState[],
  limitsMayBeExceeded = false,
): void {
  const { gates } = totals
  const counts = new Map<number, GateCount>()
  const lanes = new Map<number, number>()
  let inFlight = 0
  for (const state of states) {
    inFlight += state.deliveries.count
    countLanes(state, gates, counts, lanes)
  }
  same(totals.inFlight, inFlight, 'in flight of the consumer')
  gates.table.forEach((gate) => checkGate(gates, gate, counts.get(gate), limitsMayBeExceeded))
  gates.bundles.forEach((bundle) => {
    same(gates.bundles.lanesOf(bundle), lanes.get(bundle) ?? 0, `lanes of bundle ${bundle}`)
  })
}

function countLanes(
  { pools }: FlowState,
  gates: Gates,
  counts: Map<number, GateCount>,
  lanes: Map<number, number>,
): void {
  pools.forEach((pool) => {
    const bundle = pools.bundle[pool]!
    if (bundle === none) return
    lanes.set(bundle, (lanes.get(bundle) ?? 0) + 1)
    const isWaiting = pools.next[pool] === waitingAtGate
    if (isWaiting) assert(gates.lines.gateOf(bundle) !== none, `'${pools.subjectOf(pool)}' waits nowhere`)
    for (const gate of gates.bundles.gatesOf(bundle)) {
      const count = counts.get(gate) ?? { inFlight: 0, reserved: 0, delayed: 0, waiting: 0 }
      counts.set(gate, count)
      count.inFlight += pools.inFlight[pool]!
      count.delayed += pools.delayed[pool]!
      if (pools.hasFlag(pool, poolFlags.reserved)) count.reserved++
      if (isWaiting && gates.lines.gateOf(bundle) === gate) count.waiting++
    }
  })
}

function checkGate(gates: Gates, gate: number, expected: GateCount | undefined, mayExceed: boolean): void {
  const { table, lines } = gates
  const { inFlight, reserved, delayed, waiting } = expected ?? {
    inFlight: 0,
    reserved: 0,
    delayed: 0,
    waiting: 0,
  }
  const name = `gate ${gate} of '${table.ruleOf(gate).rule.match}'`
  same(table.reserved[gate]!, reserved, `slots kept at ${name}`)
  if (table.kind[gate] !== gateKinds.rate) {
    same(table.inFlight[gate]!, inFlight, `in flight of ${name}`)
    same(table.delayed[gate]!, delayed, `delayed of ${name}`)
    const isWithin = inFlight + reserved <= table.limit[gate]!
    assert(
      isWithin || mayExceed,
      `${name} has ${inFlight} out and ${reserved} kept, limit ${table.limit[gate]}`,
    )
  }
  let waits = 0
  lines.forEachAt(gate, (bundle) => {
    assert(gates.bundles.waitingRoot[bundle] !== none, `a bundle waits at ${name} for nobody`)
    waits += gates.lanesWaiting(bundle)
  })
  same(waits, waiting, `waiting at ${name}`)
  if (waiting > 0) assert(!table.hasRoom(gate), `${name} has room, and ${waiting} wait`)
}

function same(actual: number, expected: number, what: string): void {
  assert(actual === expected, `${what}: counted ${actual}, recomputed ${expected}`)
}
