// A file system in memory, for brokers and streams whose messages need not survive the process.
// Costs no system call; `sync` has nothing to do.

import { IoError } from './io.ts'
import type { DirectoryEntry, File, FileLock, FileSystem } from './io.ts'
import { MemoryBytes } from './memory-bytes.ts'

type Folder = Map<string, Folder | MemoryBytes>

/** An empty file system that only its holder sees. `/a/b` and `a/b` are the same path. */
export function memoryFiles(): FileSystem {
  return new MemoryFiles()
}

// The methods are async although nothing in them waits: a failure has to arrive as a rejection.
class MemoryFiles implements FileSystem {
  readonly #root: Folder = new Map()
  readonly #locked = new Set<string>()

  async open(path: string, options: { readonly create: boolean }): Promise<File> {
    const { folder, name } = this.#place(path)
    let found = folder.get(name)
    if (found === undefined) {
      if (!options.create) throw notFound(path)
      found = new MemoryBytes()
      folder.set(name, found)
    }
    if (!(found instanceof MemoryBytes)) throw new IoError('failed', path, `${path} is a folder`)
    return new MemoryFile(path, found)
  }

  async list(directory: string): Promise<DirectoryEntry[]> {
    const folder = this.#folder(partsOf(directory), directory)
    return Array.from(folder, ([name, entry]) => ({ name, isDirectory: !(entry instanceof MemoryBytes) }))
  }

  async makeDirectory(path: string): Promise<void> {
    let folder = this.#root
    for (const part of partsOf(path)) {
      let next = folder.get(part)
      if (next === undefined) {
        next = new Map()
        folder.set(part, next)
      }
      if (next instanceof MemoryBytes) throw new IoError('exists', path, `${path}: ${part} is not a folder`)
      folder = next
    }
  }

  async rename(from: string, to: string): Promise<void> {
    const source = this.#place(from)
    const moved = source.folder.get(source.name)
    if (moved === undefined) throw notFound(from)
    const target = this.#place(to)
    const replaced = target.folder.get(target.name)
    if (moved === replaced) return
    if (replaced instanceof Map) throw new IoError('exists', to, `${to} is a folder`)
    source.folder.delete(source.name)
    target.folder.set(target.name, moved)
  }

  async remove(path: string): Promise<void> {
    const place = this.#placeIfAny(path)
    const found = place?.folder.get(place.name)
    if (found instanceof Map) throw new IoError('failed', path, `${path} is a folder`)
    place?.folder.delete(place.name)
  }

  async removeDirectory(path: string): Promise<void> {
    const place = this.#placeIfAny(path)
    place?.folder.delete(place.name)
  }

  async space(directory: string): Promise<undefined> {
    this.#folder(partsOf(directory), directory)
  }

  async syncDirectory(path: string): Promise<void> {
    this.#folder(partsOf(path), path)
  }

  async lock(path: string): Promise<FileLock> {
    await this.open(path, { create: true })
    const key = partsOf(path).join('/')
    if (this.#locked.has(key)) throw new IoError('locked', path, `${path} is locked by another broker`)
    this.#locked.add(key)
    let isHeld = true
    return {
      release: async (): Promise<void> => {
        if (isHeld) this.#locked.delete(key)
        isHeld = false
      },
    }
  }

  #place(path: string): { folder: Folder; name: string } {
    const parts = partsOf(path)
    const name = parts.pop()
    if (name === undefined) throw new IoError('failed', path, `${path} is the root folder`)
    return { folder: this.#folder(parts, path), name }
  }

  #placeIfAny(path: string): { folder: Folder; name: string } | undefined {
    try {
      return this.#place(path)
    } catch (error) {
      if (error instanceof IoError && error.kind === 'not-found') return undefined
      throw error
    }
  }

  #folder(parts: readonly string[], path: string): Folder {
    let folder: Folder = this.#root
    for (const part of parts) {
      const next = folder.get(part)
      if (!(next instanceof Map)) throw notFound(path)
      folder = next
    }
    return folder
  }
}

class MemoryFile implements File {
  readonly path: string
  readonly #bytes: MemoryBytes
  #closed = false

  constructor(path: string, bytes: MemoryBytes) {
    this.path = path
    this.#bytes = bytes
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    this.#assertOpen()
    return this.#bytes.read(target, position)
  }

  async write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    this.#assertOpen()
    let at = position
    for (const buffer of buffers) {
      this.#bytes.write(buffer, at)
      at += buffer.length
    }
  }

  async sync(): Promise<void> {
    this.#assertOpen()
  }

  async truncate(size: number): Promise<void> {
    this.#assertOpen()
    this.#bytes.truncate(size)
  }

  async size(): Promise<number> {
    this.#assertOpen()
    return this.#bytes.size
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #assertOpen(): void {
    if (this.#closed) throw new IoError('failed', this.path, `${this.path} is closed`)
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

function notFound(path: string): IoError {
  return new IoError('not-found', path, `${path} does not exist`)
}
