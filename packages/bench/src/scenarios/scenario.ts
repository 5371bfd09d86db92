// What a scenario is: cases, which systems can do them, and how one case is measured on one system. The
// runner owns servers, loaders and folders; a scenario asks for them and never stops them.

import type { LatencySummary } from '../measure/latency.ts'
import type { BenchOptions } from '../options.ts'
import type { LoaderProcess } from '../process/loader-process.ts'
import type { MeasuredServer, ServerProcess } from '../process/server-process.ts'
import type { Metric } from '../report/measurement.ts'
import type { Durability, TargetName } from '../targets/target.ts'

/** `raw` is the machine without a broker. */
export type SystemName = TargetName | 'raw'

export interface Case {
  readonly name: string
  readonly durability: Durability
  /** For the server, where it is Sluice. */
  readonly serverFlags?: readonly string[]
}

export interface Finding {
  readonly metrics: readonly Metric[]
  readonly latencies?: Readonly<Record<string, LatencySummary>>
  readonly notes?: readonly string[]
}

export interface Scenario<C extends Case = Case> {
  readonly name: string
  /** One line for the help. */
  readonly doc: string
  /** Whether it starts, stops or configures servers, so that one that runs already is of no use. */
  readonly needsOwnServer?: boolean
  cases(options: BenchOptions): readonly C[]
  /** Why a system cannot do a case; undefined when it can. `raw` is asked only where `hasRaw` says so. */
  refusal(system: TargetName, of: C): string | undefined
  hasRaw?(of: C): boolean
  measure(bench: Bench, of: C): Promise<Finding>
}

/** What a measurement is given. */
export interface Bench {
  readonly system: SystemName
  readonly durability: Durability
  readonly options: BenchOptions
  /** A new, empty folder, on the disk that is measured. */
  folder(): string
  /** A server of the system, which is not started yet. */
  server(folder?: string, nodeFlags?: readonly string[]): ServerProcess
  /** A started server on a new folder, or the one that runs already. */
  started(nodeFlags?: readonly string[]): Promise<MeasuredServer>
  /** Connected to a server, or without one. */
  loader(server?: MeasuredServer): LoaderProcess
}

export function canDoAll(): undefined {
  return undefined
}

/** For scenarios that are about limits per subject. */
export function onlySluice(system: TargetName): string | undefined {
  if (system === 'sluice') return undefined
  return 'has no limit of messages in flight per subject'
}
