// The members of one flow consumer, and whose turn it is.

import type { BrokerError } from '@sluice/protocol/errors/broker-error'

/** A record on its way to a member; one object that is filled anew for each. Positions are in `bytes`. */
export interface Delivery {
  partition: number
  slot: number
  sequence: number
  offset: number
  timestamp: number
  attempt: number
  bytes: Uint8Array
  recordStart: number
  recordEnd: number
}

/** Where a member's deliveries go: one subscription of a connection. */
export interface MemberPort {
  /** Who it is, for people. */
  readonly name: string
  /** False while the peer does not read; the port's owner calls `Membership.resume` when it reads again. */
  readonly isWritable: boolean
  /** Adds a delivery to what goes out with the next `flush`. Borrowed for the call. */
  deliver(delivery: Delivery): void
  /** A round of deliveries is complete. */
  flush(): void
  /** The broker ended the membership: the consumer or its stream is gone. */
  ended(error: BrokerError): void
}

export class Member {
  readonly id: number
  readonly port: MemberPort
  window: number
  /** Deliveries that it holds. */
  held = 0
  /** Deliveries that it asked for whatever it holds, and has not got yet. */
  credits = 0
  isInTurn = false
  hasUnflushed = false

  constructor(id: number, port: MemberPort, window: number) {
    this.id = id
    this.port = port
    this.window = window
  }

  get hasRoom(): boolean {
    return (this.credits > 0 || this.held < this.window) && this.port.isWritable
  }
}

/** How a member left: in order, or because its connection broke. */
export type Leaving = 'closed' | 'lost'

/** Members with room take turns, one record each. */
export class MemberTable {
  /** Those that have left, until all that they held has come back. */
  readonly gone = new Map<Member, Leaving>()
  readonly #byId = new Map<number, Member>()
  readonly #inTurn: Member[] = []
  #unflushed: Member[] = []
  #turn = 0
  #lastId = 0
  /** Until it resolves, what was handed out waits with its ports, and nothing more is. */
  #going: Promise<void> | undefined

  get count(): number {
    return this.#byId.size
  }

  find(id: number): Member | undefined {
    return this.#byId.get(id)
  }

  all(): IterableIterator<Member> {
    return this.#byId.values()
  }

  add(port: MemberPort, window: number): Member {
    const member = new Member(++this.#lastId, port, window)
    this.#byId.set(member.id, member)
    this.offer(member)
    return member
  }

  /** Its deliveries come back after this, so that it is not offered what it left. */
  remove(member: Member, how: Leaving): void {
    this.#byId.delete(member.id)
    this.gone.set(member, how)
    member.window = 0
    member.credits = 0
    if (member.isInTurn) this.#takeOut(this.#inTurn.indexOf(member))
  }

  /** A delivery was given to the member's port. */
  delivered(member: Member): void {
    if (member.hasUnflushed) return
    member.hasUnflushed = true
    this.#unflushed.push(member)
  }

  /** The end of a round. */
  flush(): void {
    if (this.#unflushed.length === 0) return
    const members = this.#unflushed
    this.#unflushed = []
    for (const member of members) {
      member.hasUnflushed = false
      member.port.flush()
    }
  }

  /**
   * The end of a round whose deliveries must not go before something is written: they go when `written`
   * resolves, which must not reject. Then `done` is called.
   */
  flushAfter(written: () => Promise<void>, done: () => void): void {
    if (this.#unflushed.length === 0 || this.#going !== undefined) return
    this.#going = this.#goAfter(written(), done)
  }

  async #goAfter(written: Promise<void>, done: () => void): Promise<void> {
    await written
    this.#going = undefined
    this.flush()
    for (const member of this.#byId.values()) this.offer(member)
    done()
  }

  /** Resolves when what was handed out has gone; undefined where nothing waits. */
  get going(): Promise<void> | undefined {
    return this.#going
  }

  /** To be called when a member may have got room. */
  offer(member: Member): void {
    if (member.isInTurn || !member.hasRoom) return
    member.isInTurn = true
    this.#inTurn.push(member)
  }

  /** Whether a record would find a member. */
  get hasRoom(): boolean {
    return this.#going === undefined && this.#next() !== undefined
  }

  /** The member whose turn it is, which is to hold one record more; undefined where none has room. */
  take(): Member | undefined {
    const member = this.#next()
    if (member === undefined) return undefined
    this.#turn++
    member.held++
    // Why first: what was asked for is to be had also when the window is full meanwhile.
    if (member.credits > 0) member.credits--
    return member
  }

  #next(): Member | undefined {
    while (this.#inTurn.length > 0) {
      if (this.#turn >= this.#inTurn.length) this.#turn = 0
      const member = this.#inTurn[this.#turn]!
      if (member.hasRoom) return member
      this.#takeOut(this.#turn)
    }
    return undefined
  }

  #takeOut(index: number): void {
    this.#inTurn[index]!.isInTurn = false
    this.#inTurn[index] = this.#inTurn.at(-1)!
    this.#inTurn.pop()
  }
}
