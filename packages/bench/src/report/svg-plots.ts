// Plots as SVG, drawn by hand: bars for figures, and curves for latencies over percentiles, where the axis
// stretches the nines. No script, no library: a report is one file that opens anywhere.

import type { LatencySummary } from '../measure/latency.ts'
import { numberText } from './figure-text.ts'

const COLOURS = ['#2457a6', '#c8641c', '#3a8a4d', '#8b4a9c', '#7a6a2f', '#b03a48', '#4a8a94', '#6d6d6d']

export interface Bar {
  readonly label: string
  readonly value: number
  readonly text: string
}

const barHeight = 22
const labelWidth = 130
const barWidthMax = 420
const textWidth = 170

export function barPlot(bars: readonly Bar[]): string {
  const largest = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE)
  const rows = bars.map(({ label, value, text }, at) => {
    const y = at * barHeight
    const width = Math.max(1, (value / largest) * barWidthMax)
    const size = `width="${width.toFixed(1)}" height="${barHeight - 6}"`
    return (
      `<text x="${labelWidth - 8}" y="${y + 15}" text-anchor="end">${escapeHtml(label)}</text>` +
      `<rect x="${labelWidth}" y="${y + 3}" ${size} fill="${colour(at)}"/>` +
      `<text x="${(labelWidth + width + 6).toFixed(1)}" y="${y + 15}">${escapeHtml(text)}</text>`
    )
  })
  const width = labelWidth + barWidthMax + textWidth
  return svg(width, bars.length * barHeight, rows.join(''))
}

export interface Curve {
  readonly label: string
  readonly summary: LatencySummary
}

const plotWidth = 560
const plotHeight = 260
const margin = { left: 70, right: 150, top: 12, bottom: 34 }
/** Where the axis ends: the maximum has no place among percentiles, and is drawn here. */
const ninesMax = 5

export function latencyPlot(curves: readonly Curve[]): string {
  const shown = curves.filter(({ summary }) => summary.percentiles.length > 0)
  const values = shown.flatMap(({ summary }) => summary.percentiles.map(([, ms]) => ms))
  if (values.length === 0) return ''
  const low = Math.floor(Math.log10(Math.min(...values)))
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))))
  const x = (percentile: number): number => margin.left + (ninesOf(percentile) / ninesMax) * plotWidth
  const y = (ms: number): number =>
    margin.top + plotHeight - ((Math.log10(ms) - low) / (high - low)) * plotHeight
  const lines = shown.map((curve, at) => curveSvg(curve, at, { x, y }))
  const body = percentileAxis(x) + timeAxis(low, high, y) + lines.join('')
  return svg(margin.left + plotWidth + margin.right, margin.top + plotHeight + margin.bottom, body)
}

interface Scales {
  readonly x: (percentile: number) => number
  readonly y: (ms: number) => number
}

function curveSvg({ label, summary }: Curve, at: number, { x, y }: Scales): string {
  const points = summary.percentiles.map(([percentile, ms]) => [x(percentile), y(ms)] as const)
  const path = points.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(' ')
  const [, endY] = points.at(-1)!
  const nameY = Math.max(endY + 4, margin.top + 10) + at * 2
  const place = `x="${margin.left + plotWidth + 6}" y="${nameY.toFixed(1)}"`
  return (
    `<polyline points="${path}" fill="none" stroke="${colour(at)}" stroke-width="2"/>` +
    `<text ${place} fill="${colour(at)}">${escapeHtml(label)}</text>`
  )
}

function percentileAxis(x: (percentile: number) => number): string {
  const ticks = [50, 90, 99, 99.9, 99.99, 100].map((percentile) => {
    const at = x(percentile).toFixed(1)
    const name = percentile === 100 ? 'max' : `p${percentile}`
    return (
      `<line x1="${at}" y1="${margin.top}" x2="${at}" y2="${margin.top + plotHeight}" stroke="#ddd"/>` +
      `<text x="${at}" y="${margin.top + plotHeight + 16}" text-anchor="middle">${name}</text>`
    )
  })
  return ticks.join('')
}

function timeAxis(low: number, high: number, y: (ms: number) => number): string {
  const decades = Array.from({ length: high - low + 1 }, (_, step) => 10 ** (low + step))
  const ticks = decades.map((ms) => {
    const at = y(ms).toFixed(1)
    return (
      `<line x1="${margin.left}" y1="${at}" x2="${margin.left + plotWidth}" y2="${at}" stroke="#ddd"/>` +
      `<text x="${margin.left - 6}" y="${Number(at) + 4}" text-anchor="end">${numberText(ms)} ms</text>`
    )
  })
  return ticks.join('')
}

/** 0 for p0, 1 for p90, 2 for p99, and so on; the maximum at the end of the axis. */
export function ninesOf(percentile: number): number {
  return percentile >= 100 ? ninesMax : -Math.log10(1 - percentile / 100)
}

function colour(at: number): string {
  return COLOURS[at % COLOURS.length]!
}

function svg(width: number, height: number, body: string): string {
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">${body}</svg>`
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
