// The folders of a simulated disk: as programs see them, as they are on the platter, and the changes between.

import { IoError } from '../io/io.ts'
import type { SimFileBytes } from './sim-disk-bytes.ts'
import type { SimRandom } from './sim-random.ts'

export type SimEntry = SimFolder | SimFileBytes

export class SimFolder {
  current: Map<string, SimEntry> = new Map()
  durable: Map<string, SimEntry> = new Map()
}

export interface SimPlace {
  readonly folder: SimFolder
  readonly name: string
}

/** One name in one folder that means something else now; no entry means that the name is gone. */
interface EntryChange {
  readonly sequence: number
  readonly place: SimPlace
  readonly entry: SimEntry | undefined
  /** For the old name of a rename: the change that set the new name. */
  readonly renamedTo: EntryChange | undefined
}

export class SimTree {
  readonly #root = new SimFolder()
  #pending: EntryChange[] = []
  #sequence = 0

  find(path: string): SimEntry | undefined {
    let entry: SimEntry | undefined = this.#root
    for (const part of partsOf(path)) {
      if (!(entry instanceof SimFolder)) return undefined
      entry = entry.current.get(part)
    }
    return entry
  }

  folder(path: string): SimFolder {
    const found = this.find(path)
    if (!(found instanceof SimFolder)) throw notFound(path)
    return found
  }

  /** The folder and the name that a path means; the folder must exist, the name need not. */
  place(path: string): SimPlace {
    const parts = partsOf(path)
    const name = parts.pop()
    if (name === undefined) throw new IoError('failed', path, `${path} is the root folder`)
    return { folder: this.folder(parts.join('/')), name }
  }

  set(place: SimPlace, entry: SimEntry | undefined): void {
    if (place.folder.current.get(place.name) !== entry) this.#change(place, entry, undefined)
  }

  rename(from: SimPlace, to: SimPlace): void {
    const set = this.#change(to, from.folder.current.get(from.name), undefined)
    this.#change(from, undefined, set)
  }

  /** What a sync that starts now has to cover. */
  mark(): number {
    return this.#sequence
  }

  syncUpTo(folder: SimFolder, mark: number): void {
    const covered = this.#pending.filter(
      (change) => change.place.folder === folder && change.sequence <= mark,
    )
    for (const change of covered) this.#makeDurable(change)
  }

  /**
   * Each name that changed since its folder was synced is found as it was at some moment since then,
   * independently of the other names. But a rename never loses the file: the new name is there, or the old
   * one, or both.
   */
  powerLoss(random: SimRandom): void {
    for (const changes of this.#pendingByName()) {
      const kept = random.int(0, changes.length)
      if (kept > 0) this.#makeDurable(changes[kept - 1])
    }
    this.#pending = []
    restore(this.#root, random)
  }

  /** Every file that programs can see, with its path. */
  *files(): Generator<[path: string, bytes: SimFileBytes]> {
    yield* filesBelow('', this.#root)
  }

  #change(place: SimPlace, entry: SimEntry | undefined, renamedTo: EntryChange | undefined): EntryChange {
    this.#sequence += 1
    const change: EntryChange = { sequence: this.#sequence, place, entry, renamedTo }
    this.#pending.push(change)
    setOrDelete(place.folder.current, place.name, entry)
    return change
  }

  /** With it every earlier change of the same name, and the other half of every rename among them. */
  #makeDurable(last: EntryChange): void {
    const { place, sequence } = last
    const isSettled = (change: EntryChange): boolean =>
      isSamePlace(change.place, place) && change.sequence <= sequence
    const settled = this.#pending.filter(isSettled)
    this.#pending = this.#pending.filter((change) => !isSettled(change))
    for (const change of settled) {
      setOrDelete(place.folder.durable, place.name, change.entry)
      if (change.renamedTo !== undefined) this.#makeDurable(change.renamedTo)
    }
  }

  #pendingByName(): EntryChange[][] {
    const groups: EntryChange[][] = []
    for (const change of this.#pending) {
      const group = groups.find(([first]) => isSamePlace(first.place, change.place))
      if (group === undefined) groups.push([change])
      else group.push(change)
    }
    return groups
  }
}

export function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

export function notFound(path: string): IoError {
  return new IoError('not-found', path, `${path} does not exist`)
}

function isSamePlace(one: SimPlace, other: SimPlace): boolean {
  return one.folder === other.folder && one.name === other.name
}

function setOrDelete(entries: Map<string, SimEntry>, name: string, entry: SimEntry | undefined): void {
  if (entry === undefined) entries.delete(name)
  else entries.set(name, entry)
}

/**
 * Makes the platter what programs see, file by file. A file with two names (a torn rename) becomes two files.
 */
function restore(folder: SimFolder, random: SimRandom): void {
  for (const [name, entry] of folder.durable) {
    if (entry instanceof SimFolder) restore(entry, random)
    else folder.durable.set(name, entry.afterPowerLoss(random))
  }
  folder.current = new Map(folder.durable)
}

function* filesBelow(path: string, folder: SimFolder): Generator<[path: string, bytes: SimFileBytes]> {
  for (const [name, entry] of folder.current) {
    if (entry instanceof SimFolder) yield* filesBelow(`${path}/${name}`, entry)
    else yield [`${path}/${name}`, entry]
  }
}
