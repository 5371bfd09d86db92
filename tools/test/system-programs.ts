// Programs and libraries that a test suite needs and npm cannot bring. A suite that misses one is skipped by
// name, which CI counts as a failure.

import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join, matchesGlob } from 'node:path'

/** What shows that it is there: a program on the path, or a module that Debian's own Python can import. */
export type Presence = { readonly program: string } | { readonly pythonModule: string }

export type SystemProgram = Presence & {
  /** Which suites need it, as a glob over paths from the root. */
  readonly suites: string
  readonly debianPackage: string
}

/** Debian installs modules for its own Python, whichever other is first on the path. */
export const DEBIAN_PYTHON = '/usr/bin/python3'

export const SYSTEM_PROGRAMS: readonly SystemProgram[] = [
  { suites: 'tests/compat/kcat*.test.ts', program: 'kcat', debianPackage: 'kcat' },
  { suites: 'tests/compat/python-kafka*.test.ts', pythonModule: 'kafka', debianPackage: 'python3-kafka' },
  // kafka-python finds its codecs among the modules that are there.
  { suites: 'tests/compat/python-kafka*.test.ts', pythonModule: 'lz4', debianPackage: 'python3-lz4' },
  { suites: 'tests/compat/python-kafka*.test.ts', pythonModule: 'snappy', debianPackage: 'python3-snappy' },
  {
    suites: 'tests/compat/python-kafka*.test.ts',
    pythonModule: 'zstandard',
    debianPackage: 'python3-zstandard',
  },
  {
    suites: 'tests/compat/librdkafka*.test.ts',
    pythonModule: 'confluent_kafka',
    debianPackage: 'python3-confluent-kafka',
  },
]

/** The first thing that `suite` needs and this machine lacks. */
export function missingProgram(suite: string, table = SYSTEM_PROGRAMS): SystemProgram | undefined {
  return table.find((needed) => matchesGlob(suite, needed.suites) && !isPresent(needed))
}

export function isPresent(presence: Presence): boolean {
  return 'program' in presence ? isInstalled(presence.program) : isImportable(presence.pythonModule)
}

export function nameOf(presence: Presence): string {
  return 'program' in presence ? presence.program : `Python's ${presence.pythonModule}`
}

export function isInstalled(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.some((folder) => isExecutable(join(folder, program)))
}

function isImportable(pythonModule: string): boolean {
  const { status } = spawnSync(DEBIAN_PYTHON, ['-c', `import ${pythonModule}`], { stdio: 'ignore' })
  return status === 0
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
