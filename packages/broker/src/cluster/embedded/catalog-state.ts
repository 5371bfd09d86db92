// The catalog of one node as a pure state: what a transaction would change, and the change applied.
// The same `apply` runs when a transaction is confirmed and when the journal is replayed, so both come to the
// same. Knows no clock and no disk.

import { assert } from '../../base/assert.ts'
import type { MetadataChange, MetadataEntry, Transaction } from '../metadata.ts'

/** What one record of the journal says. A transaction is one record, so that a torn write cannot split it. */
export interface CatalogStep {
  readonly revision: number
  readonly puts: readonly CatalogPut[]
  readonly deletes: readonly string[]
  readonly granted?: CatalogLease
  /** This lease ends, and with it the keys that hang on it. */
  readonly ended?: number
}

export interface CatalogPut {
  readonly key: string
  readonly value: string
  readonly lease?: number
  /** Only in a snapshot: the revision of the step that wrote the key, where it is not this one. */
  readonly revision?: number
}

export interface CatalogLease {
  readonly id: number
  readonly ttlMs: number
}

interface Held extends MetadataEntry {
  readonly lease: number | undefined
}

export class CatalogState {
  #revision = 0
  readonly #entries = new Map<string, Held>()
  /** The keys of `#entries`, sorted. */
  readonly #keys: string[] = []
  readonly #leases = new Map<number, CatalogLease>()

  get revision(): number {
    return this.#revision
  }

  get leases(): Iterable<CatalogLease> {
    return this.#leases.values()
  }

  get(key: string): MetadataEntry | undefined {
    const held = this.#entries.get(key)
    return held === undefined ? undefined : entryOf(held)
  }

  list(prefix: string): MetadataEntry[] {
    const found: MetadataEntry[] = []
    for (let index = this.#indexOf(prefix); index < this.#keys.length; index++) {
      const key = this.#keys[index]!
      if (!key.startsWith(prefix)) break
      found.push(entryOf(this.#entries.get(key)!))
    }
    return found
  }

  hasLease(id: number): boolean {
    return this.#leases.has(id)
  }

  /** The step that carries the transaction out; undefined when a compare does not hold. */
  stepOf(transaction: Transaction): CatalogStep | undefined {
    for (const { key, revision } of transaction.compares ?? []) {
      if ((this.#entries.get(key)?.revision ?? 0) !== revision) return undefined
    }
    const puts = transaction.puts ?? []
    const deletes = transaction.deletes ?? []
    const touched = new Set([...puts.map(({ key }) => key), ...deletes])
    assert(touched.size === puts.length + deletes.length, 'a transaction touches a key twice')
    for (const { lease } of puts)
      assert(lease === undefined || this.hasLease(lease), `there is no lease ${lease}`)
    return { revision: this.#revision + 1, puts, deletes: deletes.filter((key) => this.#entries.has(key)) }
  }

  grantStep(ttlMs: number): CatalogStep {
    const revision = this.#revision + 1
    return { revision, puts: [], deletes: [], granted: { id: revision, ttlMs } }
  }

  /** The end of a lease is a transaction too: its keys go with it, all at once. */
  endStep(lease: number): CatalogStep {
    const held = [...this.#entries.values()].filter((entry) => entry.lease === lease)
    return { revision: this.#revision + 1, puts: [], deletes: held.map(({ key }) => key), ended: lease }
  }

  apply(step: CatalogStep): MetadataChange {
    // Invariant: revisions only grow, so a compare can never hold for a key that was written again.
    assert(step.revision >= this.#revision, `step ${step.revision} follows ${this.#revision}`)
    this.#revision = step.revision
    if (step.granted !== undefined) this.#leases.set(step.granted.id, step.granted)
    if (step.ended !== undefined) this.#leases.delete(step.ended)
    for (const key of step.deletes) this.#remove(key)
    const puts = step.puts.map((put) => this.#put(put, put.revision ?? step.revision))
    return { revision: step.revision, puts, deletes: step.deletes }
  }

  /**
   * Steps that lead an empty state here, and this state nowhere else: a journal whose compaction was cut
   * short holds the older steps and some of these behind them.
   */
  *snapshot(): Iterable<CatalogStep> {
    const revision = this.#revision
    const empty = { puts: [], deletes: [] }
    for (const granted of this.#leases.values()) yield { revision, ...empty, granted }
    for (const key of this.#keys) {
      const { value, lease, revision: written } = this.#entries.get(key)!
      const put = { key, value, revision: written, ...(lease === undefined ? {} : { lease }) }
      yield { revision, puts: [put], deletes: [] }
    }
    yield { revision, ...empty }
  }

  #put({ key, value, lease }: CatalogPut, revision: number): MetadataEntry {
    if (!this.#entries.has(key)) this.#keys.splice(this.#indexOf(key), 0, key)
    const held = { key, value, revision, lease }
    this.#entries.set(key, held)
    return entryOf(held)
  }

  #remove(key: string): void {
    if (this.#entries.delete(key)) this.#keys.splice(this.#indexOf(key), 1)
  }

  /** Index of the first key that is not below `key`. */
  #indexOf(key: string): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#keys[middle]! < key) low = middle + 1
      else high = middle
    }
    return low
  }
}

function entryOf({ key, value, revision }: Held): MetadataEntry {
  return { key, value, revision }
}
