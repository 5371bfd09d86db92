// The bytes of one file on a simulated disk: as programs see them, as they are on the platter, and the
// changes between the two.

import { MemoryBytes } from '../io/memory-bytes.ts'
import type { SimRandom } from './sim-random.ts'

const sectorBytes = 512

type Change =
  | {
      readonly kind: 'write'
      readonly sequence: number
      readonly position: number
      readonly bytes: Uint8Array
    }
  | { readonly kind: 'truncate'; readonly sequence: number; readonly size: number }

/**
 * What a power loss does to the changes of one file that were not synced: - `lost`, `kept`: none or all of
 * them reached the platter; - `prefix`: they reached it in order, and one was torn at some byte; - `subset`:
 * any sectors of any of them did, so a later write may be there and an earlier one not; where the file
 *   grew over a missing one there are zeros, or garbage that the platter held before.
 */
const lossModes = ['lost', 'kept', 'prefix', 'subset', 'subset', 'subset'] as const

export class SimFileBytes {
  readonly current: MemoryBytes
  readonly #durable: MemoryBytes
  #pending: Change[] = []
  #sequence = 0

  constructor(durable: MemoryBytes = new MemoryBytes()) {
    this.#durable = durable
    this.current = copied(durable)
  }

  /** Keeps a copy of the bytes. */
  write(bytes: Uint8Array, position: number): void {
    if (bytes.length === 0) return
    this.current.write(bytes, position)
    this.#sequence += 1
    this.#pending.push({ kind: 'write', sequence: this.#sequence, position, bytes: Uint8Array.from(bytes) })
  }

  truncate(size: number): void {
    this.current.truncate(size)
    this.#sequence += 1
    this.#pending.push({ kind: 'truncate', sequence: this.#sequence, size })
  }

  /** What a sync that starts now has to cover. */
  mark(): number {
    return this.#sequence
  }

  syncUpTo(mark: number): void {
    for (const change of this.#takePending(mark)) apply(this.#durable, change)
  }

  /**
   * What Linux does when writing back fails: it reports so once and calls the pages clean. Programs go on
   * seeing the new bytes, later syncs succeed, and the platter has kept the old bytes of some of the changes.
   */
  failSync(mark: number, random: SimRandom): void {
    for (const change of this.#takePending(mark)) if (random.chance(0.5)) apply(this.#durable, change)
  }

  /** The file as it is found after the power came back. */
  afterPowerLoss(random: SimRandom): SimFileBytes {
    const survived = copied(this.#durable)
    const mode = this.#pending.length === 0 ? 'lost' : random.pick(lossModes)
    if (mode === 'kept') for (const change of this.#pending) apply(survived, change)
    if (mode === 'prefix') this.#keepPrefix(survived, random)
    if (mode === 'subset') this.#keepSubset(survived, random)
    return new SimFileBytes(survived)
  }

  /** Damages the byte wherever it is: in memory, on its way, and on the platter. */
  flipBit(position: number, bit: number): void {
    flip(this.current, position, bit)
    flip(this.#durable, position, bit)
    for (const change of this.#pending) {
      if (change.kind !== 'write') continue
      const index = position - change.position
      if (index >= 0 && index < change.bytes.length) change.bytes[index] ^= 1 << bit
    }
  }

  #takePending(mark: number): Change[] {
    const taken = this.#pending.filter((change) => change.sequence <= mark)
    this.#pending = this.#pending.filter((change) => change.sequence > mark)
    return taken
  }

  #keepPrefix(survived: MemoryBytes, random: SimRandom): void {
    const count = random.int(0, this.#pending.length - 1)
    for (const change of this.#pending.slice(0, count)) apply(survived, change)
    const torn = this.#pending[count]
    if (torn.kind === 'write')
      survived.write(torn.bytes.subarray(0, random.int(0, torn.bytes.length)), torn.position)
  }

  #keepSubset(survived: MemoryBytes, random: SimRandom): void {
    // Why before the sectors: garbage is what the platter held there, so whatever was kept lies over it.
    if (random.chance(0.25)) this.#addGarbage(survived, random)
    const keepChance = random.pick([0, 0.1, 0.5, 0.9, random.float()])
    for (const change of this.#pending) {
      if (change.kind === 'write') keepSectors(survived, change, () => random.chance(keepChance))
      else if (random.chance(keepChance)) survived.truncate(change.size)
    }
    // The new size may be on the platter without the bytes, as with delayed allocation.
    if (random.chance(0.5) && this.current.size > survived.size) survived.truncate(this.current.size)
  }

  #addGarbage(survived: MemoryBytes, random: SimRandom): void {
    const start = survived.size
    if (this.current.size <= start) return
    const garbage = new Uint8Array(random.int(1, this.current.size - start))
    random.fill(garbage)
    survived.write(garbage, start)
  }
}

function apply(bytes: MemoryBytes, change: Change): void {
  if (change.kind === 'write') bytes.write(change.bytes, change.position)
  else bytes.truncate(change.size)
}

function keepSectors(
  survived: MemoryBytes,
  change: { readonly position: number; readonly bytes: Uint8Array },
  isKept: () => boolean,
): void {
  const end = change.position + change.bytes.length
  let start = change.position
  while (start < end) {
    const next = Math.min(end, start - (start % sectorBytes) + sectorBytes)
    const sector = change.bytes.subarray(start - change.position, next - change.position)
    if (isKept()) survived.write(sector, start)
    start = next
  }
}

function copied(bytes: MemoryBytes): MemoryBytes {
  const copy = new MemoryBytes()
  const all = Buffer.allocUnsafe(bytes.size)
  bytes.read(all, 0)
  copy.write(all, 0)
  return copy
}

function flip(bytes: MemoryBytes, position: number, bit: number): void {
  if (position >= bytes.size) return
  const byte = new Uint8Array(1)
  bytes.read(byte, position)
  byte[0] ^= 1 << bit
  bytes.write(byte, position)
}
