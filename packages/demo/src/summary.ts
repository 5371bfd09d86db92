// What the run has shown: the verdicts, the delays beside each other, the crash. As an object for programs
// and as text for people.

import type { Verdict } from './claims/claim.ts'
import type { DelayRow } from './claims/delay-claim.ts'
import type { CrashReading } from './crash-times.ts'
import { padEnd, wrap } from './view/paint.ts'
import type { Paint } from './view/paint.ts'
import { formatMs } from './view/words.ts'

export interface Summary {
  readonly isHeld: boolean
  readonly seed: number
  readonly tookMs: number
  readonly claims: readonly Verdict[]
  readonly p99: readonly DelayRow[]
  readonly crash: CrashReading
}

const widthMax = 100
const indent = '    '

export function summaryLines(summary: Summary, columns: number, paint: Paint): string[] {
  const width = Math.min(columns, widthMax) - indent.length
  const { claims, seed, tookMs } = summary
  return [
    '',
    `  ${paint.bold('What the workers saw')}   ${paint.dim(`${formatMs(tookMs)}, seed ${seed}`)}`,
    '',
    ...claims.flatMap((verdict) => verdictLines(verdict, width, paint)),
    ...delayLines(summary.p99, paint),
    '',
    ...wrap(crashText(summary.crash), width).map((line) => indent + line),
    '',
    `  ${lastLine(claims, paint)}`,
    '',
  ]
}

function verdictLines({ isHeld, name, text, how, breaches }: Verdict, width: number, paint: Paint): string[] {
  const mark = isHeld ? paint.green('✔') : paint.red('✖')
  return [
    `  ${mark} ${paint.bold(name)}`,
    ...wrap(text, width).map((line) => indent + line),
    ...wrap(how, width).map((line) => indent + paint.dim(line)),
    ...breaches.map((breach) => indent + paint.red(`✖ ${breach}`)),
    '',
  ]
}

function delayLines(rows: readonly DelayRow[], paint: Paint): string[] {
  const head = 'p99, publish to worker'.padEnd(24) + 'all is well'.padStart(14) + 'one stuck'.padStart(14)
  const lines = rows.map(({ name, calmP99Ms, hotP99Ms, ratio }) => {
    const label = name === 'all' ? paint.bold('all but the stuck one') : name
    const times = formatMs(calmP99Ms).padStart(14) + formatMs(hotP99Ms).padStart(14)
    return `${indent}${padEnd(label, 24)}${times}${`${ratio.toFixed(2)}×`.padStart(9)}`
  })
  return [`${indent}${paint.dim(head)}`, ...lines]
}

function crashText({ killedAtMs, recoveryMs, firstDeliveryMs }: CrashReading): string {
  return (
    `The broker was killed with SIGKILL after ${formatMs(killedAtMs)}. The next one served ` +
    `${formatMs(recoveryMs)} after its start, and delivered after ${formatMs(firstDeliveryMs)}.`
  )
}

function lastLine(claims: readonly Verdict[], paint: Paint): string {
  const failed = claims.filter(({ isHeld }) => !isHeld).length
  if (failed === 0) return paint.bold(paint.green(`All ${claims.length} claims hold.`))
  return paint.bold(paint.red(`${failed} of ${claims.length} claims do not hold.`))
}
