// A member of a flow consumer, as long as the user wants it: subscribes on every connection anew and keeps
// what has come. What is in the queue when a connection breaks is dropped, for the broker delivers it again;
// but what is settled by being delivered is kept, for nobody else will have it.

import type { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import { writeSubscribe } from '@sluice/protocol/native/flow-messages'
import { opcodes } from '@sluice/protocol/native/frame'
import type { Opcode } from '@sluice/protocol/native/frame'
import type { Link } from '../link/link.ts'
import type { RequestSpec } from '../link/pending-request.ts'
import type { Session } from '../link/session.ts'
import type { NodeLinks } from '../routing/node-links.ts'
import { isMisrouted } from '../routing/retries.ts'
import type { ClientPlatform, PlatformTimer } from '../transport/platform.ts'
import { ConsumerSeat } from './consumer-seat.ts'
import { readDeliveries } from './delivery-reader.ts'
import type { DeliveryFrame } from './delivery-reader.ts'
import type { Message } from './message.ts'
import { MessageQueue } from './message-queue.ts'
import { Tenure } from './tenure.ts'

export interface MemberPlace {
  readonly stream: string
  readonly consumer: string
  /** How many unsettled messages the broker may have out here; 0: only what is pulled. */
  readonly window: number
  /**
   * What is delivered is settled (`ackPolicy: 'none'`), so that a window would hold nothing back: so many are
   * pulled instead, and more as they are taken.
   */
  readonly isSettledByDelivery: boolean
  /** The node that serves the consumer, as far as the broker has said; undefined where there is only one. */
  readonly node: number | undefined
  /** Asks the broker for it. */
  locate(): Promise<number | undefined>
}

export interface MembershipListener {
  /** Messages were put in the queue. */
  arrived(): void
  /** It is over, by an error or because the client was closed. Called once, and not after `leave`. */
  ended(error: BrokerError | undefined): void
  /** Subscribes on a connection; nothing is pulled on it yet. */
  joined?(): void
}

/** How long to wait before subscribing again where the broker said: not now. */
const retryMs = 500

export class Membership {
  readonly id: number
  readonly place: MemberPlace
  readonly #queue = new MessageQueue()
  readonly #platform: ClientPlatform
  readonly #listener: MembershipListener
  /** Tells the owner of all memberships that this one is over. */
  readonly #left: () => void
  readonly #seat: ConsumerSeat
  #link: Link | undefined
  #tenure: Tenure | undefined
  #retry: PlatformTimer | undefined
  /** Pulled on this connection, and not delivered yet. */
  #pulledCount = 0
  /** Draining: nothing more is wanted, and no new connection is joined. */
  #isDraining = false
  #isOver = false

  constructor(
    identity: { readonly id: number; readonly place: MemberPlace; readonly left: () => void },
    links: NodeLinks,
    platform: ClientPlatform,
    listener: MembershipListener,
  ) {
    this.id = identity.id
    this.place = identity.place
    this.#left = identity.left
    this.#platform = platform
    this.#listener = listener
    this.#seat = new ConsumerSeat(links, platform, () => identity.place.locate(), {
      found: (link) => this.#found(link),
      failed: (error) => this.fail(error),
    })
  }

  /** The link that it goes by; undefined while that is looked for. */
  get link(): Link | undefined {
    return this.#link
  }

  /** How many messages wait. */
  get waitingCount(): number {
    return this.#queue.size
  }

  /** Subscribes now, or as soon as there is a connection to the right node. */
  start(): void {
    this.#seat.start(this.place.node)
  }

  /** The oldest message that waits. */
  shift(): Message | undefined {
    const message = this.#queue.shift()
    if (message !== undefined) this.#topUp()
    return message
  }

  /** All that wait, at once. */
  take(): Message[] {
    const messages = this.#queue.take()
    if (messages.length > 0) this.#topUp()
    return messages
  }

  /** Subscribes on a connection; the one before is gone. */
  join(session: Session): void {
    this.#forsake()
    if (this.#isOver || this.#isDraining) return
    const { stream, consumer, isSettledByDelivery } = this.place
    const link = this.#link!
    const tenure = new Tenure(link, session, { stream, subscription: this.id, isSettledByDelivery })
    this.#tenure = tenure
    const window = isSettledByDelivery ? 0 : this.place.window
    const spec = command(opcodes.subscribe, (writer) => {
      writeSubscribe(writer, { subscription: this.id, stream, consumer, window })
    })
    link.requestOn(session, spec).then(
      () => this.#seat.settled(),
      (error: BrokerError) => this.#tenureEnded(tenure, error),
    )
    this.#topUp()
    this.#listener.joined?.()
  }

  /** The connection is gone. */
  lost(): void {
    this.#forsake()
  }

  /** The node could not be reached, or is elsewhere: another one may serve the consumer now. */
  unreachable(): void {
    if (!this.#isOver && !this.#isDraining) this.#seat.again()
  }

  delivered(session: Session, frame: DeliveryFrame): void {
    const tenure = this.#tenure
    if (tenure === undefined || tenure.session !== session || tenure.isOver) return
    const waitedBefore = this.#queue.size
    readDeliveries(frame, tenure, this.#queue)
    this.#pulledCount = Math.max(0, this.#pulledCount - (this.#queue.size - waitedBefore))
    const { window, isSettledByDelivery } = this.place
    // Why: the broker never has more out than the window, so the oldest beyond it were taken back meanwhile.
    if (window > 0 && !isSettledByDelivery) while (this.#queue.size > window) this.#queue.shift()
    this.#listener.arrived()
  }

  /** The broker ended the subscription on this connection. */
  ended(session: Session, error: BrokerError): void {
    if (this.#tenure?.session === session) this.#tenureEnded(this.#tenure, error)
  }

  /**
   * Asks for so many more, or with 0 for no more of what was asked for. Resolves when the broker has taken
   * note, and after that of 0 nothing comes. Undefined without a connection, where nothing is asked for
   * either.
   */
  pull(count: number): Promise<void> | undefined {
    const answered = this.#command(opcodes.pull, count)
    if (answered !== undefined) this.#pulledCount = count === 0 ? 0 : this.#pulledCount + count
    return answered
  }

  /** How many were pulled and have not come. */
  get pulledCount(): number {
    return this.#pulledCount
  }

  /** Ends it by an error, which the listener hears of. */
  fail(error: BrokerError): void {
    if (this.#isOver) return
    this.#end()
    this.#listener.ended(error)
  }

  /** Asks for nothing more; after that nothing comes. */
  async stopDeliveries(): Promise<void> {
    this.#isDraining = true
    this.#retry?.cancel()
    await (this.place.isSettledByDelivery ? this.pull(0) : this.#command(opcodes.setWindow, 0))
  }

  /** Sends the settles that were gathered, then unsubscribes: what is held goes back. Never rejects. */
  async leave(): Promise<void> {
    if (this.#isOver) return
    this.#tenure?.flush()
    const left = this.#command(opcodes.unsubscribe)
    this.#end()
    await left
  }

  /** The client closes: leaves, and the listener hears of an end without an error. */
  async close(): Promise<void> {
    if (this.#isOver) return
    const left = this.leave()
    this.#listener.ended(undefined)
    await left
  }

  #found(link: Link): void {
    if (this.#isOver || this.#isDraining) return
    const isJoined = this.#tenure !== undefined && this.#link === link
    this.#link = link
    if (link.session !== undefined && !isJoined) this.join(link.session)
  }

  /** Pulls again as soon as half of what may wait has been taken. */
  #topUp(): void {
    const { window, isSettledByDelivery } = this.place
    if (!isSettledByDelivery || this.#isDraining || this.#tenure === undefined) return
    const roomCount = window - this.#queue.size - this.#pulledCount
    if (roomCount < Math.max(1, window / 2)) return
    void this.pull(roomCount)
  }

  #tenureEnded(tenure: Tenure, error: BrokerError): void {
    if (tenure !== this.#tenure || tenure.isOver || this.#isOver) return
    this.#forsake()
    if (isMisrouted(error)) return this.#seat.again()
    if (!error.isRetryable) return this.fail(error)
    this.#retry = this.#platform.after(retryMs, () => {
      // Without a connection the next one will do.
      if (this.#link?.session !== undefined) this.join(this.#link.session)
    })
  }

  /** Never rejects: a command fails with its connection, and then there is nothing left to command. */
  #command(opcode: Opcode, argument?: number): Promise<void> | undefined {
    if (this.#tenure === undefined) return undefined
    const spec = command(opcode, (writer) => {
      writer.u32(this.id)
      if (argument !== undefined) writer.u32(argument)
    })
    return this.#link!.requestOn(this.#tenure.session, spec).catch(ignore)
  }

  #end(): void {
    this.#isOver = true
    this.#seat.stop()
    this.#forsake()
    this.#left()
  }

  #forsake(): void {
    this.#retry?.cancel()
    this.#tenure?.end()
    this.#tenure = undefined
    this.#pulledCount = 0
    if (!this.place.isSettledByDelivery) this.#queue.clear()
  }
}

function ignore(): void {}

function command(opcode: Opcode, encode: (writer: ByteWriter) => void): RequestSpec<void> {
  return { opcode, isRepeatable: false, sizeBytes: 0, encode, decode: () => undefined }
}
