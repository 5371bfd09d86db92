// One TCP connection of a client as a `ByteConnection`.

import type { Socket } from 'node:net'
import type { ByteConnection, ByteConnectionHandler } from '@sluice/protocol/bytes/byte-connection'

/** How long after `close` the broker may take to close its side. */
const lingerMs = 2_000

/** Writes of one turn of the event loop leave in one system call. */
export class TcpConnection implements ByteConnection {
  readonly remote: string
  readonly #socket: Socket
  #handler: ByteConnectionHandler | undefined
  #acceptedBytes = 0
  #isCorked = false
  #isCongested = false
  #isClosing = false
  #isOver = false
  #reason: Error | undefined
  #linger: NodeJS.Timeout | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    this.remote = `${socket.remoteAddress ?? 'disconnected'}:${socket.remotePort ?? 0}`
    socket.on('drain', () => this.#drained())
    socket.on('error', (error) => {
      this.#reason ??= error
    })
    socket.on('close', () => this.#ended())
  }

  get pendingBytes(): number {
    return this.#socket.writableLength
  }

  get flushedBytes(): number {
    return this.#acceptedBytes - this.#socket.writableLength
  }

  start(handler: ByteConnectionHandler): void {
    this.#handler = handler
    if (this.#isOver) {
      process.nextTick(() => handler.closed(this.#reason))
      return
    }
    this.#socket.on('data', (chunk: Uint8Array) => {
      if (!this.#isClosing) handler.received(chunk)
    })
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isClosing || !this.#socket.writable) return false
    if (!this.#isCorked) {
      this.#isCorked = true
      this.#socket.cork()
      process.nextTick(this.#uncork)
    }
    this.#acceptedBytes += bytes.length
    this.#isCongested = !this.#socket.write(bytes)
    return !this.#isCongested
  }

  pause(): void {
    if (!this.#isClosing) this.#socket.pause()
  }

  resume(): void {
    if (this.#handler !== undefined) this.#socket.resume()
  }

  close(): void {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#socket.end()
    // Why: closing over unread bytes makes the kernel reset the connection, and the broker may lose our last
    // words.
    this.#socket.resume()
    this.#linger = setTimeout(() => this.#socket.destroy(), lingerMs)
  }

  destroy(reason?: Error): void {
    this.#isClosing = true
    this.#reason ??= reason
    this.#socket.destroy()
  }

  readonly #uncork = (): void => {
    this.#isCorked = false
    this.#socket.uncork()
  }

  #drained(): void {
    if (!this.#isCongested) return
    this.#isCongested = false
    if (!this.#isClosing) this.#handler?.drained()
  }

  #ended(): void {
    this.#isOver = true
    clearTimeout(this.#linger)
    this.#handler?.closed(this.#reason)
  }
}
