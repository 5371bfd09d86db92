// A file system whose log segments are read and written past the page cache; all other files are as before.
// Whatever it stands on, the disk, memory or the simulator, the same code makes the blocks.

import { blockBytes, DirectFile } from './direct-file.ts'
import { IoError } from './io.ts'
import type { File, FileSystem } from './io.ts'

const probeName = '.direct-io-probe'

export function directFiles(files: FileSystem, isDirect = isSegment): FileSystem {
  return {
    open: (path, options) =>
      isDirect(path) ? openDirect(files, path, options.create) : files.open(path, options),
    list: (directory) => files.list(directory),
    makeDirectory: (path) => files.makeDirectory(path),
    rename: (from, to) => files.rename(from, to),
    remove: (path) => files.remove(path),
    removeDirectory: (path) => files.removeDirectory(path),
    syncDirectory: (path) => files.syncDirectory(path),
    lock: (path) => files.lock(path),
    space: (directory) => files.space(directory),
  }
}

function isSegment(path: string): boolean {
  return path.endsWith('.log')
}

/** Writes and reads a block in the folder; `unsupported` where its file system cannot do that. */
export async function probeDirect(files: FileSystem, directory: string): Promise<void> {
  const path = `${directory}/${probeName}`
  try {
    const file = await openDirect(files, path, true)
    try {
      await file.write([new Uint8Array(blockBytes)], 0)
      await file.sync()
      await file.read(new Uint8Array(1), 1)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof IoError && error.kind !== 'failed') throw error
    throw new IoError('unsupported', path, `${directory} takes no direct I/O`, error)
  } finally {
    await files.remove(path)
  }
}

async function openDirect(files: FileSystem, path: string, create: boolean): Promise<File> {
  const raw = await files.open(path, { create, direct: true })
  try {
    return await DirectFile.over(raw)
  } catch (error) {
    await raw.close()
    throw error
  }
}
