// One simulated disk: it outlives the programs that use it, and a test may look at it and damage it at will.

import { assert } from '../base/assert.ts'
import { IoError } from '../io/io.ts'
import { SimFileBytes } from './sim-disk-bytes.ts'
import { SimFaultPlan } from './sim-disk-faults.ts'
import type { DiskOperation } from './sim-disk-faults.ts'
import { SimFolder, SimTree } from './sim-disk-tree.ts'
import type { SimProcess } from './sim-io-process.ts'
import type { SimRandom } from './sim-random.ts'

/** Lowest and highest, in milliseconds; one operation in a hundred takes ten times as long. */
export type LatencyRange = readonly [low: number, high: number]

export interface DiskLatency {
  read: LatencyRange
  write: LatencyRange
  sync: LatencyRange
  folders: LatencyRange
}

const latencyOf: Readonly<Record<DiskOperation, keyof DiskLatency>> = {
  open: 'folders',
  list: 'folders',
  'make-directory': 'folders',
  rename: 'folders',
  remove: 'folders',
  'remove-directory': 'folders',
  'sync-directory': 'sync',
  lock: 'folders',
  read: 'read',
  write: 'write',
  truncate: 'write',
  sync: 'sync',
  size: 'folders',
}

export class SimDisk {
  readonly tree: SimTree = new SimTree()
  readonly faults: SimFaultPlan = new SimFaultPlan()
  readonly random: SimRandom
  /** How much the disk takes; what goes beyond it is `full`. Lower or raise it at any time. */
  capacityBytes: number = Infinity
  readonly latency: DiskLatency = {
    read: [0.02, 0.2],
    write: [0.01, 0.1],
    sync: [0.1, 3],
    folders: [0.01, 0.1],
  }
  readonly #locks = new Map<string, SimProcess>()
  #isHung = false
  #held: (() => void)[] = []

  constructor(random: SimRandom) {
    this.random = random
  }

  get usedBytes(): number {
    let used = 0
    for (const [, bytes] of this.tree.files()) used += bytes.current.size
    return used
  }

  /** The paths of all files. */
  paths(): string[] {
    return Array.from(this.tree.files(), ([path]) => path)
  }

  /** A copy of the file as programs see it. */
  contentOf(path: string): Buffer {
    const bytes = this.#file(path)
    const content = Buffer.alloc(bytes.current.size)
    bytes.current.read(content, 0)
    return content
  }

  /**
   * Replaces the file, or makes it, safely on the platter: for damage that a test thinks up, and
   * for old data.
   */
  putFile(path: string, content: Uint8Array): void {
    const bytes = new SimFileBytes()
    bytes.write(content, 0)
    bytes.syncUpTo(bytes.mark())
    this.#put(path, bytes)
  }

  /** The file is gone, as if an operator had deleted it. */
  loseFile(path: string): void {
    this.#file(path)
    this.#put(path, undefined)
  }

  /** Flips one bit (0 to 7) of a byte, in the page cache and on the platter. */
  flipBit(path: string, position: number, bit = 0): void {
    const bytes = this.#file(path)
    assert(position < bytes.current.size, `${path} has no byte ${position}`)
    bytes.flipBit(position, bit)
  }

  /** Nothing is answered any more until `release`; what was asked stays in work. */
  hang(): void {
    this.#isHung = true
  }

  release(): void {
    this.#isHung = false
    for (const go of this.#held.splice(0)) go()
  }

  get isHung(): boolean {
    return this.#isHung
  }

  whenReleased(go: () => void): void {
    this.#held.push(go)
  }

  latencyMs(operation: DiskOperation): number {
    const [low, high] = this.latency[latencyOf[operation]]
    return this.random.between(low, high) * (this.random.chance(0.01) ? 10 : 1)
  }

  takeLock(path: string, process: SimProcess): void {
    const owner = this.#locks.get(path)
    if (owner !== undefined && owner.isAlive)
      throw new IoError('locked', path, `${path} is locked by ${owner.name}`)
    this.#locks.set(path, process)
  }

  releaseLock(path: string, process: SimProcess): void {
    if (this.#locks.get(path) === process) this.#locks.delete(path)
  }

  /** Drops from the seed what was not synced. Programs that still run on this disk must be killed before. */
  powerLoss(): void {
    this.#held = []
    this.tree.powerLoss(this.random)
  }

  #file(path: string): SimFileBytes {
    const found = this.tree.find(path)
    assert(found instanceof SimFileBytes, `there is no file ${path}`)
    return found
  }

  #put(path: string, bytes: SimFileBytes | undefined): void {
    const place = this.tree.place(path)
    assert(!(place.folder.current.get(place.name) instanceof SimFolder), `${path} is a folder`)
    this.tree.set(place, bytes)
    this.tree.syncUpTo(place.folder, this.tree.mark())
  }
}
