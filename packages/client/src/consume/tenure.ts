// One membership of a flow consumer on one connection: the only place where what it delivered can be settled.
// Settles of one turn of the event loop go out in one SETTLE frame, in the order of the calls.

import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { readSettleFailures } from '@sluice/protocol/native/flow-messages'
import { opcodes } from '@sluice/protocol/native/frame'
import { Gathering } from '../gathering.ts'
import type { Link } from '../link/link.ts'
import type { Session } from '../link/session.ts'
import { SettleFrame, settledFrame } from './settle-frame.ts'
import type { DeliveredPlace } from './settle-frame.ts'

/** A frame goes out before the turn ends when it holds this much. */
const settlesPerFrameMax = 4096
const settleBytesMax = 64 * 1024

export interface TenurePlace {
  readonly stream: string
  readonly subscription: number
  /** What is delivered is settled (`ackPolicy: 'none'`). */
  readonly isSettledByDelivery: boolean
}

export class Tenure {
  readonly stream: string
  readonly session: Session
  readonly isSettledByDelivery: boolean
  readonly #link: Link
  readonly #subscription: number
  readonly #gathering = new Gathering(() => this.flush())
  /** The messages whose `working` is under way: saying it again meanwhile adds nothing. */
  readonly #working = new Map<DeliveredPlace, Promise<void>>()
  readonly #writer = new ByteWriter(256)
  /** The frame that grows, or one that refuses all when the tenure is over. */
  #frame: SettleFrame
  #isOver = false

  constructor(link: Link, session: Session, place: TenurePlace) {
    this.#link = link
    this.session = session
    this.stream = place.stream
    this.isSettledByDelivery = place.isSettledByDelivery
    this.#subscription = place.subscription
    this.#frame = place.isSettledByDelivery ? settledFrame : new SettleFrame(this.#writer, place.subscription)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Where the next settle goes. One that is over takes none, and tells why. */
  get frame(): SettleFrame {
    return this.#frame
  }

  /** A settle was added to `frame`. */
  added(): void {
    if (this.#frame.count >= settlesPerFrameMax || this.#frame.sizeBytes >= settleBytesMax) this.flush()
    else this.#gathering.touch()
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
    const frame = this.#frame
    if (frame.isOver || frame.count === 0) return
    this.#frame = new SettleFrame(this.#writer, this.#subscription)
    const sent = this.#link.requestOn(this.session, {
      opcode: opcodes.settle,
      isRepeatable: false,
      sizeBytes: 0,
      frame: frame.take(),
      decode: (reader) => frame.confirm(readSettleFailures(reader)),
    })
    sent.catch((error: BrokerError) => frame.fail(() => error))
  }

  /** The connection is gone or the subscription has ended: what is held goes back to the consumer. */
  end(): void {
    this.#isOver = true
    this.#frame.fail(staleError)
  }
}

function staleError({ stream, partition, offset }: DeliveredPlace): BrokerError {
  const place = `offset ${offset} of ${stream}, partition ${partition}`
  return new BrokerError(
    'stale-delivery',
    `The subscription or connection of ${place} is gone; it is delivered again`,
  )
}
