// What a run has found, as it stands in the report and in --json.

import type { LatencySummary } from '../measure/latency.ts'

export interface Metric {
  readonly name: string
  readonly unit: string
  readonly value: number
}

/** One case of one scenario on one system. */
export interface Measurement {
  readonly scenario: string
  readonly case: string
  /** A target, or `raw` for what the machine gives without any broker. */
  readonly system: string
  /** The durability and other settings that the figures hold for. */
  readonly setting: string
  /** The first one is what the scenario is about; ratios are made of all. */
  readonly metrics: readonly Metric[]
  /** By name; for the plots. */
  readonly latencies: Readonly<Record<string, LatencySummary>>
  readonly notes: readonly string[]
  /** First metric of every round; the measurement itself is that of the median round. */
  readonly rounds: readonly number[]
}

/** What a system cannot do, in its own words: it is said, never left out. */
export interface Refusal {
  readonly scenario: string
  readonly case: string
  readonly system: string
  readonly reason: string
}

/** A measurement that did not come to its end. */
export interface Failure {
  readonly scenario: string
  readonly case: string
  readonly system: string
  readonly error: string
}

export interface Report {
  readonly machine: Machine
  readonly command: string
  readonly measurements: readonly Measurement[]
  readonly refusals: readonly Refusal[]
  readonly failures: readonly Failure[]
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly system: string
  readonly node: string
  readonly versions: Readonly<Record<string, string>>
  readonly startedAt: string
  /** Average of the last minute, before anything was started. */
  readonly load: number
  readonly warning?: string
}

/** One metric of Sluice divided by that of another system in the same case, or undefined without both. */
export interface Ratio {
  readonly scenario: string
  readonly case: string
  readonly metric: string
  readonly against: string
  readonly value: number
}

export function ratiosOf(measurements: readonly Measurement[]): Ratio[] {
  const ratios: Ratio[] = []
  for (const own of measurements) {
    if (own.system !== 'sluice') continue
    for (const other of measurements) {
      const isSame = other.scenario === own.scenario && other.case === own.case && other.system !== 'sluice'
      if (isSame) ratios.push(...ratiosBetween(own, other))
    }
  }
  return ratios
}

function ratiosBetween(own: Measurement, other: Measurement): Ratio[] {
  return own.metrics.flatMap(({ name, unit, value }) => {
    const compared = other.metrics.find((metric) => metric.name === name && metric.unit === unit)
    if (compared === undefined || compared.value === 0) return []
    const { scenario, case: caseName } = own
    return [{ scenario, case: caseName, metric: name, against: other.system, value: value / compared.value }]
  })
}
