// The file system of the operating system.

import fs, { constants, open } from 'node:fs'
import { access, mkdir, readdir, rename, rm, stat, statfs, unlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { AlignedMemory } from './aligned-memory.ts'
import { blockBytes } from './direct-file.ts'
import { errnoOf, toIoError } from './errno.ts'
import { IoError } from './io.ts'
import type { DirectoryEntry, DiskSpace, File, FileLock, FileSystem } from './io.ts'
import { RealFile } from './real-file.ts'
import { lockFile } from './real-lock.ts'

// Why not the usual 0666: stored messages and tokens are nobody else's business. The group may
// read, for backups.
const fileMode = 0o640
const directoryMode = 0o750

/** Of this thread: a buffer is only held while a call is under way. */
const blockMemory = new AlignedMemory()

class RealDirectFile extends RealFile {
  readonly blockMemory = blockMemory
}

export function realFiles(): FileSystem {
  return new RealFiles()
}

class RealFiles implements FileSystem {
  async open(path: string, options: { readonly create: boolean; readonly direct?: boolean }): Promise<File> {
    const flags = constants.O_RDWR | (options.create ? constants.O_CREAT : 0)
    if (options.direct !== true) return new RealFile(path, await openDescriptor(path, flags))
    return new RealDirectFile(path, await openDirectDescriptor(path, flags), fs, blockBytes)
  }

  list(directory: string): Promise<DirectoryEntry[]> {
    return converted(directory, async () => {
      const entries = await readdir(directory, { withFileTypes: true })
      return entries.map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }))
    })
  }

  async makeDirectory(path: string): Promise<void> {
    const missing = await missingFolders(resolve(path))
    for (const folder of missing) {
      await converted(folder, () => mkdir(folder, directoryMode)).catch(unlessKind('exists'))
      await this.syncDirectory(dirname(folder))
    }
    if (missing.length > 0 && (await isDirectory(resolve(path)))) return
    if (missing.length > 0) throw new IoError('exists', path, `${path} exists and is not a folder`)
    // Why: a process killed between making this folder and syncing its parent left an entry that is
    // not yet safe.
    await this.syncDirectory(dirname(resolve(path))).catch(unlessKind('denied'))
  }

  rename(from: string, to: string): Promise<void> {
    return converted(from, () => rename(from, to))
  }

  remove(path: string): Promise<void> {
    return converted(path, () => unlink(path)).catch(unlessKind('not-found'))
  }

  removeDirectory(path: string): Promise<void> {
    return converted(path, () => rm(path, { recursive: true, force: true }))
  }

  async syncDirectory(path: string): Promise<void> {
    const file = new RealFile(path, await openDescriptor(path, constants.O_RDONLY | constants.O_DIRECTORY))
    try {
      await file.sync()
    } finally {
      await file.close()
    }
  }

  async lock(path: string): Promise<FileLock> {
    await converted(dirname(resolve(path)), () => access(dirname(resolve(path)), constants.W_OK))
    return lockFile(path)
  }

  space(directory: string): Promise<DiskSpace> {
    return converted(directory, async () => {
      const { bsize, blocks, bavail } = await statfs(directory)
      return { totalBytes: blocks * bsize, usableBytes: bavail * bsize }
    })
  }
}

/** The folders on the way to `path` that do not exist, outermost first. */
async function missingFolders(path: string): Promise<string[]> {
  const missing: string[] = []
  for (let folder = path; !(await isDirectory(folder)); folder = dirname(folder)) missing.unshift(folder)
  return missing
}

function isDirectory(path: string): Promise<boolean> {
  return converted(path, async () => (await stat(path)).isDirectory()).catch((error: unknown) => {
    if (error instanceof IoError && (error.kind === 'not-found' || errnoOf(error.cause) === 'ENOTDIR'))
      return false
    throw error
  })
}

async function openDirectDescriptor(path: string, flags: number): Promise<number> {
  const refuse = (cause?: unknown): IoError =>
    new IoError('unsupported', path, `${path}: no direct I/O here`, cause)
  // Why `undefined`: systems other than Linux have no such flag.
  const directFlag: number | undefined = constants.O_DIRECT
  if (directFlag === undefined) throw refuse()
  try {
    return await openDescriptor(path, flags | directFlag)
  } catch (error) {
    if (error instanceof IoError && errnoOf(error.cause) === 'EINVAL') throw refuse(error)
    throw error
  }
}

function openDescriptor(path: string, flags: number): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, flags, fileMode, (error, fd) =>
      error === null ? resolve(fd) : reject(toIoError(error, path)),
    )
  })
}

async function converted<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw toIoError(error, path)
  }
}

function unlessKind(kind: IoError['kind']): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof IoError) || error.kind !== kind) throw error
  }
}
