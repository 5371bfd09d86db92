// What a simulated process asks of its disk.

import type { DiskOperation } from './sim-disk-faults.ts'

/** An operation under way. At the death of its process it has happened, or not, or in part. */
export interface DiskRequest<T> {
  readonly operation: DiskOperation
  readonly path: string
  /** What the operation does, all at once, when its time has come. */
  readonly effect: () => T
  /** What is left of it when it fails by plan. Default: nothing. */
  readonly failed?: () => void
  /** What is left of it when the process is killed before. Default: all or nothing. */
  readonly torn?: () => void
}
