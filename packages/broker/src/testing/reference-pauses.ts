// Which subjects of a flow consumer are surely paused.

import { isMatch } from './reference-rules.ts'

interface Pause {
  /** By the wall clock of the broker, in whole milliseconds; Infinity: until it is resumed. */
  readonly untilWallMs: number
  readonly isConfirmed: boolean
}

export class ReferencePauses {
  readonly #byMatch = new Map<string, Pause>()

  /** Patterns that are paused, or may be. */
  get matches(): readonly string[] {
    return [...this.#byMatch.keys()]
  }

  /** Asked for: what held before may be replaced from now on. */
  asked(match: string, untilWallMs: number): void {
    const before = this.#byMatch.get(match)
    const soonest = Math.min(before?.untilWallMs ?? untilWallMs, untilWallMs)
    this.#byMatch.set(match, { untilWallMs: soonest, isConfirmed: before?.isConfirmed ?? false })
  }

  confirmed(match: string, untilWallMs: number): void {
    this.#byMatch.set(match, { untilWallMs, isConfirmed: true })
  }

  /** It is about to be ended. */
  resuming(match: string): void {
    const before = this.#byMatch.get(match)
    if (before !== undefined) this.#byMatch.set(match, { ...before, isConfirmed: false })
  }

  resumed(match: string): void {
    this.#byMatch.delete(match)
  }

  /** A jump may have ended one that, by a clock set back, would still hold. */
  wallJumped(): void {
    for (const [match, pause] of this.#byMatch) {
      if (pause.untilWallMs < Infinity) this.#byMatch.set(match, { ...pause, isConfirmed: false })
    }
  }

  /** The pattern by which a subject is paused for certain. */
  holding(subject: string, wallMs: number): string | undefined {
    for (const [match, { untilWallMs, isConfirmed }] of this.#byMatch) {
      if (isConfirmed && wallMs < untilWallMs && isMatch(match, subject)) return match
    }
    return undefined
  }

  surelyEndsBy(match: string, wallMs: number): boolean {
    const pause = this.#byMatch.get(match)
    return pause !== undefined && pause.isConfirmed && pause.untilWallMs < wallMs
  }

  mayHold(subject: string): boolean {
    return this.matches.some((match) => isMatch(match, subject))
  }
}
