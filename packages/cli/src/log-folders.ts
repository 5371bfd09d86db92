// Finds the folders of logs below a folder that a user names. Reads names only.

import { readdir } from 'node:fs/promises'
import { UsageError } from './failure.ts'

const segmentPattern = /^\d{20}\.log$/

/** In the order of their names, in which 10 comes after 9. Throws `UsageError` when there is none. */
export async function logFoldersBelow(directory: string): Promise<string[]> {
  const found: string[] = []
  await search(directory, found).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${directory} cannot be read: ${error.message}`)
  })
  if (found.length === 0) throw new UsageError(`There is no log in ${directory}`)
  return found
}

async function search(directory: string, found: string[]): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true })
  if (entries.some((entry) => entry.isFile() && segmentPattern.test(entry.name))) {
    found.push(directory)
    return
  }
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  for (const name of names.toSorted(byNumber)) await search(`${directory}/${name}`, found)
}

function byNumber(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true })
}
