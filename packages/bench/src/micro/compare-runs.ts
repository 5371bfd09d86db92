// Two revisions side by side: the best of each figure over all rounds, and how the one stands to the other.
// Why the best: whatever else the machine does can only make a figure worse.

import { isMoreBetter } from './bench-lines.ts'
import type { BenchFigure } from './bench-lines.ts'

export interface Compared {
  readonly name: string
  readonly unit: string
  /** Absent where a revision has no such figure. */
  readonly here?: number
  readonly there?: number
  /** How many times as good as there: above 1 is better here, whatever the unit. */
  readonly gain?: number
}

export function bestOf(rounds: readonly (readonly BenchFigure[])[]): Map<string, BenchFigure> {
  const best = new Map<string, BenchFigure>()
  for (const figure of rounds.flat()) {
    const known = best.get(figure.name)
    if (known === undefined || isBetter(figure, known)) best.set(figure.name, figure)
  }
  return best
}

function isBetter(figure: BenchFigure, than: BenchFigure): boolean {
  return isMoreBetter(figure) ? figure.value > than.value : figure.value < than.value
}

export function compareRuns(
  here: readonly (readonly BenchFigure[])[],
  there: readonly (readonly BenchFigure[])[],
): Compared[] {
  const own = bestOf(here)
  const other = bestOf(there)
  return [...new Set([...own.keys(), ...other.keys()])].map((name) => compare(own.get(name), other.get(name)))
}

function compare(here: BenchFigure | undefined, there: BenchFigure | undefined): Compared {
  const { name, unit } = (here ?? there)!
  if (here === undefined) return { name, unit, there: there!.value }
  if (there === undefined) return { name, unit, here: here.value }
  const gain = isMoreBetter(here) ? here.value / there.value : there.value / here.value
  return { name, unit, here: here.value, there: there.value, gain }
}
