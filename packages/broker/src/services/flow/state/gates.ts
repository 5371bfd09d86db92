// The gates of one flow consumer, for the states of all its partitions: what is full, who waits, and who may
// go when something is free. A lane is a pool of one state, known by its row there.
//
// A lane that goes to the ready queue, or to be read again from the log, has a slot kept for it at every gate
// of its bundle: nobody overtakes it. A lane that is stopped waits; when a slot is free again, exactly the
// lanes whose turn it is are woken, and nothing else is looked at.
// Invariant, outside of a call: a gate that is waited at has no room.

import { assert } from '../../../base/assert.ts'
import { GateBundles } from './gate-bundles.ts'
import { GateLines } from './gate-lines.ts'
import { GateRules } from './gate-rules.ts'
import { gateKinds, GateTable } from './gate-table.ts'
import type { PairingHeaps } from './pairing-heaps.ts'
import type { RuleTable } from './rule-table.ts'
import { TimeHeap } from './time-heap.ts'

const none = -1

/** The state of one partition, as its gates know it. */
export interface LaneOwner {
  /** Columns for its waiting lanes, by their offset. */
  readonly waiting: PairingHeaps
  /** A lane no longer waits. Returns whether it goes on, with a slot kept for it at each of its gates. */
  wake(lane: number): boolean
  /** All states follow the same rules again: its lanes take their places. */
  placeAll(): void
}

export class Gates {
  readonly table = new GateTable()
  readonly rules = new GateRules()
  readonly bundles = new GateBundles(this.table, this.rules)
  readonly lines = new GateLines(this.table, this.bundles)
  /** By number, those that share the gates. */
  readonly #owners = new Map<number, LaneOwner>()
  /** By owner: the rules that it follows, and whether its lanes have no places until all follow the same. */
  readonly #rulesOf = new Map<number, RuleTable>()
  readonly #unplaced = new Set<LaneOwner>()
  /** Gates that are waited at and may have got room. */
  readonly #freed: number[] = []
  /** Rates that are waited at, by when the next record may pass. */
  readonly #timed = new TimeHeap()
  #lastTicket = 0
  #lastOwner = none

  /** The number of a state that shares these gates from now on. */
  join(owner: LaneOwner, rules: RuleTable): number {
    const number = ++this.#lastOwner
    this.#owners.set(number, owner)
    this.#rulesOf.set(number, rules)
    this.rules.adopt(rules)
    return number
  }

  /** A state that has no lanes any more shares nothing from now on, and nobody waits for what it follows. */
  part(owner: number): void {
    this.#unplaced.delete(this.#owners.get(owner)!)
    this.#owners.delete(owner)
    this.#rulesOf.delete(owner)
  }

  /**
   * A state whose lanes have left their gates is to follow these rules; the first of all changes the gates.
   */
  adopt(rules: RuleTable): void {
    // Why: the keys of bundles name rules by their places in the old table.
    this.bundles.forgetIdle()
    if (!this.rules.adopt(rules)) return
    this.table.applyRules()
    this.table.forEach((gate) => this.#mayHaveRoom(gate))
  }

  /** Limits that are read live may have changed: those of captured pools hold from now on. */
  relimit(): void {
    this.table.applyRules()
    this.table.forEach((gate) => this.#mayHaveRoom(gate))
    this.wakeFreed()
  }

  /**
   * What a state has out is counted at the gates of its new rules. Why its lanes must wait for the other
   * states: what these have out is not counted there yet.
   */
  adopted(owner: number, rules: RuleTable): void {
    this.#rulesOf.set(owner, rules)
    this.#unplaced.add(this.#owners.get(owner)!)
    for (const other of this.#rulesOf.values()) if (other !== rules) return
    const owners = [...this.#unplaced]
    this.#unplaced.clear()
    for (const one of owners) one.placeAll()
    this.wakeFreed()
  }

  /** Sets the time, and wakes what its rate lets through by now. */
  advance(nowMs: number): void {
    const { table } = this
    table.buckets.nowMs = Math.max(table.buckets.nowMs, nowMs)
    while (this.#timed.nextDueMs <= table.buckets.nowMs) {
      const gate = this.#timed.take()
      if (table.kind[gate] === gateKinds.rate) this.#mayHaveRoom(gate)
    }
    this.wakeFreed()
    table.sweep()
  }

  /** When `advance` will have somebody to wake; Infinity: not by itself. */
  get nextDueMs(): number {
    return this.#timed.nextDueMs
  }

  // ── Slots ────────────────────────────────────────────────────────────────────────────────────────────────

  /** The first gate without room for a lane that has not waited; -1: none stops it. */
  stopOf(bundle: number): number {
    return this.#stopBeside(bundle, none)
  }

  /** Whether a lane of the bundle may go now, and nobody waits whom it would overtake. */
  hasRoom(bundle: number): boolean {
    return this.stopOf(bundle) === none
  }

  /** Keeps a slot at each gate for one lane; false, and nothing is kept, where one of them has none. */
  tryReserve(bundle: number): boolean {
    if (this.stopOf(bundle) !== none) return false
    this.#reserve(bundle, 1)
    return true
  }

  /** A lane that slots were kept for does not go after all. */
  giveBack(bundle: number): void {
    this.#reserve(bundle, -1)
    this.#freeAll(bundle)
  }

  /**
   * A record of the bundle takes a slot; `wasReserved` where one was kept for it. It passes no rate where it
   * is not delivered, but becomes a dead letter.
   */
  take(bundle: number, wasReserved: boolean, isDelivered: boolean): void {
    const { firstLink, linkGate, linkNext } = this.bundles
    for (let link = firstLink[bundle]!; link !== none; link = linkNext[link]!) {
      const gate = linkGate[link]!
      this.table.take(gate, wasReserved, isDelivered)
      if (this.table.kind[gate] === gateKinds.rate) this.#mayHaveRoom(gate)
    }
  }

  /** So many deliveries of the bundle, and delayed records, are there now that were not (or the reverse). */
  count(bundle: number, inFlight: number, delayed: number): void {
    const { table, bundles } = this
    for (let link = bundles.firstLink[bundle]!; link !== none; link = bundles.linkNext[link]!) {
      const gate = bundles.linkGate[link]!
      if (table.kind[gate] === gateKinds.rate) continue
      table.inFlight[gate]! += inFlight
      table.delayed[gate]! += delayed
      if (inFlight < 0 || delayed < 0) this.#mayHaveRoom(gate)
    }
  }

  #reserve(bundle: number, slots: number): void {
    const { firstLink, linkGate, linkNext } = this.bundles
    for (let link = firstLink[bundle]!; link !== none; link = linkNext[link]!)
      this.table.reserved[linkGate[link]!]! += slots
  }

  #freeAll(bundle: number): void {
    const { firstLink, linkGate, linkNext } = this.bundles
    for (let link = firstLink[bundle]!; link !== none; link = linkNext[link]!)
      this.#mayHaveRoom(linkGate[link]!)
  }

  /** For a lane whose turn it is at a gate, the others that wait there are no hindrance. */
  #stopBeside(bundle: number, turnAt: number): number {
    const { firstLink, linkGate, linkNext } = this.bundles
    for (let link = firstLink[bundle]!; link !== none; link = linkNext[link]!) {
      const gate = linkGate[link]!
      if (!this.table.hasRoom(gate) || (gate !== turnAt && this.lines.isWaitedAt(gate))) return gate
    }
    return none
  }

  // ── Waiting ──────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * A lane that is stopped waits: for a captured pool in the order of the first parked offsets, else in that
   * of coming. Why turns: the lane with the oldest backlog would have a total to itself.
   */
  wait(bundle: number, lane: number, offset: number): void {
    const { waitingRoot, line } = this.bundles
    const key = this.#isOrdered(bundle) ? offset : ++this.#lastTicket
    waitingRoot[bundle] = this.#waitingOf(bundle).add(waitingRoot[bundle]!, lane, key)
    if (line[bundle] !== none) return this.#reorder(bundle)
    const gate = this.stopOf(bundle)
    assert(gate !== none, `lane ${lane} waits where nothing stops it`)
    this.#enter(bundle, gate)
  }

  /** A waiting lane has another first parked offset. */
  reorder(bundle: number, lane: number, offset: number): void {
    const { waitingRoot } = this.bundles
    const waiting = this.#waitingOf(bundle)
    if (!this.#isOrdered(bundle) || waiting.key[lane] === offset) return
    waitingRoot[bundle] = waiting.add(waiting.remove(waitingRoot[bundle]!, lane), lane, offset)
    this.#reorder(bundle)
  }

  /** A lane waits no longer, for reasons of its own. */
  leave(bundle: number, lane: number): void {
    const { waitingRoot } = this.bundles
    waitingRoot[bundle] = this.#waitingOf(bundle).remove(waitingRoot[bundle]!, lane)
    if (waitingRoot[bundle] === none) this.lines.leave(bundle)
    else this.#reorder(bundle)
  }

  /** How many lanes wait at a gate, of all partitions; at the cost of a walk over them. */
  lanesWaitingAt(gate: number): number {
    let count = 0
    this.lines.forEachAt(gate, (bundle) => (count += this.lanesWaiting(bundle)))
    return count
  }

  /** How many lanes of a bundle wait; at the cost of a walk over them. */
  lanesWaiting(bundle: number): number {
    let count = 0
    this.#waitingOf(bundle).forEach(this.bundles.waitingRoot[bundle]!, () => count++)
    return count
  }

  /** Wakes, at every gate that got room since the last call, the lanes whose turn it is. */
  wakeFreed(): void {
    if (this.#freed.length === 0 || this.#unplaced.size > 0) return
    for (let gate = this.#freed.pop(); gate !== undefined; gate = this.#freed.pop())
      if (gate < this.table.kind.length) this.#wakeAt(gate)
  }

  #wakeAt(gate: number): void {
    while (this.lines.isWaitedAt(gate) && this.table.hasRoom(gate)) {
      const bundle = this.lines.takeFirst(gate)
      const stop = this.#stopBeside(bundle, gate)
      if (stop !== none) this.#enter(bundle, stop)
      else this.#wakeFirst(bundle, gate)
    }
    if (this.table.kind[gate] === gateKinds.rate && this.lines.isWaitedAt(gate)) this.#setTime(gate)
  }

  /** The lane with the lowest offset of a bundle goes; the others stay at the gate. */
  #wakeFirst(bundle: number, gate: number): void {
    const { waitingRoot, owner } = this.bundles
    const lane = waitingRoot[bundle]!
    waitingRoot[bundle] = this.#waitingOf(bundle).remove(lane, lane)
    if (this.#owners.get(owner[bundle]!)!.wake(lane)) this.#reserve(bundle, 1)
    if (waitingRoot[bundle] !== none) this.#enter(bundle, gate)
  }

  #enter(bundle: number, gate: number): void {
    const root = this.bundles.waitingRoot[bundle]!
    this.lines.enter(bundle, gate, this.#waitingOf(bundle).key[root]!)
    if (this.table.kind[gate] === gateKinds.rate) this.#setTime(gate)
  }

  #reorder(bundle: number): void {
    const root = this.bundles.waitingRoot[bundle]!
    this.lines.reorder(bundle, this.#waitingOf(bundle).key[root]!)
  }

  /** Entries of a rate whose time has changed meanwhile do no harm: it is looked at and set again. */
  #setTime(gate: number): void {
    const { timedMs } = this.table.buckets
    const dueMs = this.table.dueMs(gate)
    if (dueMs !== Infinity && dueMs !== timedMs[gate]) this.#timed.add(dueMs, gate)
    timedMs[gate] = dueMs
  }

  #mayHaveRoom(gate: number): void {
    if (this.lines.isWaitedAt(gate)) this.#freed.push(gate)
  }

  /** Captured pools are the first links of a bundle. */
  #isOrdered(bundle: number): boolean {
    const { firstLink, linkGate } = this.bundles
    return this.table.kind[linkGate[firstLink[bundle]!]!] === gateKinds.capture
  }

  #waitingOf(bundle: number): PairingHeaps {
    return this.#owners.get(this.bundles.owner[bundle]!)!.waiting
  }
}
