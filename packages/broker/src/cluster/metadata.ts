// The catalog as every layer above sees it: keys with revisions, compare-and-set transactions, leases,
// watches. `embedded-metadata.ts` implements it for one node; its shape is etcd's, so that several nodes can
// share one. Must never know what the values mean.

/** One key as it stands. Values are JSON text. */
export interface MetadataEntry {
  readonly key: string
  readonly value: string
  /** The revision of the transaction that wrote it last. */
  readonly revision: number
}

/** Holds while the key was last written at `revision`; 0: while there is no such key. */
export interface Compare {
  readonly key: string
  readonly revision: number
}

export interface Put {
  readonly key: string
  readonly value: string
  /** The key goes when this lease does. */
  readonly lease?: number
}

/** All or nothing. No key may occur twice among puts and deletes; deleting an absent key is harmless. */
export interface Transaction {
  readonly compares?: readonly Compare[]
  readonly puts?: readonly Put[]
  readonly deletes?: readonly string[]
}

export interface CommitResult {
  /** False when a compare did not hold; nothing was changed then. */
  readonly succeeded: boolean
  /** The catalog's revision now; when the transaction succeeded, its own. */
  readonly revision: number
}

/** What one transaction changed, as far as the watched prefix goes. */
export interface MetadataChange {
  readonly revision: number
  readonly puts: readonly MetadataEntry[]
  readonly deletes: readonly string[]
}

/** The part of the catalog that services use, from whatever node. */
export interface Transactions {
  get(key: string): Promise<MetadataEntry | undefined>
  /** Keys that begin with `prefix`, sorted by their UTF-16 units. */
  list(prefix: string): Promise<MetadataEntry[]>
  /**
   * Durable when it resolves. Rejects with `disk-full` when nothing was changed for want of room; after any
   * other rejection the outcome is unknown.
   */
  commit(transaction: Transaction): Promise<CommitResult>
}

export interface Metadata extends Transactions {
  /** Hears of every later transaction that touches the prefix, in order; returns how to stop. */
  watch(prefix: string, listener: (change: MetadataChange) => void): () => void
  /** Returns the lease's id. Its keys are deleted `ttlMs` after the last sign of life, or when revoked. */
  grantLease(ttlMs: number): Promise<number>
  keepAlive(lease: number): Promise<void>
  revoke(lease: number): Promise<void>
  close(): Promise<void>
}
