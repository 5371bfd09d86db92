// What arrives on one connection, cut into frames. Of a large one no more is read than there is room for;
// what one read of the socket brings is held in any case.

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
  /** Whether a large frame has begun. */
  #isCounted = false
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
    if (this.#splitter.begunFrameBytes <= freeBytesMax) return
    this.#isCounted = true
    if (this.#room.arrived(this.#granted, this.#splitter.arrivedBytes)) return
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
    if (!this.#isCounted) return
    this.#isCounted = false
    this.#room.forget(this.#granted)
    if (!this.#isWaiting) return
    this.#isWaiting = false
    this.#owner.resume()
  }

  readonly #complete: FrameSink = (bytes, start, end, isOwned) => {
    this.#hasMovedOn = true
    this.#letGo()
    this.#sink(bytes, start, end, isOwned)
  }

  readonly #granted = (): void => {
    this.#isWaiting = false
    this.#hasMovedOn = true
    this.#owner.resume()
  }
}
