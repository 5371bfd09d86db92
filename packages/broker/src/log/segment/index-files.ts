// Writes and reads the index files of a segment. They are a convenience: whatever happens to them, they are
// made anew from the segment, so they are never synced and a failure to write them is only a warning.

import type { Logger } from '../../base/logger.ts'
import { IoError } from '../../io/io.ts'
import type { File, FileSystem } from '../../io/io.ts'
import { decodeIndex, decodeLastEntry, encodeIndex, indexEntryBytes } from './index-codec.ts'
import type { IndexColumns, SegmentIndex } from './segment-index.ts'
import { segmentPath } from './segment-names.ts'
import type { SegmentFileKind } from './segment-names.ts'
import type { Segment } from './segment.ts'

export class IndexFileStore {
  readonly #files: FileSystem
  readonly #logger: Logger

  constructor(files: FileSystem, logger: Logger) {
    this.#files = files
    this.#logger = logger
  }

  /** Seals the index, so that a segment which grows on will get one more entry. */
  async write(segment: Segment, index: SegmentIndex): Promise<void> {
    index.seal()
    const { index: offsets, timeIndex } = encodeIndex(index.columns, segment.baseOffset)
    try {
      await this.#replace(this.#path(segment, 'index'), offsets)
      await this.#replace(this.#path(segment, 'timeindex'), timeIndex)
    } catch (error) {
      this.#logger.warn({ error, segment: segment.path }, 'an index was not written; it will be made anew')
    }
  }

  /** Undefined where there is none, or none that fits the segment. */
  async read(segment: Segment): Promise<IndexColumns | undefined> {
    const index = await this.#readAll(this.#path(segment, 'index'))
    const timeIndex = await this.#readAll(this.#path(segment, 'timeindex'))
    if (index === undefined || timeIndex === undefined) return undefined
    return decodeIndex({ index, timeIndex }, segment.baseOffset, segment.sizeBytes)
  }

  async readLastEntry(segment: Segment): Promise<{ position: number; lastOffset: number } | undefined> {
    return this.#with(this.#path(segment, 'index'), async (file) => {
      const position = (await file.size()) - indexEntryBytes
      if (position < 0 || position % indexEntryBytes !== 0) return undefined
      const bytes = new Uint8Array(indexEntryBytes)
      if ((await file.read(bytes, position)) < indexEntryBytes) return undefined
      return decodeLastEntry(bytes, segment.baseOffset)
    })
  }

  #path(segment: Segment, kind: SegmentFileKind): string {
    return segmentPath(segment.directory, segment.baseOffset, kind)
  }

  async #replace(path: string, bytes: Uint8Array): Promise<void> {
    const file = await this.#files.open(path, { create: true })
    try {
      await file.truncate(0)
      await file.write([bytes], 0)
    } finally {
      await file.close()
    }
  }

  #readAll(path: string): Promise<Uint8Array | undefined> {
    return this.#with(path, async (file) => {
      const bytes = new Uint8Array(await file.size())
      return (await file.read(bytes, 0)) === bytes.length ? bytes : undefined
    })
  }

  async #with<T>(path: string, action: (file: File) => Promise<T | undefined>): Promise<T | undefined> {
    let file: File | undefined
    try {
      file = await this.#files.open(path, { create: false })
      return await action(file)
    } catch (error) {
      if (error instanceof IoError && error.kind === 'not-found') return undefined
      this.#logger.warn({ error, path }, 'an index cannot be read; it will be made anew')
      return undefined
    } finally {
      await file?.close()
    }
  }
}
