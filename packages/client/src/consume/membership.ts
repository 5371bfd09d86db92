// A member of a flow consumer, as long as the user wants it: subscribes on every connection anew and keeps
// what has come. What is in the queue when a connection breaks is dropped, for the broker delivers it again.

import type { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import { writeSubscribe } from '@sluice/protocol/native/flow-messages'
import { opcodes } from '@sluice/protocol/native/frame'
import type { Opcode } from '@sluice/protocol/native/frame'
import type { Link } from '../link/link.ts'
import type { RequestSpec } from '../link/pending-request.ts'
import type { Session } from '../link/session.ts'
import type { ClientPlatform, PlatformTimer } from '../transport/platform.ts'
import { readDeliveries } from './delivery-reader.ts'
import type { DeliveryFrame } from './delivery-reader.ts'
import { MessageQueue } from './message-queue.ts'
import { Tenure } from './tenure.ts'

export interface MemberPlace {
  readonly stream: string
  readonly consumer: string
  /** How many unsettled messages the broker may have out here. */
  readonly window: number
}

export interface MembershipListener {
  /** Messages were put in the queue. */
  arrived(): void
  /** It is over, by an error or because the client was closed. Called once, and not after `leave`. */
  ended(error: BrokerError | undefined): void
}

/** How long to wait before subscribing again where the broker said: not now. */
const retryMs = 500

export class Membership {
  readonly id: number
  readonly place: MemberPlace
  readonly queue = new MessageQueue()
  readonly #link: Link
  readonly #platform: ClientPlatform
  readonly #listener: MembershipListener
  /** Tells the owner of all memberships that this one is over. */
  readonly #left: () => void
  #tenure: Tenure | undefined
  #retry: PlatformTimer | undefined
  /** Draining: nothing more is wanted, and no new connection is joined. */
  #isDraining = false
  #isOver = false

  constructor(
    identity: { readonly id: number; readonly place: MemberPlace; readonly left: () => void },
    link: Link,
    platform: ClientPlatform,
    listener: MembershipListener,
  ) {
    this.id = identity.id
    this.place = identity.place
    this.#left = identity.left
    this.#link = link
    this.#platform = platform
    this.#listener = listener
  }

  /** Subscribes on a connection; the one before is gone. */
  join(session: Session): void {
    this.#forsake()
    if (this.#isOver || this.#isDraining) return
    const { stream, consumer, window } = this.place
    const tenure = new Tenure(this.#link, session, {
      stream,
      subscription: this.id,
      isSettledByDelivery: false,
    })
    this.#tenure = tenure
    const spec = command(opcodes.subscribe, (writer) => {
      writeSubscribe(writer, { subscription: this.id, stream, consumer, window })
    })
    this.#link.requestOn(session, spec).catch((error: BrokerError) => this.#tenureEnded(tenure, error))
  }

  /** The connection is gone. */
  lost(): void {
    this.#forsake()
  }

  delivered(session: Session, frame: DeliveryFrame): void {
    const tenure = this.#tenure
    if (tenure === undefined || tenure.session !== session || tenure.isOver) return
    readDeliveries(frame, tenure, this.queue)
    // Why: the broker never has more out than the window, so the oldest beyond it were taken back meanwhile.
    while (this.queue.size > this.place.window) this.queue.shift()
    this.#listener.arrived()
  }

  /** The broker ended the subscription on this connection. */
  ended(session: Session, error: BrokerError): void {
    if (this.#tenure?.session === session) this.#tenureEnded(this.#tenure, error)
  }

  #tenureEnded(tenure: Tenure, error: BrokerError): void {
    if (tenure !== this.#tenure || tenure.isOver || this.#isOver) return
    this.#forsake()
    if (!error.isRetryable) return this.fail(error)
    this.#retry = this.#platform.after(retryMs, () => {
      // Without a connection the next one will do.
      if (this.#link.session !== undefined) this.join(this.#link.session)
    })
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
    const tenure = this.#tenure
    if (tenure === undefined) return
    const spec = command(opcodes.setWindow, (writer) => {
      writer.u32(this.id)
      writer.u32(0)
    })
    await this.#link.requestOn(tenure.session, spec).catch(ignore)
  }

  /** Sends the settles that were gathered, then unsubscribes: what is held goes back. Never rejects. */
  async leave(): Promise<void> {
    if (this.#isOver) return
    const tenure = this.#tenure
    tenure?.flush()
    const spec = command(opcodes.unsubscribe, (writer) => writer.u32(this.id))
    const left = tenure === undefined ? undefined : this.#link.requestOn(tenure.session, spec).catch(ignore)
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

  #end(): void {
    this.#isOver = true
    this.#retry?.cancel()
    this.#forsake()
    this.#left()
  }

  #forsake(): void {
    this.#retry?.cancel()
    this.#tenure?.end()
    this.#tenure = undefined
    this.queue.clear()
  }
}

/** Why ignore: a command fails with its connection, and then there is nothing left to command. */
function ignore(): void {}

function command(opcode: Opcode, encode: (writer: ByteWriter) => void): RequestSpec<void> {
  return { opcode, isRepeatable: false, sizeBytes: 0, encode, decode: () => undefined }
}
