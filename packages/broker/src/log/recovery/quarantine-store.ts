// What is on disk about damage: for each segment with some, a `<base>.quarantine` that names it, so that it
// is skipped without being found again; and in `quarantine/` the bytes that were cut from the end of a log.
// An operator who repaired a segment removes its `.quarantine`; what is in `quarantine/` is never read again.

import type { Logger } from '../../base/logger.ts'
import type { File, FileSystem } from '../../io/io.ts'
import { writeFileAtomically } from '../atomic-file.ts'
import { segmentPath } from '../segment/segment-names.ts'
import { endOf } from '../segment/segment.ts'
import type { BadRange, Segment } from '../segment/segment.ts'
import { readFacts, writeFacts } from './checked-json.ts'

const folder = 'quarantine'
const copyBytes = 1024 * 1024

export class QuarantineStore {
  readonly #files: FileSystem
  readonly #logger: Logger

  constructor(files: FileSystem, logger: Logger) {
    this.#files = files
    this.#logger = logger
  }

  /**
   * Names the ranges of the segment, in its file and to the operator; one that cannot be written
   * is found again.
   */
  async record(segment: Segment): Promise<void> {
    for (const range of segment.quarantined) {
      this.#logger.error(range, 'damaged records are quarantined; the rest is served')
    }
    try {
      await writeFacts(this.#files, this.#pathOf(segment), segment.ranges)
    } catch (error) {
      this.#logger.warn({ error, segment: segment.path }, 'the quarantined ranges were not written down')
    }
  }

  /** The ranges that were named before; undefined where nothing is known. */
  async read(segment: Segment): Promise<readonly BadRange[] | undefined> {
    const path = this.#pathOf(segment)
    const read = await readFacts(this.#files, path)
    if (read === 'missing') return undefined
    if (read !== 'damaged' && areRanges(read.facts, segment.sizeBytes)) return read.facts
    this.#logger.warn({ path }, 'what was known of damage cannot be read; it is looked for again')
    return undefined
  }

  /**
   * Copies the bytes from `position` to the end into the quarantine folder, durably; returns the
   * new file's path.
   */
  async save(segment: Segment, file: File, position: number, sizeBytes: number): Promise<string> {
    const directory = `${segment.directory}/${folder}`
    await this.#files.makeDirectory(directory)
    const taken = new Set((await this.#files.list(directory)).map(({ name }) => name))
    const stem = `${segment.baseOffset}-${position}`
    let name = stem
    for (let copy = 1; taken.has(name); copy++) name = `${stem}-${copy}`
    const path = `${directory}/${name}`
    await this.#copy(file, path, position, sizeBytes)
    return path
  }

  async #copy(from: File, path: string, position: number, sizeBytes: number): Promise<void> {
    if (sizeBytes <= copyBytes) {
      const bytes = new Uint8Array(sizeBytes)
      await from.read(bytes, position)
      return writeFileAtomically(this.#files, path, bytes)
    }
    const to = await this.#files.open(path, { create: true })
    try {
      const bytes = new Uint8Array(copyBytes)
      for (let done = 0; done < sizeBytes; done += copyBytes) {
        const piece = bytes.subarray(0, Math.min(copyBytes, sizeBytes - done))
        await from.read(piece, position + done)
        await to.write([piece], done)
      }
      await to.sync()
    } finally {
      await to.close()
    }
    await this.#files.syncDirectory(path.slice(0, path.lastIndexOf('/')))
  }

  #pathOf(segment: Segment): string {
    return segmentPath(segment.directory, segment.baseOffset, 'quarantine')
  }
}

/** A file whose checksum is right may still be of a segment that was replaced since. */
function areRanges(facts: unknown, segmentBytes: number): facts is BadRange[] {
  return Array.isArray(facts) && facts.every((range: BadRange) => endOf(range) <= segmentBytes)
}
