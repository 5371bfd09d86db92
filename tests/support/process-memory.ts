// What a process holds in memory, as Linux counts it.

import { readFileSync } from 'node:fs'

export const noProcessMemory: string | false =
  process.platform === 'linux' ? false : 'needs Linux, to see the memory of another process'

/** Resident memory of the process. */
export function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
}
