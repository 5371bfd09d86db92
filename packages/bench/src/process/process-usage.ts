// What a process takes of the machine, as Linux tells it. Undefined elsewhere, and then it is left out of the
// report.

import { readFileSync } from 'node:fs'

/** The kernel tells user space processor time in hundredths of a second, wherever Node runs. */
const msPerTick = 10

/** Processor time of all threads since the process was started. */
export function cpuMsOf(pid: number): number | undefined {
  const fields = read(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ')
  if (fields === undefined) return undefined
  // Fields 14 and 15 of proc(5); the first two were cut off with the name.
  return (Number(fields[11]) + Number(fields[12])) * msPerTick
}

export function rssBytesOf(pid: number): number | undefined {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1]
  return kib === undefined ? undefined : Number(kib) * 1024
}

/** Files and sockets that a process may have open: Node takes what the hard limit of the system allows. */
export function openFilesMax(): number {
  const hard = /^Max open files\s+\d+\s+(\d+)/m.exec(read('/proc/self/limits') ?? '')?.[1]
  return hard === undefined ? Infinity : Number(hard)
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}
