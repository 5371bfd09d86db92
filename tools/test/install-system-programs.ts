// Installs what system-programs.ts lists and this machine lacks: as root with apt-get; else it names them.

import { installDebianPackages } from './debian-packages.ts'
import { isPresent, SYSTEM_PROGRAMS } from './system-programs.ts'

const missing = SYSTEM_PROGRAMS.filter((needed) => !isPresent(needed))
const packages = [...new Set(missing.map(({ debianPackage }) => debianPackage))]

if (packages.length === 0) console.log('system programs: nothing to install')
else if (!installDebianPackages(packages)) console.log('without them some suites are skipped')
