// The folder that a broker owns: its lock, the version of its format, and whether it was closed in order.

import type { Io } from '../io/io.ts'

export declare class DataDirectory {
  /**
   * Makes or opens it and takes its lock. `data-directory-locked`, `data-directory-newer`, or
   * `data-directory-invalid` for a folder with other contents.
   */
  static open(io: Io, path: string): Promise<DataDirectory>
  readonly path: string
  /** Whether all that was acknowledged is known to be on disk as it was written; logs ask it when they open. */
  readonly wasClosedCleanly: boolean
  /** Gives the lock back; `isClean` only if every log was closed and none of them is offline. */
  close(isClean: boolean): Promise<void>
}
