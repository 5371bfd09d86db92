// The dead letters of one consumer, for operators: listed, published anew, dropped. They are records of its
// dead-letter stream, which it may share with others: by their headers they are known.
// Must never remove a letter before its record is stored again: a crash in between replays it twice.

import { partitionOfKey } from '@sluice/protocol/bytes/murmur2'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { DeadLetterPage, DeadLetterRow, MessagePlace } from '@sluice/protocol/model/consumer'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import type { RecordCursor } from '@sluice/protocol/record/record-cursor'
import type { Partition } from '../../cluster/partition.ts'
import { publish } from '../streams/publish.ts'
import { undisturbed } from '../streams/removal.ts'
import type { Streams } from '../streams/streams.ts'
import { originOf, ownHeaders, replayedFrom } from './letter-headers.ts'
import { scanLog } from './reading/scan-log.ts'
import type { ScanContext } from './reading/scan-log.ts'
import { SubjectFilter } from './state/rule-table.ts'

/** A page ends after so many letters, or after so many records were looked at, of whomever they are. */
const lettersPerPageMax = 1000
const recordsPerPageMax = 100_000
/** Records that are published at once, and letters that are removed at once. */
const replayBytes = 1024 * 1024
const droppedPerStep = 100_000
/** The last millisecond that a Date can hold. */
const timestampMax = 8_640_000_000_000_000
const decoder = new TextDecoder()

export interface LetterContext extends ScanContext {
  readonly nowMs: () => number
}

export interface LetterOwner {
  readonly stream: string
  readonly name: string
  readonly deadLetterStream: string
}

/** These letters, or all whose subject matches: one of the two. */
export interface LetterChoice {
  readonly letters?: readonly MessagePlace[] | undefined
  readonly match?: string | undefined
}

export interface LetterQuery {
  readonly count: number
  /** `next` of the page before. */
  readonly after?: readonly MessagePlace[] | undefined
  readonly match?: string | undefined
}

interface LetterStep {
  /** A chosen letter. */
  readonly visit: (cursor: RecordCursor, partition: number) => void
  /** Whether those that were visited since the last step are enough for one. */
  readonly isEnough: (offsets: readonly number[]) => boolean
  /** Carries out what was visited. */
  readonly done: (offsets: readonly number[], partition: Partition) => Promise<void>
}

export class DeadLetterBox {
  readonly #streams: Streams
  readonly #owner: LetterOwner
  readonly #context: LetterContext

  constructor(streams: Streams, owner: LetterOwner, context: LetterContext) {
    this.#streams = streams
    this.#owner = owner
    this.#context = context
  }

  /** Partition by partition, oldest first. A page may be short, or empty, and still not be the last. */
  list(query: LetterQuery): Promise<DeadLetterPage> {
    return this.#undisturbed(() => this.#page(query))
  }

  async #page({ count: wanted, after = [], match = '>' }: LetterQuery): Promise<DeadLetterPage> {
    const count = Math.min(wanted, lettersPerPageMax)
    const { deadLetterStream } = this.#owner
    const filter = new SubjectFilter([match])
    const positions = new Map(after.map(({ partition, offset }) => [partition, offset + 1]))
    const letters: DeadLetterRow[] = []
    let looked = 0
    let isWhole = true
    for (const partition of await this.#partitions()) {
      const from = Math.max(positions.get(partition.index) ?? 0, partition.logStart)
      const end = partition.highWatermark
      let next = Math.max(from, end)
      const visit = (cursor: RecordCursor): void => {
        if (letters.length >= count || looked >= recordsPerPageMax) {
          next = Math.min(next, cursor.offset)
          return
        }
        looked++
        const row = this.#rowOf(partition.index, cursor, filter)
        if (row !== undefined) letters.push(row)
      }
      const pieceDone = (): boolean => next === Math.max(from, end)
      if (letters.length >= count || looked >= recordsPerPageMax) next = from
      else await scanLog(partition, { from, end, visit, pieceDone }, this.#context)
      positions.set(partition.index, next)
      if (next < end) isWhole = false
    }
    return { deadLetterStream, letters, ...(isWhole ? {} : { next: placesBefore(positions) }) }
  }

  /** Publishes the records to their stream as any record is, then removes their letters; returns how many. */
  async replay(choice: LetterChoice): Promise<number> {
    const origin = this.#streams.require(this.#owner.stream)
    const builders = origin.partitions.map(() => new RecordBatchBuilder())
    let replayed = 0
    const add = (cursor: RecordCursor, partition: number): void => {
      const { bytes, keyStart, keyEnd, valueStart, valueEnd, offset } = cursor
      const key = keyEnd < 0 ? null : bytes.subarray(keyStart, keyEnd)
      const value = valueEnd < 0 ? null : bytes.subarray(valueStart, valueEnd)
      const place = `${this.#owner.deadLetterStream}/${partition}/${offset}`
      const target = key === null ? 0 : partitionOfKey(key, builders.length)
      const headers = [...ownHeaders(cursor), [replayedFrom, place] as const]
      builders[target]!.add(this.#context.nowMs(), key, value, headers)
    }
    const store = async (offsets: readonly number[], partition: Partition): Promise<void> => {
      await publish(origin, partsOf(builders), { keys: 'any', areOwned: true })
      await partition.deleteRecords(offsets)
      replayed += offsets.length
    }
    const isEnough = (): boolean => bytesIn(builders) >= replayBytes
    try {
      await this.#undisturbed(() => this.#forEachChosen(choice, { visit: add, isEnough, done: store }))
    } catch (error) {
      throw replayed === 0 ? error : afterSome(error, replayed)
    }
    return replayed
  }

  /** Removes the letters; returns how many there were. */
  async drop(choice: LetterChoice): Promise<number> {
    let dropped = 0
    const remove = async (offsets: readonly number[], partition: Partition): Promise<void> => {
      dropped += await partition.deleteRecords(offsets)
    }
    const isEnough = (offsets: readonly number[]): boolean => offsets.length >= droppedPerStep
    await this.#undisturbed(() => this.#forEachChosen(choice, { visit: () => {}, isEnough, done: remove }))
    return dropped
  }

  /** Why in steps: each removal writes a segment anew, and what is published at once has to be held. */
  async #forEachChosen(choice: LetterChoice, { visit, isEnough, done }: LetterStep): Promise<void> {
    const isChosen = chosenBy(choice)
    const { stream, name } = this.#owner
    for (const partition of await this.#partitions()) {
      const span = spanOf(choice, partition)
      let offsets: number[] = []
      const visitLetter = (cursor: RecordCursor): void => {
        if (!isChosen(cursor, partition.index) || originOf(cursor, name, stream) === undefined) return
        visit(cursor, partition.index)
        offsets.push(cursor.offset)
      }
      const pieceDone = async (nextOffset: number): Promise<boolean> => {
        if (offsets.length === 0 || (nextOffset < span.end && !isEnough(offsets))) return true
        const found = offsets
        offsets = []
        await done(found, partition)
        return true
      }
      await scanLog(partition, { ...span, visit: visitLetter, pieceDone }, this.#context)
    }
  }

  /** That the letters were deleted meanwhile is said as that. */
  #undisturbed<T>(action: () => Promise<T>): Promise<T> {
    const letters = this.#streams.find(this.#owner.deadLetterStream)
    return letters === undefined ? action() : undisturbed(letters, action)
  }

  /** As they stand now, whoever leads them. */
  async #partitions(): Promise<readonly Partition[]> {
    const partitions = this.#streams.find(this.#owner.deadLetterStream)?.partitions ?? []
    await Promise.all(partitions.map((partition) => partition.refresh()))
    this.#context.check()
    return partitions
  }

  #rowOf(partition: number, cursor: RecordCursor, filter: SubjectFilter): DeadLetterRow | undefined {
    const { bytes, keyStart, keyEnd, offset, timestamp, recordStart, recordEnd } = cursor
    if (!filter.matches(bytes, keyStart, keyEnd)) return undefined
    const found = originOf(cursor, this.#owner.name, this.#owner.stream)
    if (found === undefined) return undefined
    const { reason, error, attempts } = found
    return {
      partition,
      offset,
      subject: keyEnd < 0 ? '' : decoder.decode(bytes.subarray(keyStart, keyEnd)),
      reason,
      error,
      attempts,
      at: new Date(Math.min(timestamp, timestampMax)).toISOString(),
      sizeBytes: recordEnd - recordStart,
      origin: { stream: found.stream, partition: found.partition, offset: found.offset },
    }
  }
}

function chosenBy({ letters, match }: LetterChoice): (cursor: RecordCursor, partition: number) => boolean {
  if ((letters === undefined) === (match === undefined)) {
    throw new BrokerError(
      'invalid-request',
      `Letters are chosen by 'letters' or by 'match': by one of the two`,
    )
  }
  if (match !== undefined) {
    const filter = new SubjectFilter([match])
    return ({ bytes, keyStart, keyEnd }) => filter.matches(bytes, keyStart, keyEnd)
  }
  const places = new Set(letters!.map(({ partition, offset }) => `${partition}/${offset}`))
  return ({ offset }, partition) => places.has(`${partition}/${offset}`)
}

/** The part of a partition in which all chosen letters are. */
function spanOf({ letters }: LetterChoice, partition: Partition): { from: number; end: number } {
  const { logStart, highWatermark, index } = partition
  if (letters === undefined) return { from: logStart, end: highWatermark }
  const offsets = letters.flatMap((letter) => (letter.partition === index ? [letter.offset] : []))
  if (offsets.length === 0) return { from: highWatermark, end: highWatermark }
  const last = offsets.reduce((max, offset) => Math.max(max, offset))
  const first = offsets.reduce((min, offset) => Math.min(min, offset))
  return { from: Math.max(first, logStart), end: Math.min(last + 1, highWatermark) }
}

function partsOf(builders: readonly RecordBatchBuilder[]): { partition: number; batch: Uint8Array }[] {
  return builders.flatMap((builder, partition) =>
    builder.recordCount === 0 ? [] : [{ partition, batch: builder.take() }],
  )
}

function bytesIn(builders: readonly RecordBatchBuilder[]): number {
  return builders.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

function placesBefore(positions: ReadonlyMap<number, number>): MessagePlace[] {
  const places = Array.from(positions, ([partition, offset]) => ({ partition, offset: offset - 1 }))
  return places.filter(({ offset }) => offset >= 0)
}

function afterSome(error: unknown, replayed: number): unknown {
  if (!(error instanceof BrokerError)) return error
  const text = `${replayed} letters were replayed, then: ${error.message}`
  return BrokerError.received(error.code, text)
}
