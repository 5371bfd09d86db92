// Which operations of a simulated disk fail or take long: a plan that a test writes.

import type { IoErrorKind } from '../io/io.ts'

export type DiskOperation =
  | 'open'
  | 'list'
  | 'make-directory'
  | 'rename'
  | 'remove'
  | 'remove-directory'
  | 'sync-directory'
  | 'lock'
  | 'read'
  | 'write'
  | 'truncate'
  | 'sync'
  | 'size'

/** Every operation that a disk mounted read-only refuses; `open` only fails where it would create. */
export const changingOperations: readonly DiskOperation[] = [
  'make-directory',
  'rename',
  'remove',
  'remove-directory',
  'lock',
  'write',
  'truncate',
]

/** `{ operation: 'sync', path: /\.log$/, skip: 2, error: 'failed' }`: the third sync of a log gives EIO. */
export interface DiskFault {
  readonly operation: DiskOperation | readonly DiskOperation[]
  /** Which paths; all where absent. */
  readonly path?: RegExp
  /** How many matching operations go well first. Default 0. */
  readonly skip?: number
  /** How many are hit then. Default 1; Infinity until removed. */
  readonly times?: number
  /** Absent: the operation succeeds, only later. EIO is `failed`. */
  readonly error?: IoErrorKind
  readonly delayMs?: number
}

export interface PlannedFault {
  /** How many operations it has hit. */
  readonly hits: number
  remove(): void
}

export interface FaultVerdict {
  readonly error: IoErrorKind | undefined
  readonly delayMs: number
}

export class SimFaultPlan {
  readonly #entries = new Set<FaultEntry>()

  add(fault: DiskFault): PlannedFault {
    const entry = new FaultEntry(fault, () => this.#entries.delete(entry))
    this.#entries.add(entry)
    return entry
  }

  clear(): void {
    this.#entries.clear()
  }

  /** Counts the operation against every fault of the plan, and says what becomes of it. */
  judge(operation: DiskOperation, path: string): FaultVerdict {
    let error: IoErrorKind | undefined
    let delayMs = 0
    for (const entry of this.#entries) {
      if (!entry.hit(operation, path)) continue
      error ??= entry.fault.error
      delayMs += entry.fault.delayMs ?? 0
    }
    return { error, delayMs }
  }
}

class FaultEntry implements PlannedFault {
  readonly fault: DiskFault
  readonly remove: () => void
  hits = 0
  #skipped = 0

  constructor(fault: DiskFault, remove: () => void) {
    this.fault = fault
    this.remove = remove
  }

  hit(operation: DiskOperation, path: string): boolean {
    const wanted = this.fault.operation
    if (typeof wanted === 'string' ? wanted !== operation : !wanted.includes(operation)) return false
    if (this.fault.path !== undefined && !this.fault.path.test(path)) return false
    if (this.#skipped < (this.fault.skip ?? 0)) {
      this.#skipped += 1
      return false
    }
    if (this.hits >= (this.fault.times ?? 1)) return false
    this.hits += 1
    return true
  }
}
