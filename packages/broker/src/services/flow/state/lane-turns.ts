// Which pools of one partition may deliver next. A pool that has parked records is a lane, and at each moment
//
//    stopped by itself (full, paused, blocked) ── nothing is done until that ends
//    waiting                                   ── at one gate of its bundle that has no room (gates.ts)
//    ready                                     ── in the ready queue, a slot kept for it at each of its gates
//    starving                                  ── ready, but what it has parked must be read again first
//    being fetched                             ── it had its turn, and the bytes of its record come from disk
//
// Must never deliver or park anything itself.

import type { Gates, LaneOwner } from './gates.ts'
import { PairingHeaps } from './pairing-heaps.ts'
import type { ParkedRecords } from './parked-records.ts'
import { beingFetched, notQueued, poolFlags, waitingAtGate } from './pool-table.ts'
import type { PoolTable } from './pool-table.ts'
import { ReadyQueue } from './ready-queue.ts'
import type { SpilledRecords } from './spilled-records.ts'

const none = -1

export interface ParkedPlaces {
  readonly parked: ParkedRecords
  readonly spilled: SpilledRecords
}

export class LaneTurns implements LaneOwner {
  readonly waiting = new PairingHeaps()
  readonly #pools: PoolTable
  readonly #parked: ParkedRecords
  readonly #spilled: SpilledRecords
  readonly #gates: Gates
  readonly #ready: ReadyQueue
  /** Pools that were ready before their rules changed. */
  #disbanded: number[] = []

  constructor(pools: PoolTable, { parked, spilled }: ParkedPlaces, gates: Gates) {
    this.#pools = pools
    this.#parked = parked
    this.#spilled = spilled
    this.#gates = gates
    this.#ready = new ReadyQueue(pools)
  }

  /** To be called when a pool may have got room or records: it takes the place that is its own now. */
  makeReady(pool: number): void {
    const { next, bundle, flags } = this.#pools
    // The usual case first: nothing waits, and nothing is kept for it.
    if (this.#pools.waitingOf(pool) === 0 && flags[pool] === 0 && next[pool] === notQueued) return
    if (next[pool] === waitingAtGate) return this.#stillWaits(pool)
    if (!this.#hasTurn(pool)) {
      // Why at once, though it may stand in the ready queue until its turn: others may wait for it.
      this.giveBack(pool)
      this.#spilled.noteStarving(pool)
      return
    }
    if (next[pool] !== notQueued) return
    if (bundle[pool] !== none && !this.#pools.hasFlag(pool, poolFlags.reserved)) {
      if (!this.#gates.tryReserve(bundle[pool]!)) return this.#wait(pool)
      this.#pools.setFlag(pool, poolFlags.reserved, true)
    }
    this.#lineUp(pool)
  }

  /** A pool has changed: it takes the place that is its own now, or is forgotten. */
  putInPlace(pool: number): void {
    this.makeReady(pool)
    this.forgetIfIdle(pool)
  }

  /** An idle pool has no row, and no memory. */
  forgetIfIdle(pool: number): void {
    const { inFlight, delayed, next, bundle, flags } = this.#pools
    const isBusy = inFlight[pool]! > 0 || this.#pools.waitingOf(pool) > 0 || delayed[pool]! > 0
    if (isBusy || next[pool] !== notQueued || (flags[pool]! & poolFlags.blocked) !== 0) return
    if (bundle[pool] !== none) {
      this.giveBack(pool)
      this.#gates.bundles.detach(bundle[pool]!)
    }
    this.#pools.remove(pool)
  }

  /** The next ready pool, off the queue; -1 where none is ready. */
  take(): number {
    return this.#ready.take()
  }

  /** Whether a pool that was taken off the queue has something to deliver. */
  isReady(pool: number): boolean {
    return this.#pools.parkedCount[pool]! > 0 && this.#pools.mayGo(pool)
  }

  /** Sets a pool aside that had its turn, until the bytes of its first record are in memory. */
  awaitBytes(pool: number): void {
    this.#pools.next[pool] = beingFetched
  }

  /** Puts a pool that was set aside first in line: its bytes may not stay in memory for long. */
  bytesArrived(pool: number): void {
    this.#pools.next[pool] = notQueued
    if (this.isReady(pool)) this.#ready.addFirst(pool)
    else this.makeReady(pool)
  }

  /** A delivery takes what was kept for the pool; returns whether anything was. */
  takeReserved(pool: number): boolean {
    const wasReserved = this.#pools.hasFlag(pool, poolFlags.reserved)
    this.#pools.setFlag(pool, poolFlags.reserved, false)
    return wasReserved
  }

  /** Lets go of what is kept for a pool that does not deliver after all. */
  giveBack(pool: number): void {
    if (this.takeReserved(pool)) this.#gates.giveBack(this.#pools.bundle[pool]!)
  }

  /** Takes all pools out of all queues, before their rules change, until `placeAll`. */
  disband(): void {
    const { next, bundle } = this.#pools
    this.#disbanded = [...this.#disbanded, ...this.#ready.takeAll()]
    this.#pools.forEach((pool) => {
      this.giveBack(pool)
      if (next[pool] !== waitingAtGate) return
      this.#gates.leave(bundle[pool]!, pool)
      next[pool] = notQueued
    })
  }

  /** Those that were ready come first again, in their order. */
  placeAll(): void {
    for (const pool of this.#disbanded) this.putInPlace(pool)
    this.#disbanded = []
    this.#pools.forEach((pool) => this.makeReady(pool))
  }

  /** For the gates: a lane that waited may go. */
  wake(pool: number): boolean {
    this.#pools.next[pool] = notQueued
    if (!this.#hasTurn(pool)) return false
    this.#pools.setFlag(pool, poolFlags.reserved, true)
    this.#lineUp(pool)
    return true
  }

  /** It has parked records, and nothing of its own stops it. */
  #hasTurn(pool: number): boolean {
    return this.#pools.waitingOf(pool) > 0 && this.#pools.hasRoom(pool)
  }

  #lineUp(pool: number): void {
    if (this.#pools.parkedCount[pool]! > 0) this.#ready.add(pool)
    else this.#spilled.noteStarving(pool)
  }

  #wait(pool: number): void {
    this.#pools.next[pool] = waitingAtGate
    this.#gates.wait(this.#pools.bundle[pool]!, pool, this.#firstOf(pool))
  }

  #stillWaits(pool: number): void {
    const bundle = this.#pools.bundle[pool]!
    if (this.#hasTurn(pool)) return this.#gates.reorder(bundle, pool, this.#firstOf(pool))
    this.#gates.leave(bundle, pool)
    this.#pools.next[pool] = notQueued
    this.#spilled.noteStarving(pool)
  }

  #firstOf(pool: number): number {
    const isInMemory = this.#pools.parkedCount[pool]! > 0
    return isInMemory ? this.#parked.firstOf(pool) : this.#pools.spilledFrom[pool]!
  }
}
