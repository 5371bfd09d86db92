// Small files that are either the old or the new one, whatever happens in between, and reading them whole.

import { IoError } from '../io/io.ts'
import type { FileSystem } from '../io/io.ts'

const temporarySuffix = '.tmp'

/** Survives a power loss once it resolves. The folder of `path` must exist. */
export async function writeFileAtomically(files: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporaryOf(path)
  const file = await files.open(temporary, { create: true })
  try {
    await file.truncate(0)
    await file.write([bytes], 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await files.rename(temporary, path)
  await files.syncDirectory(folderOf(path))
}

/** Undefined where there is no such file. For files that are known to be small. */
export async function readFileIfAny(files: FileSystem, path: string): Promise<Uint8Array | undefined> {
  try {
    const file = await files.open(path, { create: false })
    try {
      const bytes = new Uint8Array(await file.size())
      const count = await file.read(bytes, 0)
      return bytes.subarray(0, count)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof IoError && error.kind === 'not-found') return undefined
    throw error
  }
}

/** Where a file is written before it gets its name; removed at start where it never did. */
export function temporaryOf(path: string): string {
  return `${path}${temporarySuffix}`
}

/** Whether the name is of a file that `writeFileAtomically` did not finish; it holds nothing of worth. */
export function isTemporary(name: string): boolean {
  return name.endsWith(temporarySuffix)
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash <= 0 ? '/' : path.slice(0, slash)
}
