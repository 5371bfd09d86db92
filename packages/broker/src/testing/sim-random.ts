// Chance for the simulator: everything drawn here follows from one seed.

import type { Random } from '../io/io.ts'

/**
 * xoshiro128** 1.1 by David Blackman and Sebastiano Vigna (public domain, prng.di.unimi.it), its state filled
 * by a Weyl sequence through the finalizer of MurmurHash3 (Austin Appleby, public domain).
 */
export class SimRandom implements Random {
  readonly seed: number
  #a: number
  #b: number
  #c: number
  #d: number

  constructor(seed: number) {
    this.seed = seed >>> 0
    this.#a = mixed(this.seed + 0x9e3779b9)
    this.#b = mixed(this.seed + 0x3c6ef372)
    this.#c = mixed(this.seed + 0xdaa66d2b)
    this.#d = mixed(this.seed + 0x78dde6e4) | 1
  }

  u32(): number {
    const result = Math.imul(rotated(Math.imul(this.#b, 5), 7), 9) >>> 0
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = rotated(this.#d, 11)
    return result
  }

  /** From 0 to 1, without 1. */
  float(): number {
    return this.u32() / 2 ** 32
  }

  /** A fraction from `low` to `high`. */
  between(low: number, high: number): number {
    return low + this.float() * (high - low)
  }

  /** An integer from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.float() * (high - low + 1))
  }

  chance(probability: number): boolean {
    return this.float() < probability
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.int(0, choices.length - 1)]
  }

  /** Fills `target` with random bytes. */
  fill(target: Uint8Array): void {
    for (let index = 0; index < target.length; index += 1) target[index] = this.u32()
  }

  /**
   * An independent generator for one part of the world. It depends on the seed and the name only, so what one
   * part draws does not disturb another.
   */
  fork(name: string): SimRandom {
    let hash = this.seed
    for (let index = 0; index < name.length; index += 1)
      hash = mixed(hash ^ name.charCodeAt(index)) + 0x9e3779b9
    return new SimRandom(hash)
  }
}

function mixed(value: number): number {
  let hash = value >>> 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}
