// What the log of one stream must hold, by what publishers were told, members were given, readers have read
// and operators have removed. Must never look into the broker.

import type { StreamConfig } from '@sluice/protocol/model/stream'
import { Violation } from './reference-violation.ts'

/**
 * One message that a publisher sent, known by its id; `publisher` and `sequence` tell the order of sending.
 */
export interface SentMessage {
  readonly id: string
  readonly publisher: string
  readonly sequence: number
  readonly subject: string
  /** What its bytes are; see `payloadOf`. */
  readonly sizeBytes: number
  readonly sentMs: number
  /** Said to be not stored at all. */
  isRefused: boolean
  /** How often an operator may have had it published anew. */
  replays: number
}

/** By offset; undefined where the log has a gap. */
export type FoundLog = readonly (SentMessage | undefined)[]

/** Removes records on purpose. */
export interface Removal {
  /** `subject` undefined: nobody was told what is there, so whatever goes by subjects may match. */
  readonly matches: (partition: number, offset: number, subject: string | undefined) => boolean
  /** Places that were known to hold something that it removes when it was asked for. */
  readonly known: Set<string>
  /** When it was confirmed; what was sent later it does not mean. */
  endMs: number
}

export function placeOf(partition: number, offset: number): string {
  return `${partition}@${offset}`
}

export class ReferenceStream {
  readonly name: string
  readonly config: StreamConfig
  /** By partition and offset: the messages known to be there, and undefined where it is not known what is. */
  readonly partitions: (SentMessage | undefined)[][]
  /** Places that a crash has emptied. */
  readonly lost = new Set<string>()
  /** Places whose bytes were damaged where they lay: they may be read, or be in quarantine. */
  readonly damaged = new Set<string>()
  /** How many partitions it has for certain; `partitions` has those that it may have. */
  partitionsMin: number
  /** Deleted, or about to be: nothing is claimed any more. */
  isRetired = false
  /** Places whose records are removed for certain. */
  readonly #gone = new Set<string>()
  #removals: Removal[] = []
  /** When a record was last seen to be in its place, which was after whatever removed others. */
  readonly #seenMs = new Map<string, number>()
  readonly #places = new Map<string, Set<string>>()
  readonly #timestamps = new Map<string, number>()
  /** Sent here, and not known to be stored. */
  readonly #pending = new Set<string>()

  constructor(name: string, config: StreamConfig) {
    this.name = name
    this.config = config
    this.partitions = Array.from({ length: config.partitions }, () => [])
    this.partitionsMin = config.partitions
  }

  /** It is asked to have one partition more. */
  growing(): void {
    this.partitions.push([])
  }

  grown(): void {
    this.partitionsMin = this.partitions.length
  }

  get durability(): StreamConfig['durability'] {
    return this.config.durability
  }

  sent({ id }: SentMessage): void {
    this.#pending.add(id)
  }

  /** Somebody has seen the message there: it stays there. */
  learn(partition: number, offset: number, message: SentMessage): void {
    const place = placeOf(partition, offset)
    const known = this.partitions[partition][offset]
    if (known === message) return
    const where = `${this.name}/${place}`
    if (known !== undefined) throw new Violation(`${where} is ${message.id}, and was ${known.id}`)
    let places = this.#places.get(message.id)
    if (places === undefined) this.#places.set(message.id, (places = new Set()))
    if (places.size > message.replays)
      throw new Violation(`${message.id} is stored twice, at ${[...places].join(', ')} and at ${where}`)
    places.add(place)
    this.partitions[partition][offset] = message
    this.#pending.delete(message.id)
  }

  /** It was there at that time: given to a member, or read before anyone else came. */
  seen(partition: number, offset: number, nowMs: number): void {
    const place = placeOf(partition, offset)
    if (this.#gone.has(place)) throw new Violation(`${this.name}/${place} is there, and was removed`)
    this.#seenMs.set(place, nowMs)
  }

  timestamped(partition: number, offset: number, timestamp: number): void {
    this.#timestamps.set(placeOf(partition, offset), timestamp)
  }

  timestampOf(partition: number, offset: number): number | undefined {
    return this.#timestamps.get(placeOf(partition, offset))
  }

  /** In how many places the message is, or was. */
  countOf({ id }: SentMessage): number {
    return this.#places.get(id)?.size ?? 0
  }

  /** Nothing leaves it by itself or with a crash. */
  get keepsAll(): boolean {
    const { durability, maxAgeMs, maxBytes, maxMessages } = this.config
    return durability === 'fsync' && maxAgeMs + maxBytes + maxMessages === 0
  }

  // ── What is removed ──────────────────────────────────────────────────────────────────────────────────────

  /** Somebody is about to ask for it. */
  removing(matches: Removal['matches']): Removal {
    const known = new Set<string>()
    this.partitions.forEach((records, partition) => {
      records.forEach((message, offset) => {
        if (message !== undefined && matches(partition, offset, message.subject))
          known.add(placeOf(partition, offset))
      })
    })
    const removal = { matches, known, endMs: Infinity }
    this.#removals.push(removal)
    return removal
  }

  removed(removal: Removal, nowMs: number): void {
    removal.endMs = nowMs
    for (const place of removal.known) this.#gone.add(place)
  }

  isGone(partition: number, offset: number): boolean {
    return this.#gone.has(placeOf(partition, offset))
  }

  /** Removed, or perhaps: while that is under way, where it is not known what was there, and by its age. */
  mayBeGone(partition: number, offset: number, message: SentMessage | undefined): boolean {
    const place = placeOf(partition, offset)
    if (this.#gone.has(place)) return true
    if (this.#mayBeExpired(partition)) return true
    const seenMs = this.#seenMs.get(place) ?? -1
    return this.#removals.some(({ matches, endMs }) => {
      return (
        seenMs <= endMs && (message?.sentMs ?? 0) <= endMs && matches(partition, offset, message?.subject)
      )
    })
  }

  /**
   * Whether the stream's own bounds allow that the record is dropped. Not precise: clocks jump, sizes of
   * batches are the broker's own, and it is whole segments that go.
   */
  #mayBeExpired(partition: number): boolean {
    const { maxAgeMs, maxBytes, maxMessages } = this.config
    if (maxAgeMs > 0 || maxBytes > 0) return true
    return maxMessages > 0 && this.partitions[partition].length + this.#pending.size > maxMessages
  }

  // ── What is found ────────────────────────────────────────────────────────────────────────────────────────

  /** Whether a reader may find nothing there. */
  mayBeMissing(partition: number, offset: number, message: SentMessage | undefined): boolean {
    const place = placeOf(partition, offset)
    return this.lost.has(place) || this.damaged.has(place) || this.mayBeGone(partition, offset, message)
  }

  /**
   * The whole log of a partition, as just read: nothing that was known is missing, there are no gaps but
   * those of `forget`, `allowGaps`, damage and removals, nothing removed is back, and the order is right.
   */
  compare(partition: number, found: FoundLog): void {
    const known = this.partitions[partition]
    for (let offset = 0; offset < Math.max(known.length, found.length); offset++) {
      const message = known[offset]
      if (found[offset] !== undefined || this.mayBeMissing(partition, offset, message)) continue
      if (message === undefined && offset >= found.length) continue
      const id = message === undefined ? '' : `, ${message.id},`
      const what = `${this.name}/${placeOf(partition, offset)}${id}`
      throw new Violation(`${what} is missing: the log ends at ${found.length}`)
    }
    found.forEach((message, offset) => {
      if (message === undefined) return
      this.learn(partition, offset, message)
      if (this.isGone(partition, offset))
        throw new Violation(`${message.id} is at ${this.name}/${placeOf(partition, offset)}, and was removed`)
    })
    this.#checkOrder(partition, found)
  }

  /** A crash has cost what was never promised to survive it: a tail, or something before its end. */
  forget(partition: number, found: FoundLog): void {
    const known = this.partitions[partition]
    for (let offset = 0; offset < Math.max(known.length, found.length); offset++) {
      if (found[offset] !== undefined) continue
      this.#forgetPlace(partition, offset)
      if (offset < found.length) this.lost.add(placeOf(partition, offset))
    }
    known.splice(found.length)
  }

  #forgetPlace(partition: number, offset: number): void {
    const place = placeOf(partition, offset)
    const message = this.partitions[partition][offset]
    if (message !== undefined) this.#places.get(message.id)?.delete(place)
    if (message !== undefined) this.partitions[partition][offset] = undefined
    for (const places of [this.lost, this.damaged, this.#gone]) places.delete(place)
    for (const { known } of this.#removals) known.delete(place)
    this.#seenMs.delete(place)
    this.#timestamps.delete(place)
  }

  /** The power was lost, and with it perhaps what was removed from a log that is not synced. */
  doubtRemovals(): void {
    this.#gone.clear()
  }

  /** Gaps where nobody was told of a record: it was on its way to the disk. */
  allowGaps(partition: number, found: FoundLog): void {
    for (let offset = 0; offset < found.length; offset++) {
      if (found[offset] === undefined && this.partitions[partition][offset] === undefined) {
        this.lost.add(placeOf(partition, offset))
      }
    }
  }

  /** Whether all that is missing at the end was damaged: that cannot be told from a tail that was torn. */
  isDamagedTail(partition: number, found: FoundLog): boolean {
    const known = this.partitions[partition]
    for (let offset = found.length; offset < known.length; offset++) {
      if (known[offset] !== undefined && !this.damaged.has(placeOf(partition, offset))) return false
    }
    return found.length < known.length
  }

  #checkOrder(partition: number, found: FoundLog): void {
    const last = new Map<string, number>()
    found.forEach((message, offset) => {
      if (message === undefined || message.replays > 0) return
      const { publisher, sequence, isRefused, id } = message
      const where = `${this.name}/${placeOf(partition, offset)}`
      if (isRefused)
        throw new Violation(`${id} is stored at ${where}, and its publisher was told that it is not`)
      const before = last.get(publisher) ?? -1
      if (before >= sequence) throw new Violation(`${id} at ${where} comes after ${publisher}.${before}`)
      last.set(publisher, sequence)
    })
  }
}
