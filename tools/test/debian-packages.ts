// What a suite needs of Debian, installed where this may be done: as root. Else it is named.

import { spawnSync } from 'node:child_process'
import { isInstalled } from './system-programs.ts'

/** False where it was only named. */
export function installDebianPackages(packages: readonly string[]): boolean {
  if (process.getuid?.() !== 0 || !isInstalled('apt-get')) {
    console.log(`to be installed: what Debian has in ${packages.join(', ')}`)
    return false
  }
  aptGet('update')
  aptGet('install', '--yes', '--no-install-recommends', ...packages)
  return true
}

function aptGet(...args: string[]): void {
  const { status } = spawnSync('apt-get', args, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) throw new Error(`apt-get ${args[0]} failed`)
}
