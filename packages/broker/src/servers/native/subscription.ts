// One subscription of a connection: the port through which a flow consumer delivers to its member.
// Deliveries of a round gather in a frame of their own, so that rounds of several members may overlap.

import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import { deliveryHeaderBytes, writeSubscriptionEnded } from '@sluice/protocol/native/flow-messages'
import { beginFrame, endFrame, opcodes } from '@sluice/protocol/native/frame'
import type { Delivery, MemberPort, Membership } from '../../services/flow/flow-consumers.ts'
import type { FrameOutbox } from './frame-outbox.ts'

/**
 * A frame of deliveries ends when the next record would make it larger; a larger record has one of its own.
 */
const deliverBytesMax = 256 * 1024
/** Of frames that may not go yet, where all of a round must wait. */
const heldBytesMax = 1024 * 1024

export class Subscription implements MemberPort {
  readonly id: number
  readonly name: string
  readonly #outbox: FrameOutbox
  readonly #ended: (subscription: Subscription) => void
  readonly #writer = new ByteWriter()
  #membership: Membership | undefined
  /** Before the answer to SUBSCRIBE nothing may be delivered. */
  #isAnswered = false
  #isOver = false
  #frameStart = -1
  #count = 0

  /** `ended` is called when the broker, not the client, ends it. */
  constructor(id: number, name: string, outbox: FrameOutbox, ended: (subscription: Subscription) => void) {
    this.id = id
    this.name = name
    this.#outbox = outbox
    this.#ended = ended
  }

  get isWritable(): boolean {
    if (!this.#isAnswered || this.#isOver || this.#outbox.isCongested) return false
    return !this.#isHeld || this.#writer.position < heldBytesMax
  }

  get membership(): Membership {
    return this.#membership!
  }

  /** Joins, answers, and only then takes deliveries. */
  start(join: (port: MemberPort) => Membership, answer: () => void): void {
    this.#membership = join(this)
    answer()
    this.#isAnswered = true
    this.#membership.resume()
  }

  deliver(delivery: Delivery): void {
    if (this.#isOver) return
    const size = delivery.recordEnd - delivery.recordStart
    const frameBytes = this.#writer.position - this.#frameStart
    if (this.#count > 0 && frameBytes + size > deliverBytesMax) this.#endFrame()
    if (this.#frameStart < 0) this.#beginFrame()
    writeDelivery(this.#writer, delivery, size)
    this.#count++
  }

  flush(): void {
    if (this.#frameStart >= 0) this.#endFrame()
    if (this.#writer.position > 0) this.#outbox.append(this.#writer)
  }

  /** Calls `then` when what was delivered has gone out: at once, where nothing holds it back. */
  afterFlush(then: () => void): Promise<void> | undefined {
    const going = this.membership.going()
    if (going !== undefined) return going.then(then)
    this.flush()
    then()
    return undefined
  }

  ended(error: BrokerError): void {
    if (this.#isOver) return
    this.flush()
    this.#isOver = true
    const start = this.#outbox.begin(opcodes.subscriptionEnded, 0)
    writeSubscriptionEnded(this.#outbox.writer, { subscription: this.id, error })
    this.#outbox.end(start)
    this.#ended(this)
  }

  /** The peer reads again. */
  resume(): void {
    if (!this.#isOver) this.#membership?.resume()
  }

  /** `closed`: the client, or the broker, ended it in order. `lost`: the connection broke. */
  leave(how: 'closed' | 'lost'): void {
    if (this.#isOver) return
    this.flush()
    this.#isOver = true
    this.#membership?.leave(how)
  }

  #beginFrame(): void {
    this.#frameStart = beginFrame(this.#writer, opcodes.deliver, 0)
    this.#writer.u32(this.id)
    this.#writer.u32(0)
  }

  #endFrame(): void {
    this.#writer.patchU32(this.#frameStart + frameBodyCount, this.#count)
    endFrame(this.#writer, this.#frameStart)
    this.#frameStart = -1
    this.#count = 0
    if (!this.#isHeld) this.#outbox.append(this.#writer)
  }

  get #isHeld(): boolean {
    return this.#membership?.isHeldUntilFlush === true
  }
}

/** Where `count` stands in a DELIVER frame: after the header and the subscription. */
const frameBodyCount = 14

function writeDelivery(writer: ByteWriter, delivery: Delivery, size: number): void {
  writer.ensure(deliveryHeaderBytes + size)
  writer.u32(delivery.partition)
  writer.u32(delivery.slot)
  writer.i64(delivery.sequence)
  writer.i64(delivery.offset)
  writer.i64(delivery.timestamp)
  writer.u32(delivery.attempt)
  writer.u32(size)
  writer.slice(delivery.bytes, delivery.recordStart, delivery.recordEnd)
}
