// The live view as lines of text. Pure: the same sight gives the same frame.

import type { PoolRow } from '@sluice/client'
import type { BrokerView } from '../broker-watch.ts'
import { formatCount } from '../claims/claim.ts'
import { phases } from '../events.ts'
import type { Phase } from '../events.ts'
import { classOf, tenantClasses } from '../tenants.ts'
import type { ClassName, TenantClass } from '../tenants.ts'
import { fit, padStart, wrap } from './paint.ts'
import type { Paint } from './paint.ts'
import type { Sight } from './sight.ts'
import { timelineLines } from './timeline.ts'
import { formatClock, formatMs, headline, phaseTexts, phaseTitles } from './words.ts'

export interface Screen {
  readonly columns: number
  readonly rows: number
}

const widthMax = 100
const margin = '  '
const hottestCount = 4
const barWidthMin = 8
const barWidthMax = 20
/** What the table of classes takes besides its bars. */
const otherColumns = 70
const explanationLinesMax = 2

/** At most `rows` lines, none wider than `columns`. Where it is tight the empty lines go first. */
export function frameLines(sight: Sight, { columns, rows }: Screen, paint: Paint): string[] {
  const width = Math.min(columns, widthMax) - margin.length
  const blocks = [
    titleLines(width, paint),
    phaseLines(sight, width, paint),
    classLines(sight, width, paint),
    hottestLines(sight, width, paint),
    timelineLines(sight.gauges.seconds, width, paint),
    [brokerLine(sight, paint), paint.dim(footer(sight))],
  ]
  let spareCount = Math.max(0, blocks.length + blocks.flat().length - rows)
  const lines = blocks.flatMap((block) => (spareCount-- > 0 ? block : ['', ...block]))
  return lines.slice(0, rows).map((line) => fit(margin + line, columns))
}

function titleLines(width: number, paint: Paint): string[] {
  const [first = '', ...rest] = wrap(headline, width - 8)
  return [`${paint.bold(paint.cyan('SLUICE'))}  ${first}`, ...rest.map((line) => `        ${line}`)]
}

/** Always as many lines, whatever the phase. */
function phaseLines({ gauges }: Sight, width: number, paint: Paint): string[] {
  const at = phases.indexOf(gauges.phase)
  const steps = phases.map((phase, index) => stepText(phase, index - at, paint))
  const lineCount = Math.max(...phases.map((phase) => wrap(phaseTexts[phase], width).length))
  const lines = wrap(phaseTexts[gauges.phase], width).map(paint.yellow)
  while (lines.length < lineCount) lines.push('')
  return [steps.join(paint.dim(' › ')), ...lines]
}

/** `turn`: 0 for the phase that runs, less for what has been. */
function stepText(phase: Phase, turn: number, paint: Paint): string {
  const title = phaseTitles[phase]
  if (turn === 0) return paint.bold(`▶ ${title}`)
  return turn < 0 ? `${paint.green('✔')} ${title}` : paint.dim(title)
}

function classLines(sight: Sight, width: number, paint: Paint): string[] {
  const barWidth = Math.max(barWidthMin, Math.min(barWidthMax, width - otherColumns))
  const head =
    'CLASS'.padEnd(9) +
    'TENANTS'.padStart(8) +
    'LIMIT'.padStart(7) +
    `  ${'BUSIEST TENANT'.padEnd(barWidth + 7)}` +
    'EVER'.padStart(7) +
    'DELIVERED/S'.padStart(12) +
    'P99'.padStart(9) +
    'PARKED'.padStart(9)
  return [paint.dim(head), ...tenantClasses.map((each) => classLine(sight, each, barWidth, paint))]
}

function classLine(sight: Sight, each: TenantClass, barWidth: number, paint: Paint): string {
  const { gauges, limits, nowMs } = sight
  const { name, limit } = each
  const { peak, deliveredPerSecond, p99Ms } = gauges.read(name, nowMs)
  const most = limits.mostOf(name)
  const parked = parkedCount(sight, name)
  return (
    paint.bold(name.padEnd(9)) +
    formatCount(each.tenantCount).padStart(8) +
    String(limit).padStart(7) +
    `  ${bar(peak / limit, barWidth, paint)}${`${peak}/${limit}`.padStart(6)} ` +
    padStart(paintOver(`${most}/${limit}`, most > limit, paint), 7) +
    formatCount(deliveredPerSecond).padStart(12) +
    formatMs(p99Ms).padStart(9) +
    padStart(parked === undefined ? '–' : paintMany(parked, paint), 9)
  )
}

function parkedCount({ broker }: Sight, name: ClassName): number | undefined {
  const rows = broker?.pools.filter(({ subject }) => classOf(subject).name === name)
  return rows?.reduce((sum, { parked }) => sum + parked, 0)
}

function bar(share: number, width: number, paint: Paint): string {
  const full = Math.min(width, Math.round(share * width))
  const color = share > 1 ? paint.red : share === 1 ? paint.yellow : paint.green
  return color('█'.repeat(full)) + paint.dim('░'.repeat(width - full))
}

function paintOver(text: string, isOver: boolean, paint: Paint): string {
  return isOver ? paint.red(text) : text
}

function paintMany(count: number, paint: Paint): string {
  return count >= 1_000 ? paint.yellow(formatCount(count)) : formatCount(count)
}

/** Always as many lines, so that the rest of the view stands still. */
function hottestLines({ broker }: Sight, width: number, paint: Paint): string[] {
  const head =
    'HOTTEST TENANTS'.padEnd(29) + 'AT WORK'.padStart(8) + 'PARKED'.padStart(9) + '   HELD BY THE RULE'
  const rows = broker === undefined ? [] : hottestRows(broker).map((row) => poolLine(row, paint))
  if (rows.length === 0) rows.push(paint.dim(broker === undefined ? 'the broker does not answer' : 'nobody'))
  while (rows.length < hottestCount) rows.push('')
  return [paint.dim(head), ...rows, ...explanationLines(broker?.explanation, width, paint)]
}

/** Who has most parked, and after them who has most at work. */
function hottestRows({ pools, busy }: BrokerView): PoolRow[] {
  const parked = pools.slice(0, hottestCount)
  const others = busy.filter((row) => parked.every(({ subject }) => subject !== row.subject))
  return [...parked, ...others].slice(0, hottestCount)
}

function poolLine({ subject, inFlight, parked, rule }: PoolRow, paint: Paint): string {
  // Why a number: the demo has no rule whose limit is read live.
  const limit = typeof rule?.limit === 'number' ? String(rule.limit) : '∞'
  const held = rule === undefined ? '' : `${rule.match}  limit ${limit}`
  const atWork = `${inFlight}/${limit}`
  return `${subject.padEnd(29)}${atWork.padStart(8)}${padStart(paintMany(parked, paint), 9)}   ${held}`
}

function explanationLines(explanation: BrokerView['explanation'], width: number, paint: Paint): string[] {
  if (explanation === undefined) return ['', '', '']
  const { subject, reason, text, inFlight } = explanation
  const holders = inFlight.slice(0, 1).map(({ member, sinceMs, attempt, deadlineInMs = Number.NaN }) => {
    const [worker] = member.split(' ')
    const times = `${formatMs(sinceMs)}, attempt ${attempt}, taken back in ${formatMs(deadlineInMs)}`
    return `${worker} has had it for ${times}`
  })
  const lines = wrap([`${reason}: ${text}`, ...holders].join('; '), width - 2).slice(0, explanationLinesMax)
  while (lines.length < explanationLinesMax) lines.push('')
  return [paint.cyan(`explain ${subject}`), ...lines.map((line) => `  ${line}`)]
}

function footer({ nowMs, seconds }: Sight): string {
  return `${formatClock(nowMs)} of about ${formatClock(seconds * 1000)} · Ctrl-C ends it and cleans up`
}

function brokerLine({ broker, gauges, brokerPid }: Sight, paint: Paint): string {
  if (!gauges.isBrokerUp)
    return `${paint.bold('BROKER')}  ${paint.red('✖ killed with SIGKILL')}; its clients try to reach it again`
  const state = `${paint.bold('BROKER')}  ${paint.green('●')} pid ${brokerPid}, on disk (fsync)`
  if (broker === undefined) return state
  const { acked, inFlight, redelivered } = broker.stats
  return `${state}; ${formatCount(acked)} settled, ${inFlight} at work, ${redelivered} redelivered`
}
