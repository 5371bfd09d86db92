// The folder that a broker owns: its lock, the version of its format, and whether it was closed in order.
//
//   lock             held by the running broker; its contents mean nothing
//   format           {"format":1}
//   clean-shutdown   there only while no broker runs, after one that ended in order
//   streams/<id>/<partition>/   catalog/   progress/<durability>/   logs
//   progress/shards-<N>/<k>/<durability>/   the same of a broker with N shards
//
// Must never touch a folder that holds something else, nor one that a newer version wrote.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { IoError } from '../io/io.ts'
import type { FileLock, FileSystem, Io } from '../io/io.ts'
import { isTemporary, readFileIfAny, writeFileAtomically } from './atomic-file.ts'
import { checkStorage } from './storage.ts'
import type { StorageSetting } from './storage.ts'

const formatVersion = 1

export const lockName = 'lock'
const formatName = 'format'
const cleanName = 'clean-shutdown'
/** What an empty file system brings with it. */
const ignoredNames = new Set(['lost+found'])

export class DataDirectory {
  readonly path: string
  /**
   * Whether all that was acknowledged is known to be on disk as it was written; logs ask it when they open.
   */
  readonly wasClosedCleanly: boolean
  readonly #files: FileSystem
  readonly #lock: FileLock

  /**
   * Makes or opens it and takes its lock. `data-directory-locked`, `data-directory-newer`, or
   * `data-directory-invalid` for a folder with other contents; `direct-io-refused`, see `checkStorage`.
   */
  static async open(io: Io, path: string, storage: StorageSetting = {}): Promise<DataDirectory> {
    try {
      return await openDirectory(io.files, path, storage)
    } catch (error) {
      if (!(error instanceof IoError)) throw error
      if (error.kind === 'locked') throw lockedError(path, error)
      throw new BrokerError('io-failed', `The data directory ${path} cannot be opened: ${error.message}`, {
        cause: error,
      })
    }
  }

  /** Called by `open` only. */
  constructor(files: FileSystem, path: string, lock: FileLock, wasClosedCleanly: boolean) {
    this.#files = files
    this.path = path
    this.#lock = lock
    this.wasClosedCleanly = wasClosedCleanly
  }

  /** Gives the lock back; `isClean` only if every log was closed and none of them is offline. */
  async close(isClean: boolean): Promise<void> {
    try {
      if (isClean)
        await writeFileAtomically(this.#files, `${this.path}/${cleanName}`, encode('{"clean":true}\n'))
    } finally {
      await this.#lock.release()
    }
  }
}

async function openDirectory(
  files: FileSystem,
  path: string,
  storage: StorageSetting,
): Promise<DataDirectory> {
  await files.makeDirectory(path)
  // Why before the lock: taking it makes a file, and nothing of ours belongs into a folder of somebody else.
  await checkFormat(files, path)
  const lock = await files.lock(`${path}/${lockName}`)
  try {
    // Why again: another broker may have been at work until now.
    if (!(await checkFormat(files, path))) {
      await writeFileAtomically(files, `${path}/${formatName}`, encode(`{"format":${formatVersion}}\n`))
    }
    // Why before the mark is taken: a start that is refused changes nothing.
    await checkStorage(files, path, storage)
    const wasClosedCleanly = await takeCleanMark(files, path)
    return new DataDirectory(files, path, lock, wasClosedCleanly)
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** Whether the folder is ours already; refuses one that is not and is not empty. Changes nothing. */
export async function checkFormat(files: FileSystem, path: string): Promise<boolean> {
  const bytes = await readFileIfAny(files, `${path}/${formatName}`)
  if (bytes !== undefined) {
    checkVersion(path, bytes)
    return true
  }
  for (const { name } of await files.list(path)) {
    const isOurs = name.startsWith(lockName) || isTemporary(name) || ignoredNames.has(name)
    if (!isOurs) throw invalidError(path, `it holds ${name} but no ${formatName} file`)
  }
  return false
}

function checkVersion(path: string, bytes: Uint8Array): void {
  const version = versionOf(bytes)
  if (version === undefined) throw invalidError(path, `its ${formatName} file is damaged`)
  if (version <= formatVersion) return
  const text = `The data directory ${path} has format ${version}, and this version knows ${formatVersion}`
  throw new BrokerError('data-directory-newer', text)
}

function versionOf(bytes: Uint8Array): number | undefined {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (typeof parsed !== 'object' || parsed === null || !('format' in parsed)) return undefined
    const version = parsed.format
    return typeof version === 'number' && Number.isSafeInteger(version) && version >= 1 ? version : undefined
  } catch {
    return undefined
  }
}

export async function hasCleanMark(files: FileSystem, path: string): Promise<boolean> {
  return (await readFileIfAny(files, `${path}/${cleanName}`)) !== undefined
}

/** Invariant: the mark is gone, durably, before anything in the folder changes. */
async function takeCleanMark(files: FileSystem, path: string): Promise<boolean> {
  const isClean = await hasCleanMark(files, path)
  await files.remove(`${path}/${cleanName}`)
  await files.syncDirectory(path)
  return isClean
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function lockedError(path: string, cause: unknown): BrokerError {
  return new BrokerError('data-directory-locked', `The data directory ${path} is in use`, { cause })
}

function invalidError(path: string, why: string): BrokerError {
  return new BrokerError('data-directory-invalid', `${path} is no data directory: ${why}`)
}
