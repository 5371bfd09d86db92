// The report for a terminal: the machine, then a table for every scenario.

import { metricText, ratioText } from './figure-text.ts'
import { ratiosOf } from './measurement.ts'
import type { Machine, Measurement, Ratio, Refusal, Report } from './measurement.ts'

export function reportText(report: Report): string {
  const scenarios = [...new Set(report.measurements.map(({ scenario }) => scenario))]
  const ratios = ratiosOf(report.measurements)
  const sections = scenarios.map((scenario) => {
    const rows = report.measurements.filter((each) => each.scenario === scenario)
    const refused = report.refusals.filter((each) => each.scenario === scenario)
    return sectionText(scenario, rows, ratios, refused)
  })
  const failed = report.failures.map((each) => {
    return `FAILED ${each.scenario}: ${each.case}: ${each.system}: ${each.error}\n`
  })
  return [machineText(report.machine), ...sections, ...failed].join('\n')
}

export function machineText(machine: Machine): string {
  const { cpu, cores, memoryBytes, system, node, versions, load, warning } = machine
  const peers = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const memory = `${Math.round(memoryBytes / 2 ** 30)} GiB`
  const line = [`${cpu}, ${cores} cores, ${memory}`, system, `node ${node}`, ...peers].join(' · ')
  const busy = warning === undefined ? '' : `WARNING: ${warning}\n`
  return `${line} · load ${load.toFixed(2)}\n${busy}`
}

function sectionText(
  scenario: string,
  measurements: readonly Measurement[],
  ratios: readonly Ratio[],
  refusals: readonly Refusal[],
): string {
  const lines: string[] = [`== ${scenario}`]
  for (const name of new Set(measurements.map((each) => each.case))) {
    lines.push(`-- ${name}`)
    const here = measurements.filter((each) => each.case === name)
    lines.push(...tableLines(here.map(measurementCells)))
    lines.push(...ratioLines(ratios.filter((ratio) => ratio.scenario === scenario && ratio.case === name)))
    lines.push(...refusals.filter((each) => each.case === name).map(refusalText))
  }
  return `${lines.join('\n')}\n`
}

function measurementCells(measurement: Measurement): string[] {
  const { system, setting, metrics, rounds, notes } = measurement
  const spread = rounds.length === 1 ? [] : [`rounds ${rounds.map((each) => Math.round(each)).join(' ')}`]
  const said = [setting, ...spread, ...notes].join('; ')
  return [system, ...metrics.map((metric) => `${metric.name} ${metricText(metric)}`), said]
}

/** One line for each peer: how many times its figure ours is. */
function ratioLines(ratios: readonly Ratio[]): string[] {
  const peers = [...new Set(ratios.map(({ against }) => against))]
  return peers.map((peer) => {
    const of = ratios.filter(({ against }) => against === peer)
    return `   sluice / ${peer}: ${of.map((each) => `${each.metric} ${ratioText(each.value)}`).join(', ')}`
  })
}

function refusalText({ system, reason }: Refusal): string {
  return `   ${system}: ${reason}`
}

/** Columns as wide as their widest cell; the last one is as long as it is. */
function tableLines(rows: readonly string[][]): string[] {
  const widths: number[] = []
  for (const cells of rows) {
    for (const [at, cell] of cells.slice(0, -1).entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length)
  }
  return rows.map((cells) => {
    const padded = cells.map((cell, at) => (at === cells.length - 1 ? cell : cell.padEnd(widths[at]!)))
    return `   ${padded.join('  ')}`.trimEnd()
  })
}
