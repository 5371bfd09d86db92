// A two-way stream of bytes between two peers: what TCP, an in-process pipe and the simulator have in common.
// Only types: the implementations live where I/O is allowed (the broker's io/, the client's transport/).

/**
 * What the owner of a connection wants to hear. Called on the owner's event loop, never re-
 * entrantly from `write`.
 */
export interface ByteConnectionHandler {
  /** Bytes arrived. They are borrowed: copy what outlives the call. */
  received(chunk: Uint8Array): void
  /**
   * Where the next bytes had better go, if anywhere: a connection may put them there, and gives that place
   * to `received`.
   */
  room?(): Uint8Array | undefined
  /** `pendingBytes` fell to zero after having been above the high-water mark. */
  drained(): void
  /**
   * The connection is over, once, whatever the cause; `reason` is absent when the peer closed it in order.
   */
  closed(reason?: Error): void
}

export interface ByteConnection {
  /** The peer, for logs and errors: `127.0.0.1:53211`, `in-process`. */
  readonly remote: string
  /** Bytes accepted by `write` and not yet taken by the operating system (or by the peer, in memory). */
  readonly pendingBytes: number
  /** Bytes taken by the peer's side so far; it grows while the peer reads. */
  readonly flushedBytes: number
  /** Attaches the one handler; nothing is read before. */
  start(handler: ByteConnectionHandler): void
  /**
   * Sends bytes, in order. The connection owns them from now on: the caller must not change them before
   * `taken` is called, which says that nobody looks at them any more. It may be called before `write`
   * returns, and is not called where the connection ends first: the collector gets such bytes.
   * Returns false when more than the high-water mark is pending; the caller stops until `drained`.
   */
  write(bytes: Uint8Array, taken?: () => void): boolean
  /** Stops reading from the peer, so that its writes are held back; `resume` goes on. */
  pause(): void
  resume(): void
  /** Sends what is pending, then closes. */
  close(): void
  /** Closes at once; what is pending is lost. */
  destroy(reason?: Error): void
}
