// What the run has shown: the verdicts, the delays beside each other, the crash. As an object for programs
// and as text for people.

import type { Verdict } from './claims/claim.ts'
import type { DelayRow } from './claims/delay-claim.ts'
import type { CrashReading } from './crash-times.ts'
import type { NoiseReading } from './machine-noise.ts'
import { wrap } from './view/paint.ts'
import type { Paint } from './view/paint.ts'
import { formatMs } from './view/words.ts'

export interface Summary {
  readonly isHeld: boolean
  readonly seed: number
  readonly tookMs: number
  readonly claims: readonly Verdict[]
  readonly delays: readonly DelayRow[]
  readonly noise: NoiseReading
  readonly crash: CrashReading
}

const widthMax = 100
const indent = '    '

export function summaryLines(summary: Summary, screenColumns: number, paint: Paint): string[] {
  const width = Math.min(screenColumns, widthMax) - indent.length
  const { claims, seed, tookMs } = summary
  return [
    '',
    `  ${paint.bold('What the workers saw')}   ${paint.dim(`${formatMs(tookMs)}, seed ${seed}`)}`,
    '',
    ...claims.flatMap((verdict) => verdictLines(verdict, width, paint)),
    ...delayLines(summary, paint),
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

/** Both runs beside each other, and below them how late the machine is by itself. */
function delayLines({ delays, noise }: Summary, paint: Paint): string[] {
  const head = columns('from publish to a worker', ['p50: well', 'stuck', 'p99: well', 'stuck', 'p99 ratio'])
  const lines = delays.map(({ name, calmP50Ms, hotP50Ms, calmP99Ms, hotP99Ms, ratio }) => {
    const times = [calmP50Ms, hotP50Ms, calmP99Ms, hotP99Ms].map(formatMs)
    const label = name === 'all' ? 'all but the stuck one' : name
    return columns(label, [...times, `${ratio.toFixed(2)}×`])
  })
  const late = [noise.calmP99Ms, noise.hotP99Ms].map(formatMs)
  const noiseLine = columns('a bare timer, for scale', ['', '', ...late, ''])
  return [paint.dim(head), ...lines, paint.dim(noiseLine.trimEnd())].map((line) => indent + line)
}

function columns(label: string, cells: readonly string[]): string {
  return label.padEnd(24) + cells.map((cell) => cell.padStart(10)).join('')
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
