// Programs that a test suite needs and npm cannot bring. A suite whose program is missing is skipped by name,
// which CI counts as a failure.

import { accessSync, constants } from 'node:fs'
import { delimiter, join, matchesGlob } from 'node:path'

export interface SystemProgram {
  /** Which suites need it, as a glob over paths from the root. */
  readonly suites: string
  /** What is looked for on the path. */
  readonly program: string
  readonly debianPackage: string
}

/** None yet. */
export const SYSTEM_PROGRAMS: readonly SystemProgram[] = []

/** The first program that `suite` needs and this machine lacks. */
export function missingProgram(suite: string, table = SYSTEM_PROGRAMS): SystemProgram | undefined {
  return table.find(({ suites, program }) => matchesGlob(suite, suites) && !isInstalled(program))
}

export function isInstalled(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.some((folder) => isExecutable(join(folder, program)))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
