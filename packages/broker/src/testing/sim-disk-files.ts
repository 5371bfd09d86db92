// The file system that one simulated process has of a disk.

import { IoError } from '../io/io.ts'
import type { DirectoryEntry, DiskSpace, File, FileLock, FileSystem } from '../io/io.ts'
import { SimFileBytes } from './sim-disk-bytes.ts'
import { SimFile } from './sim-disk-file.ts'
import type { DiskRequest } from './sim-disk-request.ts'
import { SimFolder, notFound, partsOf } from './sim-disk-tree.ts'
import type { SimPlace } from './sim-disk-tree.ts'
import type { SimDisk } from './sim-disk.ts'
import type { SimProcess } from './sim-io-process.ts'

export class SimFiles implements FileSystem {
  readonly disk: SimDisk
  readonly #process: SimProcess
  readonly #underWay = new Set<DiskRequest<unknown>>()

  constructor(disk: SimDisk, process: SimProcess) {
    this.disk = disk
    this.#process = process
  }

  open(path: string, options: { readonly create: boolean }): Promise<File> {
    const effect = (): File => new SimFile(path, this.#openBytes(path, options.create), this)
    return this.perform({ operation: 'open', path, effect })
  }

  list(directory: string): Promise<DirectoryEntry[]> {
    const effect = (): DirectoryEntry[] => {
      const entries = Array.from(this.disk.tree.folder(directory).current, ([name, entry]) => ({
        name,
        isDirectory: entry instanceof SimFolder,
      }))
      // "In no particular order", and so that nobody relies on one, not in the same each time.
      return shuffled(entries, (bound) => this.disk.random.int(0, bound))
    }
    return this.perform({ operation: 'list', path: directory, effect })
  }

  async makeDirectory(path: string): Promise<void> {
    const parts = partsOf(path)
    let isNew = false
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const folder = `/${parts.slice(0, depth).join('/')}`
      const parent = `/${parts.slice(0, depth - 1).join('/')}`
      const found = this.disk.tree.find(folder)
      if (found instanceof SimFileBytes) throw new IoError('exists', path, `${folder} is not a folder`)
      if (found === undefined) {
        isNew = true
        const effect = (): void => this.#makeFolder(folder)
        await this.perform({ operation: 'make-directory', path: folder, effect })
        await this.syncDirectory(parent)
      } else if (depth === parts.length && !isNew) await this.syncDirectory(parent)
    }
  }

  rename(from: string, to: string): Promise<void> {
    const effect = (): void => {
      const { tree } = this.disk
      const source = tree.place(from)
      const moved = source.folder.current.get(source.name)
      if (moved === undefined) throw notFound(from)
      const target = tree.place(to)
      const replaced = target.folder.current.get(target.name)
      if (replaced === moved) return
      if (replaced instanceof SimFolder) throw new IoError('exists', to, `${to} is a folder`)
      tree.rename(source, target)
    }
    return this.perform({ operation: 'rename', path: from, effect })
  }

  remove(path: string): Promise<void> {
    const effect = (): void => {
      const place = this.#placeIfAny(path)
      const entry = place?.folder.current.get(place.name)
      if (entry instanceof SimFolder) throw new IoError('failed', path, `${path} is a folder`)
      if (place !== undefined) this.disk.tree.set(place, undefined)
    }
    return this.perform({ operation: 'remove', path, effect })
  }

  removeDirectory(path: string): Promise<void> {
    const effect = (): void => {
      const place = this.#placeIfAny(path)
      if (place !== undefined) this.#removeBelow(place)
    }
    return this.perform({ operation: 'remove-directory', path, effect })
  }

  syncDirectory(path: string): Promise<void> {
    const mark = this.disk.tree.mark()
    const effect = (): void => this.disk.tree.syncUpTo(this.disk.tree.folder(path), mark)
    return this.perform({ operation: 'sync-directory', path, effect })
  }

  async space(directory: string): Promise<DiskSpace | undefined> {
    const { tree, capacityBytes, usedBytes } = this.disk
    tree.folder(directory)
    if (capacityBytes === Infinity) return undefined
    return { totalBytes: capacityBytes, usableBytes: Math.max(0, capacityBytes - usedBytes) }
  }

  lock(path: string): Promise<FileLock> {
    const key = `/${partsOf(path).join('/')}`
    const effect = (): FileLock => {
      this.#openBytes(path, true)
      this.disk.takeLock(key, this.#process)
      let isHeld = true
      return {
        release: async (): Promise<void> => {
          if (isHeld) this.disk.releaseLock(key, this.#process)
          isHeld = false
        },
      }
    }
    return this.perform({ operation: 'lock', path, effect, torn: () => {} })
  }

  /** Does the request when its time has come, unless it fails by plan, the disk hangs or the process dies. */
  perform<T>(request: DiskRequest<T>): Promise<T> {
    const { operation, path } = request
    if (!this.#process.isAlive) return new Promise(() => {})
    const { error, delayMs } = this.disk.faults.judge(operation, path)
    const work = (): T => {
      this.#underWay.delete(request)
      if (error === undefined) return request.effect()
      request.failed?.()
      throw new IoError(error, path, `simulated: ${operation} of ${path} is "${error}"`)
    }
    this.#underWay.add(request)
    const latencyMs = this.disk.latencyMs(operation) + delayMs
    if (latencyMs === Infinity) return new Promise(() => {})
    return new Promise((resolve, reject) => {
      const answer = (): void => {
        if (this.disk.isHung) this.disk.whenReleased(() => this.#process.schedule(0, 'disk released', answer))
        else settle(work, resolve, reject)
      }
      this.#process.schedule(latencyMs, `disk ${operation}`, answer)
    })
  }

  /** The process was killed: what it had under way happened, or not, or in part. */
  abandon(): void {
    for (const request of this.#underWay) {
      if (request.torn !== undefined) request.torn()
      else if (this.disk.random.chance(0.5)) attempt(request.effect)
    }
    this.#underWay.clear()
  }

  #openBytes(path: string, create: boolean): SimFileBytes {
    const place = this.disk.tree.place(path)
    const found = place.folder.current.get(place.name)
    if (found instanceof SimFolder) throw new IoError('failed', path, `${path} is a folder`)
    if (found !== undefined) return found
    if (!create) throw notFound(path)
    const made = new SimFileBytes()
    this.disk.tree.set(place, made)
    return made
  }

  #makeFolder(path: string): void {
    const place = this.disk.tree.place(path)
    if (!place.folder.current.has(place.name)) this.disk.tree.set(place, new SimFolder())
  }

  #placeIfAny(path: string): SimPlace | undefined {
    const parent = partsOf(path).slice(0, -1).join('/')
    return this.disk.tree.find(parent) instanceof SimFolder ? this.disk.tree.place(path) : undefined
  }

  #removeBelow(place: SimPlace): void {
    const entry = place.folder.current.get(place.name)
    if (entry instanceof SimFolder) {
      for (const name of Array.from(entry.current.keys())) this.#removeBelow({ folder: entry, name })
    }
    this.disk.tree.set(place, undefined)
  }
}

/** An IoError is for the broker, anything else is a broken test or simulator and fails the run. */
function settle<T>(work: () => T, resolve: (value: T) => void, reject: (error: IoError) => void): void {
  try {
    resolve(work())
  } catch (error) {
    if (!(error instanceof IoError)) throw error
    reject(error)
  }
}

function attempt(effect: () => unknown): void {
  try {
    effect()
  } catch (error) {
    if (!(error instanceof IoError)) throw error
  }
}

function shuffled<T>(items: T[], below: (bound: number) => number): T[] {
  for (let index = items.length - 1; index > 0; index -= 1) {
    const other = below(index)
    const item = items[index]
    items[index] = items[other]
    items[other] = item
  }
  return items
}
