// How the bytes of segments get to the disk: through the page cache, or past it. Decides for a whole broker.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { directFiles, probeDirect } from '../io/direct-files.ts'
import { IoError } from '../io/io.ts'
import type { FileSystem, Io } from '../io/io.ts'

export interface StorageSetting {
  /** Absent: off. */
  readonly directIo?: 'off' | 'on'
}

/** Rejects with `direct-io-refused` where the setting asks for what the folder's file system cannot do. */
export async function checkStorage(
  files: FileSystem,
  directory: string,
  { directIo }: StorageSetting,
): Promise<void> {
  if (directIo !== 'on') return
  try {
    await probeDirect(files, directory)
  } catch (cause) {
    if (!(cause instanceof IoError) || cause.kind !== 'unsupported') throw cause
    throw new BrokerError('direct-io-refused', `directIo is on, but ${cause.message}`, { cause })
  }
}

/** The world as the logs of streams see it. */
export function storageFor(io: Io, { directIo }: StorageSetting): Io {
  return directIo === 'on' ? { ...io, files: directFiles(io.files) } : io
}
