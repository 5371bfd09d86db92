// What a claim is: it sees every event, and at the end says whether it held, with numbers.

import type { Witness } from '../events.ts'

export interface Verdict {
  readonly name: string
  readonly isHeld: boolean
  /** What was seen, in a sentence with the numbers. */
  readonly text: string
  /** How that was computed. */
  readonly how: string
  readonly numbers: Readonly<Record<string, number>>
  /** The first few things that speak against it. */
  readonly breaches: readonly string[]
}

export interface Claim extends Witness {
  verdict(): Verdict
}

const shownMax = 3

/** Counts breaches, and keeps the first few. */
export class Breaches {
  count = 0
  readonly shown: string[] = []

  add(text: string): void {
    this.count++
    if (this.shown.length < shownMax) this.shown.push(text)
  }
}

export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}
