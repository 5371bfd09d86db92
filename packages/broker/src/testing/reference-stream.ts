// What the log of one stream must hold, by what publishers were told, members were given and readers have
// read. Must never look into the broker.

import { Violation } from './reference-violation.ts'
import type { Durability } from '@sluice/protocol/model/stream'

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
  /** Said to be not stored at all. */
  isRefused: boolean
}

/** By offset; undefined where the log has a gap. */
export type FoundLog = readonly (SentMessage | undefined)[]

export class ReferenceStream {
  readonly name: string
  readonly durability: Durability
  /** By partition and offset: the messages known to be there, and undefined where it is not known what is. */
  readonly partitions: (SentMessage | undefined)[][]
  /** Places, `partition@offset`, that a crash has emptied. */
  readonly lost = new Set<string>()
  /** Deleted, or about to be: nothing is claimed any more. */
  isRetired = false
  readonly #places = new Map<string, string>()

  constructor(name: string, durability: Durability, partitionCount: number) {
    this.name = name
    this.durability = durability
    this.partitions = Array.from({ length: partitionCount }, () => [])
  }

  /** Somebody has seen the message there: it stays there. */
  learn(partition: number, offset: number, message: SentMessage): void {
    const where = `${this.name}/${partition}@${offset}`
    const known = this.partitions[partition][offset]
    if (known === message) return
    if (known !== undefined) throw new Violation(`${where} is ${message.id}, and was ${known.id}`)
    const other = this.#places.get(message.id)
    if (other !== undefined) throw new Violation(`${message.id} is stored twice, at ${other} and at ${where}`)
    this.#places.set(message.id, where)
    this.partitions[partition][offset] = message
  }

  /**
   * The whole log of a partition, as just read: nothing that was known is missing, there are no gaps but
   * those of `forget` and `allowGaps`, and the order is right.
   */
  compare(partition: number, found: FoundLog): void {
    const known = this.partitions[partition]
    for (let offset = 0; offset < Math.max(known.length, found.length); offset++) {
      if (found[offset] !== undefined || this.lost.has(`${partition}@${offset}`)) continue
      const message = known[offset]
      if (message === undefined && offset >= found.length) continue
      const what = `${this.name}/${partition}@${offset}${message === undefined ? '' : `, ${message.id},`}`
      throw new Violation(`${what} is missing: the log ends at ${found.length}`)
    }
    found.forEach((message, offset) => {
      if (message !== undefined) this.learn(partition, offset, message)
    })
    this.#checkOrder(partition, found)
  }

  /** A crash has cost what was never promised to survive it: a tail, or something before its end. */
  forget(partition: number, found: FoundLog): void {
    for (const message of this.partitions[partition].splice(found.length)) {
      if (message !== undefined) this.#places.delete(message.id)
    }
    for (let offset = 0; offset < found.length; offset++) {
      if (found[offset] !== undefined) continue
      const message = this.partitions[partition][offset]
      if (message !== undefined) this.#places.delete(message.id)
      this.partitions[partition][offset] = undefined
      this.lost.add(`${partition}@${offset}`)
    }
  }

  /** Gaps where nobody was told of a record: it was on its way to the disk. */
  allowGaps(partition: number, found: FoundLog): void {
    for (let offset = 0; offset < found.length; offset++) {
      if (found[offset] === undefined && this.partitions[partition][offset] === undefined) {
        this.lost.add(`${partition}@${offset}`)
      }
    }
  }

  #checkOrder(partition: number, found: FoundLog): void {
    const last = new Map<string, number>()
    found.forEach((message, offset) => {
      if (message === undefined) return
      const { publisher, sequence, isRefused, id } = message
      const where = `${this.name}/${partition}@${offset}`
      if (isRefused)
        throw new Violation(`${id} is stored at ${where}, and its publisher was told that it is not`)
      const before = last.get(publisher) ?? -1
      if (before >= sequence) throw new Violation(`${id} at ${where} comes after ${publisher}.${before}`)
      last.set(publisher, sequence)
    })
  }
}
