// The catalog as a node sees it that does not hold it: every question and every transaction goes to the one
// that does.

import type { CommitResult, MetadataEntry, Transaction, Transactions } from './metadata.ts'
import type { Peer, PeerServices } from './peer.ts'

export interface CatalogMessages {
  readonly requests: {
    readonly 'catalog.get': { body: string; answer: MetadataEntry | undefined }
    readonly 'catalog.list': { body: string; answer: MetadataEntry[] }
    readonly 'catalog.commit': { body: Transaction; answer: CommitResult }
  }
  readonly notices: object
}

export class RemoteCatalog implements Transactions {
  readonly #holder: Peer<CatalogMessages>

  constructor(holder: Peer<CatalogMessages>) {
    this.#holder = holder
  }

  get(key: string): Promise<MetadataEntry | undefined> {
    return this.#holder.request('catalog.get', key)
  }

  list(prefix: string): Promise<MetadataEntry[]> {
    return this.#holder.request('catalog.list', prefix)
  }

  /** When the holder goes, the outcome is unknown; so does the whole broker then. */
  commit(transaction: Transaction): Promise<CommitResult> {
    return this.#holder.request('catalog.commit', transaction)
  }
}

/** For the node that holds it. */
export function answerForCatalog(services: PeerServices<CatalogMessages>, catalog: Transactions): void {
  services.answer('catalog.get', (key) => catalog.get(key))
  services.answer('catalog.list', (prefix) => catalog.list(prefix))
  services.answer('catalog.commit', (transaction) => catalog.commit(transaction))
}
