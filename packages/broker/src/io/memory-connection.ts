// A connection inside the process: two ends that hand each other the written bytes without copying.
// What an embedded broker gives to its own client.

import type { ByteConnection, ByteConnectionHandler } from '@sluice/protocol/bytes/byte-connection'
import { IoError } from './io.ts'

/** How many bytes may wait for the other end before `write` says stop. */
const highWaterMark = 256 * 1024

/** Runs a callback later, never at once; in the order given. */
export type Soon = (callback: () => void) => void

/**
 * Two connected ends. Bytes arrive in a later turn that `soon` gives. The default, the microtask queue, is
 * the fastest, but two ends that answer each other without a pause keep timers and sockets waiting: a broker
 * passes its `timers.soon`.
 *
 * `close` finishes when the other end has read everything; there is no time limit, the other end is
 * our own code.
 */
export function connectionPair(soon: Soon = queueMicrotask): [ByteConnection, ByteConnection] {
  const one = new MemoryConnection(soon)
  const other = new MemoryConnection(soon)
  one.attach(other)
  other.attach(one)
  return [one, other]
}

/** Bytes on their way to the other end. */
interface Written {
  readonly bytes: Uint8Array
  readonly taken: (() => void) | undefined
}

class MemoryConnection implements ByteConnection {
  readonly remote = 'in-process'
  readonly #soon: Soon
  #peer!: MemoryConnection
  #handler: ByteConnectionHandler | undefined
  /** Written by the peer, not yet given to our handler. */
  #inbox: Written[] = []
  #isScheduled = false
  #isPaused = false
  #congested = false
  #pendingBytes = 0
  #flushedBytes = 0
  /** We write no more; `closed` comes once the peer has read everything. */
  #closing = false
  /** Nothing more happens here but the one call of `closed`. */
  #over = false
  #reason: Error | undefined

  constructor(soon: Soon) {
    this.#soon = soon
  }

  attach(peer: MemoryConnection): void {
    this.#peer = peer
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  get flushedBytes(): number {
    return this.#flushedBytes
  }

  start(handler: ByteConnectionHandler): void {
    this.#handler = handler
    if (this.#over) this.#soon(() => handler.closed(this.#reason))
    else this.#schedule()
  }

  write(bytes: Uint8Array, taken?: () => void): boolean {
    if (this.#closing || this.#over) return false
    if (bytes.length === 0) return !this.#congested
    this.#pendingBytes += bytes.length
    this.#peer.#inbox.push({ bytes, taken })
    this.#peer.#schedule()
    const isFull = this.#pendingBytes > highWaterMark
    if (isFull) this.#congested = true
    return !isFull
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#schedule()
  }

  close(): void {
    if (this.#closing || this.#over) return
    this.#closing = true
    // What the peer still sends is dropped, so that it, too, can finish.
    this.#schedule()
    this.#peer.#schedule()
  }

  destroy(reason?: Error): void {
    if (this.#over) return
    const peer = this.#peer
    this.#end(reason)
    peer.#end(reason ?? new IoError('unreachable', this.remote, 'the other end destroyed the connection'))
  }

  #schedule(): void {
    if (this.#isScheduled || this.#over) return
    this.#isScheduled = true
    this.#soon(this.#deliver)
  }

  readonly #deliver = (): void => {
    this.#isScheduled = false
    if (this.#over || (this.#handler === undefined && !this.#closing)) return
    const inbox = this.#inbox
    this.#inbox = []
    let index = 0
    while (index < inbox.length && (this.#closing || !this.#isPaused) && !this.#over) {
      const { bytes, taken } = inbox[index]
      index += 1
      if (!this.#closing) this.#handler?.received(bytes)
      taken?.()
      this.#peer.#taken(bytes.length)
    }
    if (index < inbox.length && !this.#over) this.#inbox = inbox.slice(index).concat(this.#inbox)
    if (this.#inbox.length > 0 && (this.#closing || !this.#isPaused)) this.#schedule()
    else if (this.#inbox.length === 0 && this.#peer.#closing && !this.#over) this.#finish()
  }

  /** The peer closed and we have read everything: both ends are over, in order. */
  #finish(): void {
    const peer = this.#peer
    this.#end(undefined)
    peer.#end(undefined)
  }

  #taken(count: number): void {
    this.#pendingBytes -= count
    this.#flushedBytes += count
    if (this.#pendingBytes > 0 || !this.#congested) return
    this.#congested = false
    if (!this.#closing && !this.#over) this.#handler?.drained()
  }

  #end(reason: Error | undefined): void {
    if (this.#over) return
    this.#over = true
    this.#inbox = []
    this.#reason = reason
    const handler = this.#handler
    if (handler !== undefined) this.#soon(() => handler.closed(reason))
  }
}
