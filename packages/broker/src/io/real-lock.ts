// The exclusive lock on a file, held by the kernel: it is gone when the process is, even after SIGKILL.
// Node has no call for file locks, but the SQLite inside Node takes one for an exclusive transaction.

import { DatabaseSync } from 'node:sqlite'
import { toIoError } from './errno.ts'
import { IoError } from './io.ts'
import type { FileLock } from './io.ts'

const sqliteBusy = 5

// Invariant: a held lock is referenced from here, else the garbage collector would close it and let it go.
const held = new Set<DatabaseSync>()

/**
 * Makes an empty file at `path` where there is none. Nothing else in this process may open that file:
 * closing any descriptor of it would release the lock (a rule of POSIX record locks; SQLite itself takes
 * care of its own).
 */
export function lockFile(path: string): FileLock {
  const database = openDatabase(path)
  held.add(database)
  return {
    release: (): Promise<void> => {
      if (held.delete(database)) database.close()
      return Promise.resolve()
    },
  }
}

function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path)
    database.exec('PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database?.close()
    if (isBusy(error)) throw new IoError('locked', path, `${path} is locked by another broker`, error)
    throw toIoError(error, path)
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy
}
