// On what a run was made, and whether others use the machine at the same time.

import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os'
import { spawnSync } from 'node:child_process'
import { searchPath } from './process/server-process.ts'
import type { Machine } from './report/measurement.ts'
import { SERVER_SPECS } from './targets/server-specs.ts'
import type { TargetName } from './targets/target.ts'

/** A quarter of the processors at work before we begin: figures are then somebody else's too. */
const busyShare = 0.25

export function describeMachine(peers: readonly TargetName[]): Machine {
  const processors = cpus()
  const load = loadavg()[0]!
  const isBusy = load > processors.length * busyShare
  const warning =
    `load average ${load.toFixed(1)} on ${processors.length} cores before the start: ` +
    'figures are too low; compare ratios of one run only'
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    versions: Object.fromEntries(peers.map((peer) => [peer, versionOf(peer)])),
    startedAt: new Date().toISOString(),
    load,
    ...(isBusy && { warning }),
  }
}

function versionOf(peer: TargetName): string {
  const { stdout } = spawnSync(SERVER_SPECS[peer].program, ['--version'], {
    env: { PATH: searchPath() },
    encoding: 'utf8',
  })
  return /v?=?(\d+\.\d+\.\d+)/.exec(stdout ?? '')?.[1] ?? 'unknown'
}
