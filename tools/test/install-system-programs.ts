// Installs what system-programs.ts lists and this machine lacks: as root with apt-get; else it names them.

import { spawnSync } from 'node:child_process'
import { isInstalled, isPresent, SYSTEM_PROGRAMS } from './system-programs.ts'

const missing = SYSTEM_PROGRAMS.filter((needed) => !isPresent(needed))
const packages = [...new Set(missing.map(({ debianPackage }) => debianPackage))]

if (packages.length === 0) {
  console.log('system programs: nothing to install')
} else if (process.getuid?.() === 0 && isInstalled('apt-get')) {
  aptGet('update')
  aptGet('install', '--yes', '--no-install-recommends', ...packages)
} else {
  console.log(`system programs: install ${packages.join(', ')}; without them some suites are skipped`)
}

function aptGet(...args: string[]): void {
  const { status } = spawnSync('apt-get', args, { stdio: 'inherit' })
  if (status !== 0) throw new Error(`apt-get ${args[0]} failed`)
}
