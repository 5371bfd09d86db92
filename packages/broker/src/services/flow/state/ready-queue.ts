// The pools that have something to deliver and room for it, in turn: a chain through the pools' own column
// `next`. A pool that is added again after its turn stays first until it has taken as many as its weight.

import { notQueued } from './pool-table.ts'
import type { PoolTable } from './pool-table.ts'

const none = -1

export class ReadyQueue {
  readonly #pools: PoolTable
  #first = none
  #last = none
  /** The pool that was taken last, and how many records more it may take before others. */
  #turn = none
  #turnsLeft = 0

  constructor(pools: PoolTable) {
    this.#pools = pools
  }

  /** For a pool that is in no queue. */
  add(pool: number): void {
    if (pool === this.#turn && this.#turnsLeft > 0) return this.addFirst(pool)
    const { next } = this.#pools
    next[pool] = none
    if (this.#last === none) this.#first = pool
    else next[this.#last] = pool
    this.#last = pool
  }

  /** Puts a pool that is in no queue first in line. */
  addFirst(pool: number): void {
    this.#pools.next[pool] = this.#first
    this.#first = pool
    if (this.#last === none) this.#last = pool
  }

  /** The pool whose turn it is, off the queue; -1 where there is none. */
  take(): number {
    const pool = this.#first
    if (pool === none) return none
    this.#first = this.#pools.next[pool]!
    if (this.#first === none) this.#last = none
    this.#pools.next[pool] = notQueued
    if (pool !== this.#turn || this.#turnsLeft === 0) {
      this.#turn = pool
      this.#turnsLeft = this.#pools.weight[pool]!
    }
    this.#turnsLeft--
    return pool
  }

  /** Takes all, in their order. */
  takeAll(): number[] {
    const pools: number[] = []
    for (let pool = this.take(); pool !== none; pool = this.take()) pools.push(pool)
    this.#turn = none
    return pools
  }
}
