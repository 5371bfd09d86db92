// Which functions took the time: sums up the CPU profiles that V8 wrote, each function by the time that it
// was itself running. A profile of a run tells where to look, and a measurement without profiler whether it
// was worth it.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Profile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
}

export interface HotFunction {
  readonly name: string
  /** Of the time in which the process did something. */
  readonly share: number
}

const shownCount = 20
/** Waiting is no work. */
const idle = new Set(['(idle)'])

/** Of each folder below `folder`, one for each side. */
export function hotFunctionsText(folder: string): string {
  const sides = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return sides.map(({ name }) => sideText(name, join(folder, name))).join('')
}

function sideText(name: string, folder: string): string {
  const profiles = readdirSync(folder)
    .filter((file) => file.endsWith('.cpuprofile'))
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profile)
  const rows = hotFunctions(profiles).slice(0, shownCount)
  const lines = rows.map((row) => `  ${(row.share * 100).toFixed(1).padStart(5)} %  ${row.name}\n`)
  return `hot in ${name}, of its working time\n${lines.join('')}`
}

export function hotFunctions(profiles: readonly Profile[]): HotFunction[] {
  const selfUs = new Map<string, number>()
  let totalUs = 0
  for (const { nodes, samples, timeDeltas } of profiles) {
    const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
    for (const [at, id] of samples.entries()) {
      const name = names.get(id)!
      if (idle.has(name)) continue
      // Why the next one: a delta is the time since the sample before.
      const us = timeDeltas[at + 1] ?? 0
      selfUs.set(name, (selfUs.get(name) ?? 0) + us)
      totalUs += us
    }
  }
  const shares = [...selfUs].map(([name, us]) => ({ name, share: us / totalUs }))
  return shares.toSorted((a, b) => b.share - a.share)
}

function nameOf({ functionName, url, lineNumber }: ProfileNode['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  const file = url.replace(/^.*\/(packages|node_modules)\//, '')
  return file === '' ? name : `${name}  ${file}:${lineNumber + 1}`
}
