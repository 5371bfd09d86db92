// Who waits at which gate. A bundle with waiting lanes stands in one line, at one gate that stops it:
//
//    gate ──► line of partition 0: bundles, the one with the lowest parked offset first      captured pools
//        └──► line of partition 1: …                                                      take turns
//    gate ──► one line of all: bundles, the one that came first, first                     totals and rates
//
// Must never wake anybody: gates.ts takes from the lines when there is room.

import { resized } from './columns.ts'
import type { GateBundles } from './gate-bundles.ts'
import { gateKinds } from './gate-table.ts'
import type { GateTable } from './gate-table.ts'
import { PairingHeaps } from './pairing-heaps.ts'

const none = -1
/** In `#owner`: the line is for bundles of all states. */
const everybody = -2

export class GateLines {
  readonly #gates: GateTable
  readonly #bundles: GateBundles
  /** The bundles of each line. */
  readonly #heaps = new PairingHeaps()
  #gate = new Int32Array(0)
  #owner = new Int32Array(0)
  #root = new Int32Array(0)
  /** The next line of the gate, or of those that are free. */
  #next = new Int32Array(0)
  #firstFree = none
  #lastTicket = 0

  constructor(gates: GateTable, bundles: GateBundles) {
    this.#gates = gates
    this.#bundles = bundles
  }

  /** The gate at which a bundle waits; -1: nowhere. */
  gateOf(bundle: number): number {
    const line = this.#bundles.line[bundle]!
    return line === none ? none : this.#gate[line]!
  }

  isWaitedAt(gate: number): boolean {
    return this.#gates.firstLine[gate] !== none
  }

  /** Puts a bundle, which stands nowhere, in its line at a gate; `offset` is its lowest. */
  enter(bundle: number, gate: number, offset: number): void {
    const isOrdered = this.#gates.kind[gate] === gateKinds.capture
    const line = this.#lineAt(gate, isOrdered ? this.#bundles.owner[bundle]! : everybody)
    const key = isOrdered ? offset : ++this.#lastTicket
    this.#root[line] = this.#heaps.add(this.#root[line]!, bundle, key)
    this.#bundles.line[bundle] = line
  }

  /** A waiting bundle has another lowest offset. */
  reorder(bundle: number, offset: number): void {
    const line = this.#bundles.line[bundle]!
    if (this.#owner[line] === everybody || this.#heaps.key[bundle] === offset) return
    const root = this.#heaps.remove(this.#root[line]!, bundle)
    this.#root[line] = this.#heaps.add(root, bundle, offset)
  }

  /** Takes a bundle out of its line. */
  leave(bundle: number): void {
    const line = this.#bundles.line[bundle]!
    this.#bundles.line[bundle] = none
    this.#root[line] = this.#heaps.remove(this.#root[line]!, bundle)
    if (this.#root[line] === none) this.#removeLine(line)
  }

  /** Takes the bundle whose turn it is at a gate that is waited at; its line goes behind those of others. */
  takeFirst(gate: number): number {
    const { firstLine, lastLine } = this.#gates
    const line = firstLine[gate]!
    const bundle = this.#root[line]!
    if (line !== lastLine[gate]) {
      firstLine[gate] = this.#next[line]!
      this.#next[lastLine[gate]!] = line
      this.#next[line] = none
      lastLine[gate] = line
    }
    this.leave(bundle)
    return bundle
  }

  /** Calls back with every bundle that waits at a gate. */
  forEachAt(gate: number, visit: (bundle: number) => void): void {
    for (let line = this.#gates.firstLine[gate]!; line !== none; line = this.#next[line]!)
      this.#heaps.forEach(this.#root[line]!, visit)
  }

  #lineAt(gate: number, owner: number): number {
    const { firstLine, lastLine } = this.#gates
    // At most one for each partition.
    for (let line = firstLine[gate]!; line !== none; line = this.#next[line]!)
      if (this.#owner[line] === owner) return line
    if (this.#firstFree === none) this.#grow()
    const line = this.#firstFree
    this.#firstFree = this.#next[line]!
    this.#gate[line] = gate
    this.#owner[line] = owner
    this.#root[line] = this.#next[line] = none
    if (firstLine[gate] === none) firstLine[gate] = line
    else this.#next[lastLine[gate]!] = line
    lastLine[gate] = line
    return line
  }

  #removeLine(line: number): void {
    const { firstLine, lastLine } = this.#gates
    const gate = this.#gate[line]!
    let before = none
    for (let at = firstLine[gate]!; at !== line; at = this.#next[at]!) before = at
    if (before === none) firstLine[gate] = this.#next[line]!
    else this.#next[before] = this.#next[line]!
    if (lastLine[gate] === line) lastLine[gate] = before
    this.#next[line] = this.#firstFree
    this.#firstFree = line
  }

  #grow(): void {
    const before = this.#gate.length
    const size = Math.max(16, before * 2)
    this.#gate = resized(this.#gate, new Int32Array(size))
    this.#owner = resized(this.#owner, new Int32Array(size))
    this.#root = resized(this.#root, new Int32Array(size))
    this.#next = resized(this.#next, new Int32Array(size))
    for (let line = before; line < size; line++) this.#next[line] = line + 1 < size ? line + 1 : none
    this.#firstFree = before
  }
}
