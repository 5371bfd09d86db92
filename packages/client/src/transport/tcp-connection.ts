// One TCP connection as a `ByteConnection`, for both sides: the broker's io/ wraps the sockets that it
// accepts in it too.

import type { Socket } from 'node:net'
import type { ByteConnection, ByteConnectionHandler } from '@sluice/protocol/bytes/byte-connection'

/** How many bytes may wait in this process before `write` says stop. */
const highWaterMark = 64 * 1024
/** What sockets are made with. Why plus one: Node says "full" at the mark, a ByteConnection above it. */
export const socketOptions = { noDelay: true, keepAlive: true, highWaterMark: highWaterMark + 1 }

/** How long after `close` the peer may make no progress before the connection is destroyed. */
const lingerMs = 5_000

/**
 * Writes of one turn of the event loop leave in one system call: the socket is corked by the first and
 * uncorked at the end of the turn. Several small frames in a row cost about a fifth of what they cost
 * one by one.
 */
export class TcpConnection implements ByteConnection {
  readonly remote: string
  readonly #socket: Socket
  #handler: ByteConnectionHandler | undefined
  #acceptedBytes = 0
  #corked = false
  #congested = false
  #closing = false
  #over = false
  #reason: Error | undefined
  #linger: NodeJS.Timeout | undefined

  /**
   * The socket is not yet read from, and was made with `socketOptions`. `toError` says what a
   * failure is called.
   */
  constructor(socket: Socket, toError: (error: Error, remote: string) => Error = (error) => error) {
    this.#socket = socket
    this.remote = addressOf(socket)
    socket.on('drain', () => this.#drained())
    socket.on('end', () => this.#startLinger())
    socket.on('error', (error) => {
      this.#reason ??= toError(error, this.remote)
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
    if (this.#over) {
      process.nextTick(() => handler.closed(this.#reason))
      return
    }
    this.#socket.on('data', (chunk: Uint8Array) => this.received(chunk))
    this.#socket.resume()
  }

  /** Where whoever made the socket had better read to. */
  room(): Uint8Array | undefined {
    return this.#closing ? undefined : this.#handler?.room?.()
  }

  /** Called by whoever made the socket, where it reads into buffers of its own. */
  received(chunk: Uint8Array): void {
    if (!this.#closing) this.#handler?.received(chunk)
  }

  write(bytes: Uint8Array, taken?: () => void): boolean {
    if (this.#closing || !this.#socket.writable) return false
    if (!this.#corked) {
      this.#corked = true
      this.#socket.cork()
      process.nextTick(this.#uncork)
    }
    this.#acceptedBytes += bytes.length
    // Why not for an error: what was on its way when the socket broke may still be looked at.
    this.#socket.write(bytes, taken && ((error) => (error ? undefined : taken())))
    const isFull = this.#socket.writableLength > highWaterMark
    if (isFull) this.#congested = true
    return !isFull
  }

  pause(): void {
    if (!this.#closing) this.#socket.pause()
  }

  resume(): void {
    if (this.#handler !== undefined) this.#socket.resume()
  }

  close(): void {
    if (this.#closing) return
    this.#closing = true
    this.#socket.end()
    // Why: what still arrives must be read and dropped, else the end of the peer is never seen, and closing
    // over unread bytes makes the kernel reset the connection and the peer lose our last words.
    this.#socket.resume()
    this.#startLinger()
  }

  destroy(reason?: Error): void {
    this.#closing = true
    this.#reason ??= reason
    this.#socket.destroy()
  }

  readonly #uncork = (): void => {
    this.#corked = false
    this.#socket.uncork()
  }

  #drained(): void {
    if (!this.#congested) return
    this.#congested = false
    if (!this.#closing) this.#handler?.drained()
  }

  #startLinger(): void {
    if (this.#linger !== undefined || this.#over) return
    let pendingBefore = this.pendingBytes
    this.#linger = setInterval(() => {
      if (this.pendingBytes < pendingBefore) pendingBefore = this.pendingBytes
      else this.destroy(new Error(`${this.remote} did not finish closing in time`))
    }, lingerMs).unref()
  }

  #ended(): void {
    this.#over = true
    clearInterval(this.#linger)
    this.#handler?.closed(this.#reason)
  }
}

function addressOf(socket: Socket): string {
  const { remoteAddress, remotePort } = socket
  if (remoteAddress === undefined) return 'disconnected'
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`
}
