// The report as one page: machine and command, then every case with its figures, ratios and plots.

import { metricText, ratioText } from './figure-text.ts'
import { ratiosOf } from './measurement.ts'
import type { Measurement, Ratio, Report } from './measurement.ts'
import { machineText } from './report-text.ts'
import { barPlot, escapeHtml, latencyPlot } from './svg-plots.ts'

const style = `
body { font: 14px/1.45 system-ui, sans-serif; color: #222 }
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
svg { display: block; margin: .6rem 0; max-width: 100%; height: auto; font: 12px system-ui, sans-serif }
table { border-collapse: collapse; margin: .4rem 0 }
td, th { padding: .15rem .7rem .15rem 0; text-align: left; vertical-align: top }
td { font-variant-numeric: tabular-nums } th { font-weight: 600; border-bottom: 1px solid #ccc }
code, pre { font: 12px/1.4 ui-monospace, monospace } pre { white-space: pre-wrap }
h2 { margin-top: 2.4rem; border-bottom: 2px solid #2457a6 } h3 { margin: 1.6rem 0 .2rem }
.note { color: #666 } .bad { color: #a02020 }`

export function htmlReport(report: Report): string {
  const { machine, command, measurements, failures } = report
  const scenarios = [...new Set(measurements.map(({ scenario }) => scenario))]
  const failed = failures.map((each) => {
    const what = `${each.scenario}: ${each.case}: ${each.system}: ${each.error}`
    return `<pre class="bad">failed: ${escapeHtml(what)}</pre>`
  })
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Sluice bench ${escapeHtml(machine.startedAt)}</title>
<style>${style}</style>
<h1>Sluice bench</h1>
<p>${escapeHtml(machine.startedAt)} · <code>${escapeHtml(command)}</code></p>
<pre>${escapeHtml(machineText(machine))}</pre>
${failed.join('\n')}
${scenarios.map((scenario) => scenarioHtml(scenario, report)).join('\n')}
</html>
`
}

function scenarioHtml(scenario: string, report: Report): string {
  const here = report.measurements.filter((each) => each.scenario === scenario)
  const ratios = ratiosOf(report.measurements).filter((each) => each.scenario === scenario)
  const cases = [...new Set(here.map((each) => each.case))].map((name) => {
    const refusals = report.refusals.filter((each) => each.scenario === scenario && each.case === name)
    const refused = refusals.map(({ system, reason }) => `${system}: ${reason}`)
    return caseHtml(
      name,
      here.filter((each) => each.case === name),
      ratios.filter((each) => each.case === name),
      refused,
    )
  })
  return `<h2>${escapeHtml(scenario)}</h2>\n${cases.join('\n')}`
}

function caseHtml(
  name: string,
  measurements: readonly Measurement[],
  ratios: readonly Ratio[],
  refused: readonly string[],
): string {
  const first = measurements[0]!.metrics[0]!
  const bars = measurements.map(({ system, metrics }) => {
    return { label: system, value: metrics[0]!.value, text: `${first.name} ${metricText(metrics[0]!)}` }
  })
  const curves = measurements.flatMap(({ system, latencies }) => {
    return Object.entries(latencies).map(([what, summary]) => ({ label: `${system} ${what}`, summary }))
  })
  const notes = refused.map((text) => `<p class="note">${escapeHtml(text)}</p>`)
  return `<h3>${escapeHtml(name)}</h3>
${barPlot(bars)}
${tableHtml(measurements, ratios)}
${latencyPlot(curves)}
${notes.join('')}`
}

function tableHtml(measurements: readonly Measurement[], ratios: readonly Ratio[]): string {
  const names = [...new Set(measurements.flatMap(({ metrics }) => metrics.map(({ name }) => name)))]
  const rows = measurements.map(({ system, setting, metrics, notes }) => {
    const values = names.map((name) => metrics.find((metric) => metric.name === name))
    const texts = values.map((metric) => (metric === undefined ? '' : metricText(metric)))
    return rowHtml('td', [system, ...texts, [setting, ...notes].join('; ')])
  })
  const peers = [...new Set(ratios.map(({ against }) => against))].map((peer) => {
    const texts = names.map((name) => {
      const ratio = ratios.find(({ against, metric }) => against === peer && metric === name)
      return ratio === undefined ? '' : ratioText(ratio.value)
    })
    return rowHtml('td', [`sluice / ${peer}`, ...texts, ''])
  })
  return `<table>${rowHtml('th', ['', ...names, ''])}${rows.join('')}${peers.join('')}</table>`
}

function rowHtml(cell: 'td' | 'th', texts: readonly string[]): string {
  return `<tr>${texts.map((text) => `<${cell}>${escapeHtml(text)}</${cell}>`).join('')}</tr>`
}
