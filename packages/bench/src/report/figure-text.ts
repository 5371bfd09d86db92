// Figures as people read them: three digits that count, no more.

import type { Metric } from './measurement.ts'

export function numberText(value: number): string {
  if (!Number.isFinite(value)) return '-'
  const size = Math.abs(value)
  if (size >= 1000) return Math.round(Number(value.toPrecision(3))).toLocaleString('en-US')
  if (size >= 100) return value.toFixed(0)
  if (size >= 10) return value.toFixed(1)
  return size >= 1 || size === 0 ? value.toFixed(2) : value.toPrecision(2)
}

export function metricText({ value, unit }: Metric): string {
  return `${numberText(value)} ${unit}`
}

export function ratioText(value: number): string {
  return `${numberText(value)}x`
}
