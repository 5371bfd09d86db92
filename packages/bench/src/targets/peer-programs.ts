// Brings the servers of the peers where they are missing: as root on Debian with apt-get; else it names the
// packages. Sluice needs none of them.

import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { searchPath } from '../process/server-process.ts'
import { SERVER_SPECS } from './server-specs.ts'
import type { TargetName } from './target.ts'

const debianPackages: Readonly<Partial<Record<TargetName, string>>> = {
  nats: 'nats-server',
  redis: 'redis-server',
}

/** Throws when a peer is missing and cannot be installed. What apt-get says goes to standard error. */
export function installPeers(peers: readonly TargetName[]): void {
  const missing = peers.filter((peer) => !isInstalled(SERVER_SPECS[peer].program))
  if (missing.length === 0) return
  const packages = missing.map((peer) => debianPackages[peer]!)
  if (process.getuid?.() !== 0 || !isInstalled('apt-get')) {
    throw new Error(
      `--against needs the Debian packages ${packages.join(', ')}; install them, or run as root`,
    )
  }
  aptGet('update')
  aptGet('install', '--yes', '--no-install-recommends', ...packages)
}

export function isInstalled(program: string): boolean {
  return searchPath()
    .split(delimiter)
    .filter((folder) => folder !== '')
    .some((folder) => isExecutable(join(folder, program)))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function aptGet(...args: string[]): void {
  const { status } = spawnSync('apt-get', args, { stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error(`apt-get ${args[0]} failed`)
}
