// One membership of a flow consumer on one connection: the only place where what it delivered can be settled.
// Settles of one turn of the event loop go out in one SETTLE frame, in the order of the calls.

import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { readSettleFailures } from '@sluice/protocol/native/flow-messages'
import type { SettleFailure } from '@sluice/protocol/native/flow-messages'
import { opcodes } from '@sluice/protocol/native/frame'
import { Gathering } from '../gathering.ts'
import type { Link } from '../link/link.ts'
import type { Session } from '../link/session.ts'

const noop = (): void => {}

/** A frame goes out before the turn ends when it holds this much. */
const settlesPerFrameMax = 4096
const settleBytesMax = 64 * 1024

/** What errors name of a message. */
export interface DeliveredPlace {
  readonly partition: number
  readonly offset: number
}

interface Ticket {
  readonly message: DeliveredPlace
  readonly ends: PromiseWithResolvers<void>
}

export class Tenure {
  readonly stream: string
  readonly session: Session
  readonly #link: Link
  readonly #subscription: number
  readonly #gathering = new Gathering(() => this.flush())
  /** The messages whose `working` is under way: saying it again meanwhile adds nothing. */
  readonly #working = new Map<DeliveredPlace, Promise<void>>()
  #writer = new ByteWriter(256)
  #tickets: Ticket[] = []
  #isOver = false

  constructor(link: Link, session: Session, place: { stream: string; subscription: number }) {
    this.#link = link
    this.session = session
    this.stream = place.stream
    this.#subscription = place.subscription
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /**
   * Throws `stale-delivery` when the tenure is over; else the caller writes one settle and calls `endSettle`.
   */
  beginSettle(message: DeliveredPlace): ByteWriter {
    if (this.#isOver) throw this.#staleError(message)
    return this.#writer
  }

  endSettle(message: DeliveredPlace): Promise<void> {
    const ends = Promise.withResolvers<void>()
    this.#tickets.push({ message, ends })
    if (this.#tickets.length >= settlesPerFrameMax || this.#writer.position >= settleBytesMax) this.flush()
    else this.#gathering.touch()
    return ends.promise
  }

  working(message: DeliveredPlace, settle: () => Promise<void>): Promise<void> {
    const underWay = this.#working.get(message)
    if (underWay !== undefined) return underWay
    const said = settle()
    this.#working.set(message, said)
    const forget = (): boolean => this.#working.delete(message)
    said.then(forget, forget)
    return said
  }

  /** Sends the settles that were gathered. */
  flush(): void {
    const tickets = this.#tickets
    if (tickets.length === 0) return
    const settles = this.#writer.take()
    this.#tickets = []
    this.#send(settles, tickets).catch((error: BrokerError) => {
      for (const { ends } of tickets) rejectQuietly(ends, error)
    })
  }

  /** The connection is gone or the subscription has ended: what is held goes back to the consumer. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    const tickets = this.#tickets
    this.#tickets = []
    for (const { message, ends } of tickets) rejectQuietly(ends, this.#staleError(message))
  }

  #send(settles: Uint8Array, tickets: readonly Ticket[]): Promise<void> {
    return this.#link.requestOn(this.session, {
      opcode: opcodes.settle,
      isRepeatable: false,
      sizeBytes: 0,
      encode: (writer) => {
        writer.u32(this.#subscription)
        writer.u32(tickets.length)
        writer.raw(settles)
      },
      decode: (reader) => this.#confirm(tickets, readSettleFailures(reader)),
    })
  }

  #confirm(tickets: readonly Ticket[], failures: readonly SettleFailure[]): void {
    for (const { index, code } of failures) {
      const ticket = tickets[index]
      if (ticket !== undefined)
        rejectQuietly(ticket.ends, new BrokerError(code, this.#refusal(ticket.message)))
    }
    for (const { ends } of tickets) ends.resolve()
  }

  #refusal({ partition, offset }: DeliveredPlace): string {
    return `The broker did not settle offset ${offset} of ${this.stream}, partition ${partition}`
  }

  #staleError({ partition, offset }: DeliveredPlace): BrokerError {
    const place = `offset ${offset} of ${this.stream}, partition ${partition}`
    return new BrokerError(
      'stale-delivery',
      `The subscription or connection of ${place} is gone; it is delivered again`,
    )
  }
}

/**
 * Why only here: a promise without a handler is reported when it is rejected, so the good case pays nothing.
 */
function rejectQuietly(ends: PromiseWithResolvers<void>, error: Error): void {
  ends.promise.catch(noop)
  ends.reject(error)
}
