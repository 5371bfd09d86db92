// The memory that compactions need for keys: one map at a time for all logs of a thread, used again while it
// is large enough, given back when nobody compacts.

import type { Random } from '../io/io.ts'
import { KeyHash } from './compaction/key-hash.ts'
import { OffsetMap } from './compaction/offset-map.ts'

export class KeyMaps {
  readonly #hash: KeyHash
  readonly #bytesMax: number
  #map: OffsetMap | undefined

  constructor(random: Random, bytesMax: number) {
    this.#hash = new KeyHash([random.u32(), random.u32(), random.u32(), random.u32()])
    this.#bytesMax = bytesMax
  }

  /** An empty one, which ends the one before. */
  mapFor(keys: number): OffsetMap {
    const needed = OffsetMap.bytesFor(this.#bytesMax, keys)
    if (this.#map !== undefined && this.#map.sizeBytes >= needed) this.#map.clear()
    else {
      // Why first: the old one must not be there beside the new one.
      this.#map = undefined
      this.#map = new OffsetMap(this.#hash, this.#bytesMax, keys)
    }
    return this.#map
  }

  release(): void {
    this.#map = undefined
  }
}
