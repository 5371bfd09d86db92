// One open file of the operating system: whole reads and writes out of calls that may do less than
// they were asked.

import fs from 'node:fs'
import { errnoOf, toIoError } from './errno.ts'
import { IoError } from './io.ts'
import type { File } from './io.ts'

/** IOV_MAX on Linux, macOS and the BSDs: more buffers than this in one call is EINVAL. */
const buffersPerCallMax = 1024

/** The system calls in use; a test puts in ones that write short or are interrupted. */
export type FileCalls = Pick<typeof fs, 'read' | 'writev' | 'fdatasync' | 'ftruncate' | 'fstat' | 'close'>

type Settle<T> = (error: Error | null, value?: T) => void

/**
 * Callbacks in one promise rather than FileHandle: the hop through the thread pool is nearly all of the
 * cost (about 40 µs), but the plain call is the same or a little cheaper, and needs one promise instead of
 * one per try.
 */
export class RealFile implements File {
  readonly path: string
  readonly #fd: number
  readonly #calls: FileCalls
  /** Reads end in the middle of one at the end of the file only. */
  readonly #blockBytes: number
  #active = 0
  #closed = false
  #whenIdle: (() => void) | undefined

  constructor(path: string, fd: number, calls: FileCalls = fs, blockBytes = 1) {
    this.path = path
    this.#fd = fd
    this.#calls = calls
    this.#blockBytes = blockBytes
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return this.#operate('read', (settle) =>
      readAll(this.#calls, this.#fd, { target, position, filled: 0, blockBytes: this.#blockBytes }, settle),
    )
  }

  write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    return this.#operate('write', (settle) => writeAll(this.#calls, this.#fd, { buffers, position }, settle))
  }

  // Why no retry on EINTR or EIO: after a failed sync the kernel may have marked the lost pages clean, so a
  // second sync that succeeds proves nothing. (libuv retries EINTR by itself, before anything was reported.)
  sync(): Promise<void> {
    return this.#operate('sync', (settle) => this.#calls.fdatasync(this.#fd, settle))
  }

  truncate(size: number): Promise<void> {
    return this.#operate('truncate', (settle) => this.#calls.ftruncate(this.#fd, size, settle))
  }

  size(): Promise<number> {
    return this.#operate('size', (settle) => {
      this.#calls.fstat(this.#fd, (error, stats) =>
        error === null ? settle(null, stats.size) : settle(error),
      )
    })
  }

  /** Waits for the operations under way: the number of a closed file is soon another file's. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    if (this.#active > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve
      })
    }
    await new Promise<void>((resolve, reject) => {
      this.#calls.close(this.#fd, (error) => (error ? reject(toIoError(error, this.path)) : resolve()))
    })
  }

  #operate<T>(action: string, begin: (settle: Settle<T>) => void): Promise<T> {
    if (this.#closed)
      return Promise.reject(new IoError('failed', this.path, `${action}: ${this.path} is closed`))
    this.#active += 1
    return new Promise<T>((resolve, reject) => {
      begin((error, value) => {
        this.#active -= 1
        if (this.#active === 0) this.#whenIdle?.()
        if (error) reject(toIoError(error, this.path))
        else resolve(value as T)
      })
    })
  }
}

interface ReadProgress {
  readonly target: Uint8Array
  readonly position: number
  filled: number
  readonly blockBytes: number
}

function readAll(calls: FileCalls, fd: number, progress: ReadProgress, settle: Settle<number>): void {
  const { target, position, filled } = progress
  calls.read(fd, target, filled, target.length - filled, position + filled, (error, count) => {
    if (error) {
      if (errnoOf(error) === 'EINTR') readAll(calls, fd, progress, settle)
      else settle(error)
      return
    }
    progress.filled += count
    const isAtEnd = count === 0 || count % progress.blockBytes !== 0
    if (isAtEnd || progress.filled === target.length) settle(null, progress.filled)
    else readAll(calls, fd, progress, settle)
  })
}

interface WriteProgress {
  readonly buffers: readonly Uint8Array[]
  readonly position: number
}

function writeAll(calls: FileCalls, fd: number, progress: WriteProgress, settle: Settle<void>): void {
  const { buffers, position } = progress
  const batch = buffers.length <= buffersPerCallMax ? buffers : buffers.slice(0, buffersPerCallMax)
  calls.writev(fd, batch, position, (error, written) => {
    if (error) {
      if (errnoOf(error) === 'EINTR') writeAll(calls, fd, progress, settle)
      else settle(error)
      return
    }
    const rest = withoutFirst(buffers, written)
    if (rest.length === 0) settle(null)
    else if (written === 0 && batch.some((buffer) => buffer.length > 0))
      settle(new Error('write made no progress'))
    else writeAll(calls, fd, { buffers: rest, position: position + written }, settle)
  })
}

/** What is left of the buffers after their first `count` bytes; also drops empty buffers at the front. */
function withoutFirst(buffers: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let index = 0
  let skip = count
  while (index < buffers.length && skip >= buffers[index].length) {
    skip -= buffers[index].length
    index += 1
  }
  const rest = buffers.slice(index)
  if (skip > 0) rest[0] = rest[0].subarray(skip)
  return rest
}
