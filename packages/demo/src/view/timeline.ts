// The delays of the whole run, a column per second, with the phases below. Pure.

import type { SecondReading } from '../gauges.ts'
import type { Phase } from '../events.ts'
import { fit } from './paint.ts'
import type { Paint } from './paint.ts'
import { phaseMarks } from './words.ts'

const levels = '▁▂▃▄▅▆▇█'
/** A bar of full height; each step down is a factor of about 2.7. */
const fullMs = 1_000

export function timelineLines(seconds: readonly SecondReading[], width: number, paint: Paint): string[] {
  const shown = seconds.slice(-width)
  const bars = shown.map(({ p99Ms, wasDown }) => {
    if (Number.isNaN(p99Ms)) return wasDown ? paint.red('✖') : paint.dim('·')
    return p99Ms < fullMs ? paint.green(levelOf(p99Ms)) : paint.red(levelOf(p99Ms))
  })
  const head = 'P99 DELAY OF ALL BUT THE STUCK TENANT, SECOND BY SECOND   ▁ 1 ms … █ 1 s'
  return [paint.dim(head), bars.join(''), fit(paint.dim(markLine(shown)), width)]
}

function levelOf(ms: number): string {
  const share = Math.log(Math.max(1, ms)) / Math.log(fullMs)
  return levels[Math.min(levels.length - 1, Math.floor(share * levels.length))]!
}

/** The name of a phase below its first second, as far as there is room. */
function markLine(seconds: readonly SecondReading[]): string {
  let text = ''
  let last: Phase | undefined
  seconds.forEach(({ phase }, at) => {
    if (phase === last) return
    last = phase
    const room = text.length > at ? text.slice(0, at) : text.padEnd(at)
    text = `${room}│${phaseMarks[phase]}`
  })
  return text
}
