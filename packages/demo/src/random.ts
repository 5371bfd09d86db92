// Chance from a seed (mulberry32): the same seed gives the same tenants, bursts and working times.

export type Random = () => number

/** Numbers from 0 up to, and without, 1. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

export function pick(random: Random, count: number): number {
  return Math.floor(random() * count)
}
