// Answers of one connection in the order of their requests: what is ready early waits for those before it.

import type { KafkaWriter } from '@sluice/protocol/kafka/kafka-writer'
import { ByteOutbox, copiedBytesMax } from '../connections/byte-outbox.ts'

/** A request that has begun. */
export interface Ticket {
  parts: readonly Uint8Array[] | undefined
  isReady: boolean
}

/** So many that went out are remembered while others wait: then those that wait are moved, seldom. */
const sentMax = 1024

export class KafkaOutbox extends ByteOutbox {
  #tickets: Ticket[] = []
  #first = 0
  /** Of bytes that are lent; made by who lends first. */
  #releases: Map<Uint8Array, () => void> | undefined

  /** Requests that have begun and whose answers have not gone out. */
  get waitingCount(): number {
    return this.#tickets.length - this.#first
  }

  open(): Ticket {
    const ticket: Ticket = { parts: undefined, isReady: false }
    this.#tickets.push(ticket)
    return ticket
  }

  /** Once for each ticket. Takes the answer from its writer; undefined: there is none. */
  ready(ticket: Ticket, answer: KafkaWriter | undefined): void {
    ticket.isReady = true
    // Why the size: bytes beyond it are not copied, and the writer must not write over them.
    const isNow = ticket === this.#tickets[this.#first] && (answer?.position ?? 0) <= copiedBytesMax
    if (isNow) this.#sendNow(answer)
    else ticket.parts = answer?.takeParts()
    while (this.#tickets[this.#first]?.isReady === true) {
      const next = this.#tickets[this.#first++]!
      if (next.parts !== undefined) this.#send(next.parts)
      next.parts = undefined
    }
    if (this.#first < sentMax && this.#first < this.#tickets.length) return
    this.#tickets = this.#tickets.slice(this.#first)
    this.#first = 0
  }

  /** Of a part of an answer to come. Not called where the connection ends first: the collector gets it. */
  lend(bytes: Uint8Array, release: () => void): void {
    this.#releases ??= new Map()
    this.#releases.set(bytes, release)
  }

  override close(): void {
    super.close()
    this.#releases = undefined
  }

  #sendNow(answer: KafkaWriter | undefined): void {
    answer?.giveParts(this.#part)
    this.gathered()
  }

  #send(parts: readonly Uint8Array[]): void {
    for (const bytes of parts) this.#part(bytes, 0, bytes.length)
    this.gathered()
  }

  readonly #part = (bytes: Uint8Array, start: number, end: number): void => {
    const release = this.#releases?.get(bytes)
    if (release !== undefined) this.#releases!.delete(bytes)
    this.slice({ bytes, start, end, release })
  }
}
