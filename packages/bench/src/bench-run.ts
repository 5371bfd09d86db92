// Runs scenarios: every case on every system in turn, as many rounds as wanted, each on servers of its own.
// Systems follow each other within a round, so that a machine that grows slower is slower for all of them.
// A measurement that fails is reported as failed, and the others go on.

import { BenchScope } from './bench-scope.ts'
import type { BenchOptions } from './options.ts'
import type { Failure, Measurement, Refusal } from './report/measurement.ts'
import type { Case, Finding, Scenario, SystemName } from './scenarios/scenario.ts'
import { SERVER_SPECS } from './targets/server-specs.ts'
import type { TargetName } from './targets/target.ts'

export interface RunResult {
  readonly measurements: Measurement[]
  readonly refusals: Refusal[]
  readonly failures: Failure[]
}

export interface RunControl {
  /** Told what is about to be measured. */
  readonly began: (what: string) => unknown
  /** Ends the run: what has not begun does not begin. */
  readonly signal: AbortSignal
}

export async function runScenarios(
  scenarios: readonly Scenario[],
  options: BenchOptions,
  control: RunControl,
): Promise<RunResult> {
  const result: RunResult = { measurements: [], refusals: [], failures: [] }
  for (const scenario of scenarios) {
    for (const of of scenario.cases(options)) {
      const run = new CaseRun({ scenario, of, options, control, result })
      await run.measureRounds()
    }
  }
  return result
}

interface CasePlan {
  readonly scenario: Scenario
  readonly of: Case
  readonly options: BenchOptions
  readonly control: RunControl
  readonly result: RunResult
}

class CaseRun {
  readonly #plan: CasePlan
  readonly #findings = new Map<SystemName, Finding[]>()

  constructor(plan: CasePlan) {
    this.#plan = plan
    const { scenario, of, options } = plan
    for (const system of ['sluice', ...options.peers] as const) {
      const reason = this.#refusal(system)
      if (reason === undefined) this.#findings.set(system, [])
      else plan.result.refusals.push({ ...this.#place(system), reason })
    }
    if (options.server === undefined && scenario.hasRaw?.(of) === true) this.#findings.set('raw', [])
  }

  #refusal(system: TargetName): string | undefined {
    const { scenario, of, options } = this.#plan
    const isOwn = scenario.needsOwnServer === true || of.serverFlags !== undefined
    if (options.server !== undefined && isOwn) return 'needs servers of its own, not one that runs'
    return scenario.refusal(system, of)
  }

  async measureRounds(): Promise<void> {
    for (let round = 0; round < this.#plan.options.rounds; round++) {
      for (const system of this.#findings.keys()) await this.#measure(system)
    }
    for (const [system, findings] of this.#findings) {
      if (findings.length > 0) this.#plan.result.measurements.push(this.#toMeasurement(system, findings))
    }
  }

  async #measure(system: SystemName): Promise<void> {
    const { scenario, of, options, control, result } = this.#plan
    if (control.signal.aborted) return
    control.began(`${scenario.name}: ${of.name}: ${system}`)
    const scope = new BenchScope(system, of, options)
    try {
      this.#findings.get(system)!.push(await scenario.measure(scope, of))
    } catch (cause) {
      const error = cause instanceof Error ? cause.message : String(cause)
      result.failures.push({ ...this.#place(system), error: `${error}\n${scope.said}`.trim() })
    } finally {
      await scope.end()
    }
  }

  #toMeasurement(system: SystemName, findings: readonly Finding[]): Measurement {
    const rounds = findings.map(({ metrics }) => metrics[0]!.value)
    const { metrics, latencies = {}, notes = [] } = medianOf(findings)
    const setting = system === 'raw' ? 'no broker' : SERVER_SPECS[system].setting(this.#plan.of.durability)
    return { ...this.#place(system), setting, metrics, latencies, notes, rounds }
  }

  #place(system: SystemName): { scenario: string; case: string; system: string } {
    return { scenario: this.#plan.scenario.name, case: this.#plan.of.name, system }
  }
}

/** The round whose first metric is in the middle: its other figures belong to it. */
export function medianOf(findings: readonly Finding[]): Finding {
  const sorted = findings.toSorted((a, b) => a.metrics[0]!.value - b.metrics[0]!.value)
  return sorted[sorted.length >> 1]!
}
