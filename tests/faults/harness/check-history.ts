// All checks over one history.

import { checkLimits, checkRates } from './check-limits.ts'
import { checkOrder } from './check-order.ts'
import { checkAnswers, checkFinished, checkPauses, checkStarvation } from './check-progress.ts'
import { checkNothingLost, checkPublished, checkRecords } from './check-settles.ts'
import type { HistoryEvent } from './history.ts'
import { Story } from './story.ts'
import type { CheckSettings, Violation } from './story.ts'

const checks: readonly ((story: Story) => Violation[])[] = [
  checkPublished,
  checkNothingLost,
  checkRecords,
  checkOrder,
  checkLimits,
  checkRates,
  checkPauses,
  checkStarvation,
  checkFinished,
  checkAnswers,
]

/** Every promise that is broken, in the order of the checks; none when all are kept. */
export function checkHistory(events: readonly HistoryEvent[], settings: CheckSettings): Violation[] {
  const story = new Story(events, settings)
  return checks.flatMap((check) => check(story))
}
