// The seam to the world: everything that the broker knows of disk, network, time and chance comes through
// here. `real-io.ts` implements it on Node, `memory-files.ts` keeps files in memory, and `testing/` simulates
// all of it. Nothing outside io/ may reach around it; that is what lets one seed replay a whole history.

import type { ByteConnection } from '@sluice/protocol/bytes/byte-connection'

export interface Io {
  readonly files: FileSystem
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly network: Network
}

export interface Clock {
  /** Milliseconds since 1970, UTC. May jump in either direction; use it only for what is stored or shown. */
  wallMs(): number
  /** Milliseconds from an arbitrary start, with a fraction; never goes back. Use it for every deadline. */
  monotonicMs(): number
}

export interface Timers {
  /** Runs `callback` once, no earlier than `delayMs` from now. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): Timer
  /** Runs `callback` after the I/O events that are already waiting: how a long loop lets others in. */
  soon(callback: () => void): void
}

export interface Timer {
  /** Harmless when the timer has fired or was cancelled. */
  cancel(): void
}

export interface Random {
  /** An integer from 0 to 2^32 - 1. */
  u32(): number
}

export interface DirectoryEntry {
  readonly name: string
  readonly isDirectory: boolean
}

/**
 * Files by path. A new, renamed or removed file survives a power loss only after `syncDirectory` of its
 * folder, and written bytes only after `File.sync`. Every failure is an `IoError`.
 */
export interface FileSystem {
  /**
   * Opens for reading and writing; `create` makes an empty file where there is none, else `not-found`. A
   * `direct` file goes past the page cache, and takes only whole blocks, out of aligned memory: see
   * `direct-file.ts`. `unsupported` where there is no such thing.
   */
  open(path: string, options: { readonly create: boolean; readonly direct?: boolean }): Promise<File>
  /** Names in no particular order; `not-found` where there is no such folder. */
  list(directory: string): Promise<DirectoryEntry[]>
  /**
   * Makes the folder and its missing parents, and syncs every folder that gained an entry, also when a
   * process made the folder before and died before its sync. `exists` where a file is in the way.
   */
  makeDirectory(path: string): Promise<void>
  /**
   * Replaces `to` where it exists, atomically. Until both folders are synced, a power loss leaves the old
   * name, the new one or both, never neither.
   */
  rename(from: string, to: string): Promise<void>
  /** Removes one file; harmless where there is none. */
  remove(path: string): Promise<void>
  /** Removes a folder and all below it; harmless where there is none. */
  removeDirectory(path: string): Promise<void>
  /** Makes creations, renames and removals in this folder survive a power loss. */
  syncDirectory(path: string): Promise<void>
  /**
   * Takes the exclusive lock that this file stands for, between processes and within one; `locked` if held.
   */
  lock(path: string): Promise<FileLock>
  /** Of the disk that a folder is on; undefined where it has no end. */
  space(directory: string): Promise<DiskSpace | undefined>
}

export interface DiskSpace {
  readonly totalBytes: number
  /** What this process may still write. */
  readonly usableBytes: number
}

export interface FileLock {
  release(): Promise<void>
}

export interface File {
  readonly path: string
  /** Every read comes from the disk, not from the system's memory. */
  readonly isDirect?: boolean
  /** Of a `direct` file as the system gives it: the only memory that it takes. Absent: any. */
  readonly blockMemory?: BlockMemory
  /** Fills `target` from `position`; returns how many bytes there were, short only at the end of the file. */
  read(target: Uint8Array, position: number): Promise<number>
  /**
   * Writes all of the buffers, one after the other, at `position`; the bytes are borrowed until it resolves.
   */
  write(buffers: readonly Uint8Array[], position: number): Promise<void>
  /**
   * fdatasync: bytes and size survive a power loss once it resolves. After a failure trust nothing unsynced.
   */
  sync(): Promise<void>
  truncate(size: number): Promise<void>
  /** Where the disk has more than was written, to fill a block: takes that away, and syncs. */
  trim?(): Promise<void>
  size(): Promise<number>
  /** Waits for the operations under way; later ones are `failed`. */
  close(): Promise<void>
}

/** Memory that begins where a block may begin. */
export interface BlockMemory {
  /** So many bytes, with anything in them, the caller's until `release`. First come, first served. */
  lease(sizeBytes: number): Promise<Uint8Array>
  /** Once for each lease. */
  release(bytes: Uint8Array): void
}

export interface Network {
  /**
   * Port 0 takes a free one; see `Listener.port`. `in-use` when taken, unless all who listen there say that
   * they share it: then the system spreads connections over them.
   */
  listen(
    address: { host: string; port: number; isShared?: boolean },
    accept: (connection: ByteConnection) => void,
  ): Promise<Listener>
  connect(address: { host: string; port: number }): Promise<ByteConnection>
}

export interface Listener {
  readonly host: string
  readonly port: number
  /** Stops accepting; open connections go on. */
  close(): Promise<void>
}

export type IoErrorKind =
  | 'not-found'
  | 'exists'
  | 'denied'
  | 'locked'
  | 'full'
  | 'too-many-open'
  | 'in-use'
  | 'unreachable'
  | 'unsupported'
  | 'failed'

/** What the operating system refused, converted from its errno in one place. */
export class IoError extends Error {
  readonly kind: IoErrorKind
  readonly path: string

  constructor(kind: IoErrorKind, path: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'IoError'
    this.kind = kind
    this.path = path
  }
}
