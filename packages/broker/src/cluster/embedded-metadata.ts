// The catalog of a single node: a sorted table in memory, replayed from a journal at `<data>/catalog`.
// One transaction is one record of the journal, and it is applied only after that record is durable, so
// nobody sees what a power loss could take back. Transactions are few, and run one after the other.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Logger } from '../base/logger.ts'
import type { Io, Timer } from '../io/io.ts'
import { Journal } from '../log/journal.ts'
import type { TailCache } from '../log/tail-cache.ts'
import { CatalogState } from './embedded/catalog-state.ts'
import type { CatalogLease, CatalogStep } from './embedded/catalog-state.ts'
import { decodeStep, encodeStep, stepKey } from './embedded/catalog-step-codec.ts'
import type { CommitResult, Metadata, MetadataChange, MetadataEntry, Transaction } from './metadata.ts'

interface Watch {
  readonly prefix: string
  readonly listener: (change: MetadataChange) => void
}

export interface EmbeddedMetadataOptions {
  readonly io: Io
  /** The catalog's own. */
  readonly directory: string
  readonly tail: TailCache
  readonly logger: Logger
  readonly wasClosedCleanly: boolean
  /** `os` only where there is no disk at all. */
  readonly durability: 'fsync' | 'os'
}

const segmentBytes = 4 * 1024 * 1024
const segmentMs = 365 * 24 * 3_600_000
const indexIntervalBytes = 64 * 1024
const compactBytesMin = 1024 * 1024
/** Less than the journal makes a batch of by itself. */
const snapshotBatchBytes = 512 * 1024

export class EmbeddedMetadata implements Metadata {
  readonly #io: Io
  readonly #journal: Journal
  readonly #state: CatalogState
  readonly #logger: Logger
  readonly #watches = new Set<Watch>()
  readonly #leaseTimers = new Map<number, Timer>()
  /** The last transaction in line; each waits for the one before. */
  #last: Promise<unknown> = Promise.resolve()
  /** After a failed write nobody knows what the journal holds; only a restart, which reads it, can tell. */
  #failure: unknown
  #isClosed = false

  /** Throws `corrupt-log` when a part of the catalog cannot be read. */
  static async open(options: EmbeddedMetadataOptions): Promise<EmbeddedMetadata> {
    const { io, directory, ...rest } = options
    const bounds = { segmentBytes, segmentMs, indexIntervalBytes, compactBytesMin }
    const journal = await Journal.open(io, directory, { ...rest, ...bounds, isDamageFatal: true })
    try {
      return new EmbeddedMetadata({
        io,
        journal,
        state: await replayed(journal, directory),
        logger: options.logger,
      })
    } catch (error) {
      await journal.close()
      throw error
    }
  }

  private constructor(parts: { io: Io; journal: Journal; state: CatalogState; logger: Logger }) {
    this.#io = parts.io
    this.#journal = parts.journal
    this.#state = parts.state
    this.#logger = parts.logger
    // Why the whole time again: how long the broker was down is nothing that a holder could have helped.
    for (const lease of this.#state.leases) this.#startLease(lease)
  }

  async get(key: string): Promise<MetadataEntry | undefined> {
    return this.#state.get(key)
  }

  async list(prefix: string): Promise<MetadataEntry[]> {
    return this.#state.list(prefix)
  }

  commit(transaction: Transaction): Promise<CommitResult> {
    return this.#inTurn(async () => {
      const step = this.#state.stepOf(transaction)
      if (step !== undefined) await this.#carryOut(step)
      return { succeeded: step !== undefined, revision: this.#state.revision }
    })
  }

  watch(prefix: string, listener: (change: MetadataChange) => void): () => void {
    const watch = { prefix, listener }
    this.#watches.add(watch)
    return () => {
      this.#watches.delete(watch)
    }
  }

  grantLease(ttlMs: number): Promise<number> {
    return this.#inTurn(async () => {
      const step = this.#state.grantStep(ttlMs)
      await this.#carryOut(step)
      const lease = { id: step.revision, ttlMs }
      this.#startLease(lease)
      return lease.id
    })
  }

  async keepAlive(id: number): Promise<void> {
    for (const lease of this.#state.leases) {
      if (lease.id === id) return this.#startLease(lease)
    }
    throw new BrokerError('invalid-request', `Lease ${id} has ended`)
  }

  revoke(lease: number): Promise<void> {
    return this.#inTurn(() => this.#endLease(lease))
  }

  /** Waits for the transactions in line. Rejects when one of them could not be written. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#last
    for (const timer of this.#leaseTimers.values()) timer.cancel()
    await this.#journal.close()
    if (this.#failure !== undefined) throw this.#failed()
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(new BrokerError('stopping', 'The catalog is closed'))
    const turn = this.#last.then(action)
    this.#last = turn.catch(() => undefined)
    return turn
  }

  async #carryOut(step: CatalogStep): Promise<void> {
    if (this.#failure !== undefined) throw this.#failed()
    try {
      this.#journal.record(stepKey, encodeStep(step))
      await this.#journal.durable()
    } catch (cause) {
      // Why not a failure for good: the journal has taken the record back, and room may be made.
      if (cause instanceof BrokerError && cause.code === 'disk-full') throw cause
      this.#failure = cause
      this.#logger.error(
        { error: cause },
        'the catalog could not be written; it is read-only until a restart',
      )
      throw this.#failed()
    }
    this.#tell(this.#state.apply(step))
    await this.#compactIfLong()
  }

  #failed(): BrokerError {
    return new BrokerError(
      'io-failed',
      'The catalog could not be written, and is read-only until a restart',
      {
        cause: this.#failure,
      },
    )
  }

  async #compactIfLong(): Promise<void> {
    if (!this.#journal.shouldCompact) return
    try {
      await this.#journal.compact(async (journal) => {
        for (const step of this.#state.snapshot()) {
          journal.record(stepKey, encodeStep(step))
          // Why: a power loss may tear one batch out of several that are written together, which then looks
          // like damage, and with a damaged catalog no broker starts.
          if (journal.pendingBytes > snapshotBatchBytes) await journal.durable()
        }
      })
    } catch (error) {
      this.#logger.warn({ error }, 'the catalog could not be compacted; its journal goes on growing')
    }
  }

  #tell(change: MetadataChange): void {
    for (const { prefix, listener } of this.#watches) {
      const puts = change.puts.filter(({ key }) => key.startsWith(prefix))
      const deletes = change.deletes.filter((key) => key.startsWith(prefix))
      if (puts.length + deletes.length > 0) listener({ revision: change.revision, puts, deletes })
    }
  }

  #startLease(lease: CatalogLease): void {
    this.#leaseTimers.get(lease.id)?.cancel()
    const timer = this.#io.timers.after(lease.ttlMs, () => {
      this.revoke(lease.id).catch((error: unknown) => {
        this.#logger.error({ error, lease: lease.id }, 'an expired lease could not be ended')
      })
    })
    this.#leaseTimers.set(lease.id, timer)
  }

  async #endLease(lease: number): Promise<void> {
    this.#leaseTimers.get(lease)?.cancel()
    this.#leaseTimers.delete(lease)
    if (this.#state.hasLease(lease)) await this.#carryOut(this.#state.endStep(lease))
  }
}

/** Why not without the damaged part: streams that it names would count as deleted, and lose their files. */
async function replayed(journal: Journal, directory: string): Promise<CatalogState> {
  const [damage] = journal.quarantined
  if (damage !== undefined) {
    const where = `${damage.file}, position ${damage.position}`
    throw new BrokerError(
      'corrupt-log',
      `The catalog is damaged (${where}); restore ${directory} from a copy`,
    )
  }
  const state = new CatalogState()
  await journal.replay((_key, value) => {
    if (value !== null) state.apply(decodeStep(value))
  })
  return state
}
