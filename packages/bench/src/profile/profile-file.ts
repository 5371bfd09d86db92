// Profiles on disk, in the form that browsers' tools open.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Returns the path. Names tell the side, the process and the time. */
export function writeProfile(folder: string, side: 'broker' | 'client', profile: unknown): string {
  mkdirSync(join(folder, side), { recursive: true })
  const path = join(folder, side, `${Date.now()}-${process.pid}.cpuprofile`)
  writeFileSync(path, JSON.stringify(profile))
  return path
}
