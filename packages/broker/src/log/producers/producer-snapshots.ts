// Keeps the producers of a log across starts: `<offset>.producers` says how they stood when the log ended
// there.
//
//   {"checksum":…,"facts":[[producer id, last ms, [[epoch, first sequence, last sequence, base offset,
//   last offset]…]]…]}
//
// One is written before each new segment and at a clean end, where there are producers. So a start needs the
// one of the active segment and the headers of that segment's batches, which it reads anyway; after a clean
// end it needs the one of the end alone.

import type { Logger } from '../../base/logger.ts'
import type { FileSystem } from '../../io/io.ts'
import { readFacts, writeFacts } from '../recovery/checked-json.ts'
import { segmentPath } from '../segment/segment-names.ts'
import type { ProducerEntry, ProducerTable } from './producer-table.ts'

const snapshotPattern = /^(\d{20})\.producers$/

export class ProducerSnapshots {
  readonly #files: FileSystem
  readonly #directory: string
  readonly #logger: Logger

  constructor(files: FileSystem, directory: string, logger: Logger) {
    this.#files = files
    this.#directory = directory
    this.#logger = logger
  }

  /** Durable when it resolves. Without producers there is nothing to write, and none may be left. */
  async write(table: ProducerTable, endOffset: number): Promise<void> {
    const entries = table.entriesBelow(endOffset)
    const path = this.#pathOf(endOffset)
    if (entries.length > 0) await writeFacts(this.#files, path, entries.map(toFacts))
    else if (table.size > 0) await this.#files.remove(path)
  }

  /** No entries where there is none; where it is damaged, producers begin anew, and that is said. */
  async read(endOffset: number): Promise<ProducerEntry[]> {
    const path = this.#pathOf(endOffset)
    const read = await readFacts(this.#files, path)
    if (read === 'missing') return []
    const entries = read === 'damaged' ? undefined : fromFacts(read.facts)
    if (entries !== undefined) return entries
    this.#logger.error({ file: path }, 'what idempotent producers wrote last is damaged; they begin anew')
    return []
  }

  /** Removes those of other offsets; `kept` are of segments. */
  async clear(kept: ReadonlySet<number>): Promise<void> {
    for (const { name, isDirectory } of await this.#files.list(this.#directory)) {
      const match = isDirectory ? null : snapshotPattern.exec(name)
      if (match !== null && !kept.has(Number(match[1])))
        await this.#files.remove(`${this.#directory}/${name}`)
    }
  }

  #pathOf(endOffset: number): string {
    return segmentPath(this.#directory, endOffset, 'producers')
  }
}

function toFacts({ id, lastMs, batches }: ProducerEntry): unknown {
  return [
    id,
    lastMs,
    batches.map((batch) => [
      batch.epoch,
      batch.firstSequence,
      batch.lastSequence,
      batch.baseOffset,
      batch.lastOffset,
    ]),
  ]
}

/** Undefined for facts that are not of this form. */
function fromFacts(facts: unknown): ProducerEntry[] | undefined {
  if (!Array.isArray(facts)) return undefined
  const entries: ProducerEntry[] = []
  for (const fact of facts as unknown[]) {
    if (!Array.isArray(fact) || fact.length !== 3 || !Array.isArray(fact[2])) return undefined
    const [id, lastMs, rows] = fact as [number, number, number[][]]
    const batches = rows.map(([epoch, firstSequence, lastSequence, baseOffset, lastOffset]) => ({
      epoch: epoch!,
      firstSequence: firstSequence!,
      lastSequence: lastSequence!,
      baseOffset: baseOffset!,
      lastOffset: lastOffset!,
    }))
    const numbers = [id, lastMs, ...batches.flatMap((batch) => Object.values(batch))]
    if (batches.length === 0 || !numbers.every(Number.isFinite)) return undefined
    entries.push({ id, lastMs, batches })
  }
  return entries
}
