// One end of a simulated connection.

import type { ByteConnection, ByteConnectionHandler } from '@sluice/protocol/bytes/byte-connection'
import { IoError } from '../io/io.ts'
import type { SimProcess } from './sim-io-process.ts'
import type { SimPipe } from './sim-network-pipe.ts'

const highWaterMark = 64 * 1024
/** As in the real one: a closing connection may make no progress for this long. */
const lingerMs = 5_000
/** What a handler finds in bytes that it kept although they were only lent. */
const poison = 0xdd

/** What an end knows of the network it is on. */
export interface SimLink {
  /** Whether packets go from one host to another right now. */
  isOpen(from: string, to: string): boolean
  /** Whether a host reads nothing right now. */
  isStalled(host: string): boolean
  latencyMs(): number
  forget(end: SimConnection): void
}

export class SimConnection implements ByteConnection {
  readonly remote: string
  readonly process: SimProcess
  readonly #link: SimLink
  readonly #out: SimPipe
  readonly #in: SimPipe
  #peer!: SimConnection
  #handler: ByteConnectionHandler | undefined
  #isPaused = false
  #isFlushing = false
  #isDelivering = false
  /** We write no more and hear no more, but for the end. */
  #isClosing = false
  #isOver = false
  #reason: Error | undefined
  /** Nothing arrives any more in either direction, and nobody is told. */
  #isVanished = false
  /** A reset that is on its way, or waits at a cut. */
  #resetMessage: string | undefined

  constructor(process: SimProcess, link: SimLink, remote: string, pipes: { in: SimPipe; out: SimPipe }) {
    this.process = process
    this.#link = link
    this.remote = remote
    this.#in = pipes.in
    this.#out = pipes.out
  }

  attach(peer: SimConnection): void {
    this.#peer = peer
  }

  get peer(): SimConnection {
    return this.#peer
  }

  get pendingBytes(): number {
    return this.#out.pendingBytes
  }

  get flushedBytes(): number {
    return this.#out.flushedBytes
  }

  start(handler: ByteConnectionHandler): void {
    this.#handler = handler
    if (this.#isOver) this.#sayClosed()
    else this.wake()
  }

  write(bytes: Uint8Array, taken?: () => void): boolean {
    if (this.#isClosing || this.#isOver) return false
    this.#out.write(bytes, taken)
    this.#scheduleFlush()
    const isFull = this.#out.pendingBytes > highWaterMark
    if (isFull) this.#out.isCongested = true
    return !isFull
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.wake()
  }

  close(): void {
    if (this.#isClosing || this.#isOver) return
    this.#isClosing = true
    this.#out.isFinished = true
    this.#startLinger()
    this.#scheduleFlush()
    this.wake()
    this.#peer.wake()
  }

  /**
   * What the peer's system had already taken may arrive before the end does, or be thrown away by a reset.
   */
  destroy(reason?: Error): void {
    if (this.#isOver) return
    this.end(reason)
    if (this.process.random.chance(0.5)) {
      this.#peer.resetAfter(this.#link.latencyMs(), 'the peer reset the connection')
      return
    }
    this.#out.dropPending()
    this.#out.isFinished = true
    this.#peer.wake()
  }

  /** The connection breaks for this end, as soon as it can hear of it. */
  resetAfter(delayMs: number, message: string): void {
    this.process.schedule(delayMs, 'net reset', () => {
      this.#resetMessage = message
      this.#hearReset()
    })
  }

  /** A fault: both ends stay open and never hear from each other again. */
  vanish(): void {
    this.#isVanished = true
    this.#peer.#isVanished = true
  }

  /** Looks again for what can arrive: after a pause, a stall or a cut. */
  wake(): void {
    this.#hearReset()
    this.#scheduleDelivery(this.#link.latencyMs())
    if (this.#out.pendingBytes > 0) this.#scheduleFlush()
  }

  end(reason: Error | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#isClosing = true
    this.#reason = reason
    this.#link.forget(this)
    if (this.#handler !== undefined) this.#sayClosed()
  }

  #sayClosed(): void {
    this.process.schedule(0, 'net closed', () => this.#handler?.closed(this.#reason))
  }

  #scheduleFlush(): void {
    if (this.#isFlushing || this.#isOver) return
    this.#isFlushing = true
    this.process.schedule(this.process.random.between(0, 0.05), 'net flush', () => this.#flush())
  }

  #flush(): void {
    this.#isFlushing = false
    if (this.#isOver) return
    if (this.#out.flush(this.#hearsPeer())) {
      // Bytes sent to an end that is gone are answered by a reset.
      if (this.#peer.#isOver) this.resetAfter(2 * this.#link.latencyMs(), 'the peer is gone')
      this.#peer.wake()
    }
    if (this.#out.pendingBytes > 0 || !this.#out.isCongested) return
    this.#out.isCongested = false
    if (!this.#isClosing) this.#handler?.drained()
  }

  #hearReset(): void {
    if (this.#resetMessage === undefined || !this.#hearsPeer()) return
    this.end(new IoError('unreachable', this.remote, this.#resetMessage))
  }

  #scheduleDelivery(delayMs: number): void {
    if (this.#isDelivering || this.#isOver) return
    this.#isDelivering = true
    this.process.schedule(delayMs, 'net deliver', () => this.#deliver())
  }

  #deliver(): void {
    this.#isDelivering = false
    if (this.#isOver || !this.#canRead()) return
    if (this.#in.underWayBytes > 0) {
      const chunk = this.#in.take()
      if (!this.#isClosing) this.#handler?.received(chunk)
      // The bytes were lent for the call only; what was kept of them without a copy is now visibly wrong.
      chunk.fill(poison)
      this.#peer.#scheduleFlush()
    }
    if (this.#in.underWayBytes > 0) this.#scheduleDelivery(this.process.random.between(0, 0.05))
    else if (this.#in.isFinished && this.#in.isDelivered) this.#hearEnd()
  }

  /**
   * The peer closed in order and we have everything: our side ends too, as TCP does that is not half-open.
   */
  #hearEnd(): void {
    this.end(undefined)
    this.#peer.process.schedule(this.#link.latencyMs(), 'net end', () => this.#peer.end(undefined))
  }

  #canRead(): boolean {
    if (!this.#hearsPeer() || this.#link.isStalled(this.process.name)) return false
    return this.#isClosing || (this.#handler !== undefined && !this.#isPaused)
  }

  #hearsPeer(): boolean {
    return !this.#isVanished && this.#link.isOpen(this.#peer.process.name, this.process.name)
  }

  #startLinger(): void {
    const deliveredBefore = this.#out.deliveredBytes
    this.process.schedule(lingerMs, 'net linger', () => {
      if (this.#isOver) return
      if (this.#out.deliveredBytes > deliveredBefore) this.#startLinger()
      else
        this.destroy(new IoError('unreachable', this.remote, `${this.remote} did not finish closing in time`))
    })
  }
}
