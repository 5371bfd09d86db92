// A broker process whose shards can be made to fail one by one, see crashable-shard.ts.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { brokerFor } from './broker-process.ts'
import type { BrokerProcess, BrokerProcessOptions } from './broker-process.ts'

const program = new URL('crashable-broker.ts', import.meta.url).pathname
const RESTART_MS_MAX = 30_000

export interface CrashableShards {
  readonly broker: BrokerProcess
  readonly crash: (shard: number) => void
  /** How often shards have come back since the broker was started. */
  readonly restarts: () => number
  /** Until they have come back so often. */
  readonly restarted: (count: number) => Promise<void>
}

/** Ends, with its folders, when the test does. What it logs is at least `info`. */
export async function crashableShardsFor(
  test: TestContext,
  options: BrokerProcessOptions,
): Promise<CrashableShards> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-crashes-'))
  test.after(() => rmSync(folder, { recursive: true, force: true }))
  const environment = { ...options.environment, SLUICE_TEST_CRASHES: folder }
  const broker = await brokerFor(test, { ...options, program, environment })
  const restarts = (): number => broker.errorText.split('shards serve again').length - 1
  const restarted = async (count: number): Promise<void> => {
    const deadline = Date.now() + RESTART_MS_MAX
    while (restarts() < count) {
      if (Date.now() > deadline) throw new Error(`not ${count} restarts: ${broker.errorText}`)
      await sleep(10)
    }
  }
  return { broker, crash: (shard) => writeFileSync(join(folder, String(shard)), ''), restarts, restarted }
}
