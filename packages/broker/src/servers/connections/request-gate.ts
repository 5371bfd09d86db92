// Holds requests of one connection back, in order, while one is in progress that they must not overtake, too
// many are, or the peer does not read. What is held is bounded by a few KiB and what one read of the socket
// brings.

import { ByteBudget } from './byte-budget.ts'
import { FrameRoom } from './frame-room.ts'
import { WaitingRoom } from './waiting-room.ts'

export interface GateOwner {
  /** Runs one request, `bytes[start, end)`: borrowed for the call, or the owner's to keep. */
  run(bytes: Uint8Array, start: number, end: number, isOwned: boolean): void
  /** Whether the peer does not read its answers. */
  readonly isCongested: boolean
  pause(): void
  resume(): void
}

export interface GateLimits {
  /** Requests of one connection that are not answered yet; beyond it the connection is not read. */
  readonly requestsInProgressMax: number
  /** Bytes of such requests and of the answers that are being made, of one connection. */
  readonly bytesInProgressMax: number
}

/** Of one read, but for a single batch that is larger, while peers have not taken what others asked for. */
export const crowdedReadBytes: number = 64 * 1024

/** What all connections have together, whatever protocol they speak. */
export interface SharedBounds {
  /** For what is in progress. */
  readonly budget: ByteBudget
  /** For what has begun to arrive, or waits for its turn. */
  readonly room: FrameRoom
  /** For what has nothing in progress, and waits for records to come. */
  readonly waiting: WaitingRoom
  /** What peers have not taken of answers: from half on readers are given less at once. */
  readonly untaken: ByteBudget
}

export function sharedBounds(totalBytesInProgressMax: number): SharedBounds {
  return {
    budget: new ByteBudget(totalBytesInProgressMax),
    room: new FrameRoom(totalBytesInProgressMax),
    waiting: new WaitingRoom(totalBytesInProgressMax),
    untaken: new ByteBudget(totalBytesInProgressMax),
  }
}

/**
 * So much is held without a pause, where there is room and it is only not its turn: the end of a peer is seen
 * only by reading.
 */
const heldBytesMax = 16 * 1024

export class RequestGate {
  readonly #owner: GateOwner
  readonly #limits: GateLimits
  readonly #budget: ByteBudget
  readonly #room: FrameRoom
  /** Frames that wait for their turn. Owned; they take room until they have it. */
  #held: Uint8Array[] = []
  #heldBytes = 0
  #requests = 0
  #bytes = 0
  /** Requests that must be carried out before the next begins. */
  #holds = 0
  #isPaused = false
  #isRunning = false
  #isClosed = false

  constructor(owner: GateOwner, limits: GateLimits, { budget, room }: SharedBounds) {
    this.#owner = owner
    this.#limits = limits
    this.#budget = budget
    this.#room = room
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  get requestsInProgress(): number {
    return this.#requests
  }

  /** Runs the request now, or keeps it for later: the bytes where they are owned, else a copy. */
  offer(bytes: Uint8Array, start: number, end: number, isOwned = false): void {
    if (this.#isClosed) return
    if (this.#held.length === 0 && !this.#isFull()) return this.#owner.run(bytes, start, end, isOwned)
    const frame = bytes.subarray(start, end)
    // Why not `slice`: of a Buffer, which is what sockets give, it is another view.
    this.#held.push(isOwned ? frame : new Uint8Array(frame))
    this.#heldBytes += end - start
    this.#room.take(end - start)
    this.pauseIfFull()
  }

  begun(bytes: number): void {
    this.#requests++
    this.reserve(bytes)
  }

  ended(bytes: number): void {
    this.#requests--
    this.release(bytes)
  }

  reserve(bytes: number): void {
    this.#bytes += bytes
    this.#budget.take(bytes)
    this.pauseIfFull()
  }

  release(bytes: number): void {
    this.#bytes -= bytes
    this.#budget.give(bytes)
    this.advance()
  }

  /** For a request that takes more than one turn: nothing after it begins before `letGo`. */
  hold(): void {
    this.#holds++
  }

  letGo(): void {
    this.#holds--
    this.advance()
  }

  /** Runs what is held as far as there is room, then reads on. */
  readonly advance = (): void => {
    if (this.#isRunning || this.#isClosed || (!this.#isPaused && this.#held.length === 0)) return
    this.#isRunning = true
    let done = 0
    for (; done < this.#held.length && !this.#isFull(); done++) {
      const frame = this.#held[done]!
      this.#heldBytes -= frame.length
      this.#room.give(frame.length)
      this.#owner.run(frame, 0, frame.length, true)
    }
    this.#held = done === 0 ? this.#held : this.#held.slice(done)
    this.#isRunning = false
    if (this.#isOverfull()) return this.#pause()
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#owner.resume()
  }

  /** Reads nothing more before `advance` where what is read could not begin for want of room. */
  pauseIfFull(): void {
    if (this.#isOverfull()) this.#pause()
  }

  close(): void {
    this.#isClosed = true
    this.#held = []
    this.#room.give(this.#heldBytes)
    this.#heldBytes = 0
    this.#budget.forget(this.advance)
  }

  /** Whether nothing may begin. */
  #isFull(): boolean {
    return this.#holds > 0 || this.#isCrowded()
  }

  /** Whether nothing is to be read. */
  #isOverfull(): boolean {
    return this.#heldBytes > heldBytesMax || this.#isCrowded()
  }

  #isCrowded(): boolean {
    const { requestsInProgressMax, bytesInProgressMax } = this.#limits
    if (this.#requests >= requestsInProgressMax || this.#bytes >= bytesInProgressMax) return true
    return this.#budget.isFull || this.#owner.isCongested
  }

  #pause(): void {
    if (!this.#isPaused) {
      this.#isPaused = true
      this.#owner.pause()
    }
    this.#awaitRoom()
  }

  /** Everything else that makes room calls `advance` anyway: an answer, or a peer that reads again. */
  #awaitRoom(): void {
    if (this.#budget.isFull && !this.#isClosed) this.#budget.whenRoom(this.advance)
  }
}
