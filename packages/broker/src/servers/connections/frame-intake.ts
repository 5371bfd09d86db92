// What arrives on one connection, cut into frames. Where a large one has begun, no more is read before there
// is room for all of it; what one read of the socket brings is held in any case.

import { FrameSplitter } from '@sluice/protocol/native/frame-splitter'
import type { FrameSink } from '@sluice/protocol/native/frame-splitter'
import type { FrameRoom } from './frame-room.ts'

export interface IntakeOwner {
  pause(): void
  resume(): void
}

/** A frame of this size needs no room: a single read of a socket brings as much. */
const freeBytesMax = 64 * 1024

export class FrameIntake {
  readonly #owner: IntakeOwner
  readonly #sink: FrameSink
  readonly #room: FrameRoom
  readonly #splitter: FrameSplitter
  /** Room that the begun frame has, or waits for. */
  #roomBytes = 0
  #isWaiting = false
  /** A frame was completed, or has room to go on, since `takeIsUnfinished` was asked. */
  #hasMovedOn = false
  #isClosed = false

  /** `frameBytesMax` is that of the first frame, until `allow` says otherwise. */
  constructor(owner: IntakeOwner, sink: FrameSink, room: FrameRoom, frameBytesMax: number) {
    this.#owner = owner
    this.#sink = sink
    this.#room = room
    this.#splitter = new FrameSplitter(frameBytesMax)
  }

  /** Whether nothing is to be read, for want of room. */
  get isWaiting(): boolean {
    return this.#isWaiting
  }

  /** For the frames that begin from now on. */
  allow(frameBytesMax: number): void {
    this.#splitter.allow(frameBytesMax)
  }

  /** Throws `malformed-frame` or `frame-too-large`. */
  push(chunk: Uint8Array): void {
    this.#splitter.push(chunk, this.#complete)
    if (this.#isClosed) return
    const { begunFrameBytes } = this.#splitter
    const roomBytes = begunFrameBytes > freeBytesMax ? begunFrameBytes : 0
    if (roomBytes === this.#roomBytes) return
    this.#letGo()
    this.#roomBytes = roomBytes
    if (roomBytes === 0 || this.#room.request(roomBytes, this.#granted)) return
    this.#isWaiting = true
    this.#owner.pause()
  }

  /** Whether a frame has begun, and nothing came of it since the last time that this was asked. */
  takeIsUnfinished(): boolean {
    const isUnfinished = this.#splitter.isInsideFrame && !this.#hasMovedOn
    this.#hasMovedOn = false
    return isUnfinished
  }

  close(): void {
    this.#isClosed = true
    this.#letGo()
  }

  #letGo(): void {
    const bytes = this.#roomBytes
    this.#roomBytes = 0
    if (bytes === 0) return
    if (!this.#isWaiting) return this.#room.give(bytes)
    this.#isWaiting = false
    this.#room.forget(this.#granted)
    this.#owner.resume()
  }

  readonly #complete: FrameSink = (bytes, start, end, isOwned) => {
    this.#hasMovedOn = true
    this.#sink(bytes, start, end, isOwned)
  }

  readonly #granted = (): void => {
    this.#isWaiting = false
    this.#hasMovedOn = true
    this.#owner.resume()
  }
}
