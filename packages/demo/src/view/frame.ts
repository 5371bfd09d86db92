// The live view as lines of text. Pure: the same sight gives the same frame.

import { formatCount } from '../claims/claim.ts'
import { phases } from '../events.ts'
import type { Phase } from '../events.ts'
import { classOf, tenantClasses } from '../tenants.ts'
import type { TenantClass } from '../tenants.ts'
import { fit, padEnd, padStart, wrap } from './paint.ts'
import type { Paint } from './paint.ts'
import type { Sight } from './sight.ts'
import { timelineLines } from './timeline.ts'
import { formatClock, formatMs, headline, phaseTexts, phaseTitles } from './words.ts'

const widthMax = 100
const margin = '  '
const hottestCount = 4
const barWidth = 15

export function frameLines(sight: Sight, columns: number, paint: Paint): string[] {
  const width = Math.min(columns, widthMax) - margin.length
  const blocks = [
    titleLines(width, paint),
    phaseLines(sight, width, paint),
    classLines(sight, paint),
    hottestLines(sight, width, paint),
    timelineLines(sight.gauges.seconds, width, paint),
    [brokerLine(sight, paint)],
  ]
  const lines = blocks.flatMap((block) => ['', ...block])
  return lines.map((line) => fit(margin + line, columns))
}

function titleLines(width: number, paint: Paint): string[] {
  const [first = '', ...rest] = wrap(headline, width - 8)
  return [`${paint.bold(paint.cyan('SLUICE'))}  ${first}`, ...rest.map((line) => `        ${line}`)]
}

function phaseLines({ gauges, nowMs, seconds }: Sight, width: number, paint: Paint): string[] {
  const at = phases.indexOf(gauges.phase)
  const steps = phases.map((phase, index) => stepText(phase, index - at, paint))
  const clock = `${formatClock(nowMs)} / ${formatClock(seconds * 1000)}`
  const path = steps.join(paint.dim(' › '))
  return [padEnd(path, width - clock.length) + paint.dim(clock), paint.yellow(phaseTexts[gauges.phase])]
}

/** `turn`: 0 for the phase that runs, less for what has been. */
function stepText(phase: Phase, turn: number, paint: Paint): string {
  const title = phaseTitles[phase]
  if (turn === 0) return paint.bold(`▶ ${title}`)
  return turn < 0 ? `${paint.green('✔')} ${title}` : paint.dim(title)
}

function classLines(sight: Sight, paint: Paint): string[] {
  const head =
    `${'CLASS'.padEnd(9)}${'TENANTS'.padStart(8)}${'LIMIT EACH'.padStart(12)}   ` +
    `${'BUSIEST TENANT'.padEnd(barWidth + 7)}${'MOST EVER'.padStart(10)}` +
    `${'DELIVERED/S'.padStart(13)}${'P99'.padStart(9)}${'PARKED'.padStart(9)}`
  return [paint.dim(head), ...tenantClasses.map((each) => classLine(sight, each, paint))]
}

function classLine({ gauges, limits, broker, nowMs }: Sight, each: TenantClass, paint: Paint): string {
  const { name, limit } = each
  const { peak, deliveredPerSecond, p99Ms } = gauges.read(name, nowMs)
  const most = limits.mostOf(name)
  const parked = broker?.pools
    .filter(({ subject }) => classOf(subject).name === name)
    .reduce((sum, row) => sum + row.parked, 0)
  return (
    paint.bold(name.padEnd(9)) +
    formatCount(each.tenantCount).padStart(8) +
    String(limit).padStart(12) +
    `   ${bar(peak, limit, paint)}${`${peak}/${limit}`.padStart(6)} ` +
    padStart(paintOver(`${most}/${limit}`, most > limit, paint), 10) +
    formatCount(deliveredPerSecond).padStart(13) +
    formatMs(p99Ms).padStart(9) +
    padStart(parked === undefined ? '–' : paintMany(parked, paint), 9)
  )
}

function bar(count: number, limit: number, paint: Paint): string {
  const full = Math.min(barWidth, Math.round((count / limit) * barWidth))
  const color = count > limit ? paint.red : count === limit ? paint.yellow : paint.green
  return color('█'.repeat(full)) + paint.dim('░'.repeat(barWidth - full))
}

function paintOver(text: string, isOver: boolean, paint: Paint): string {
  return isOver ? paint.red(text) : text
}

function paintMany(count: number, paint: Paint): string {
  return count >= 1_000 ? paint.yellow(formatCount(count)) : formatCount(count)
}

/** Always as many lines, so that the rest of the view stands still. */
function hottestLines({ broker }: Sight, width: number, paint: Paint): string[] {
  const head = 'HOTTEST TENANTS'.padEnd(29) + 'AT WORK'.padStart(8) + 'PARKED'.padStart(9) + '   HELD BY THE RULE'
  const rows = (broker?.pools ?? []).slice(0, hottestCount).map(({ subject, inFlight, parked, rule }) => {
    const held = rule === undefined ? '' : `${rule.match}  limit ${rule.limit}`
    const atWork = `${inFlight}/${rule?.limit ?? '∞'}`
    return `${subject.padEnd(29)}${atWork.padStart(8)}${padStart(paintMany(parked, paint), 9)}   ${held}`
  })
  if (rows.length === 0) rows.push(paint.dim(broker === undefined ? 'the broker is down' : 'nobody waits'))
  while (rows.length < hottestCount) rows.push('')
  return [paint.dim(head), ...rows, ...explanationLines(broker?.explanation, width, paint)]
}

type Explained = NonNullable<Sight['broker']>['explanation']

function explanationLines(explanation: Explained, width: number, paint: Paint): string[] {
  if (explanation === undefined) return ['', '']
  const { subject, reason, text, inFlight } = explanation
  const [out] = inFlight
  const holder =
    out === undefined
      ? ''
      : `offset ${formatCount(out.offset)} is with ${out.member} for ${formatMs(out.sinceMs)}, ` +
        `attempt ${out.attempt}, taken back in ${formatMs(out.deadlineInMs ?? Number.NaN)}`
  return [
    fit(`${paint.cyan(`explain ${subject}`)}  ${paint.bold(reason)}: ${text}`, width),
    fit(`${' '.repeat(8)}${holder}`, width),
  ]
}

function brokerLine({ broker, gauges, brokerPid }: Sight, paint: Paint): string {
  if (!gauges.isBrokerUp) return `${paint.bold('BROKER')}  ${paint.red('✖ killed with SIGKILL')}`
  const state = `${paint.bold('BROKER')}  ${paint.green('●')} process ${brokerPid}, every confirm after fsync`
  if (broker === undefined) return state
  const { acked, inFlight, redelivered } = broker.stats
  return `${state}: ${formatCount(acked)} settled, ${inFlight} at work, ${redelivered} redelivered so far`
}
