// As fast as it goes with a fixed number of requests out: each lane sends its next when its last is answered.
// What is answered in the warm-up is not counted. Says how many a second, and how long each took.

import { Latency } from './latency.ts'
import type { LatencySummary } from './latency.ts'

export interface ClosedLoopPlan {
  /** Requests that are out at a time. */
  readonly lanes: number
  readonly warmUpMs: number
  readonly durationMs: number
  /** One request; resolves with its answer. `index` counts up over all lanes. */
  readonly request: (index: number) => Promise<void>
}

export interface ClosedLoopResult {
  readonly requestCount: number
  readonly elapsedMs: number
  readonly cpuMs: number
  readonly latency: LatencySummary
}

export async function runClosedLoop(plan: ClosedLoopPlan): Promise<ClosedLoopResult> {
  let index = 0
  const lanesUntil = async (endMs: number, answered: (tookMs: number) => void): Promise<void> => {
    const lane = async (): Promise<void> => {
      for (let sentMs = performance.now(); sentMs < endMs;) {
        await plan.request(index++)
        const nowMs = performance.now()
        answered(nowMs - sentMs)
        sentMs = nowMs
      }
    }
    await Promise.all(Array.from({ length: plan.lanes }, lane))
  }
  await lanesUntil(performance.now() + plan.warmUpMs, () => {})
  const latency = new Latency()
  const cpu = process.cpuUsage()
  const startMs = performance.now()
  await lanesUntil(startMs + plan.durationMs, (tookMs) => latency.record(tookMs))
  const elapsedMs = performance.now() - startMs
  return { requestCount: latency.count, elapsedMs, cpuMs: cpuMsSince(cpu), latency: latency.summary() }
}

export function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
