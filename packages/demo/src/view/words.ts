// What the demo says in words: what is to be seen, and what happens in each phase.

import { formatCount } from '../claims/claim.ts'
import type { Phase } from '../events.ts'
import { hotCount, tenantCount } from '../tenants.ts'

const tenants = formatCount(tenantCount)
const backlog = formatCount(hotCount)

export const headline: string =
  `${tenants} tenants share one durable stream, each with its own limit of messages at work at once. Watch ` +
  `one of them get stuck with ${backlog} waiting, and the broker killed in the middle: nobody else waits, ` +
  'nothing is lost.'

export const phaseTitles: Readonly<Record<Phase, string>> = {
  'warm-up': 'warm-up',
  calm: 'all is well',
  fill: 'backlog',
  hot: 'one is stuck',
  crash: 'kill -9',
  drain: 'finish',
}

/** The same where there is little room. */
export const phaseMarks: Readonly<Record<Phase, string>> = {
  'warm-up': '',
  calm: 'well',
  fill: 'fill',
  hot: 'stuck',
  crash: 'kill -9',
  drain: 'end',
}

export const phaseTexts: Readonly<Record<Phase, string>> = {
  'warm-up': 'A broker on disk, four workers, 900 messages a second. Nothing is measured yet.',
  calm: 'The run to compare with: steady load, now and then a burst that its tenant’s limit holds back.',
  fill: `One freemium tenant gets ${backlog} messages at once, and its worker hangs on the first.`,
  hot: 'The stuck tenant waits behind its limit of 1. Everybody else should go on as before.',
  crash: 'The broker gets SIGKILL, stays dead for a moment, and starts again on the same folder.',
  drain: 'No more is published. What is unsettled is finished, then the broker’s books are read.',
}

export function formatMs(ms: number): string {
  if (Number.isNaN(ms)) return '–'
  if (ms >= 10_000) return `${(ms / 1000).toFixed(0)} s`
  if (ms >= 1_000) return `${(ms / 1000).toFixed(1)} s`
  return `${ms.toFixed(ms < 100 ? 1 : 0)} ms`
}

export function formatClock(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
