// When a connection has to be pinged or given up: decided at each tick from what happened since the last one.
// Pure: knows no clock and no socket. One tick is as exact as it gets, which is enough for keep-alive.

export interface PeerWatchLimits {
  readonly handshakeTimeoutMs: number
  readonly stalledPeerMs: number
}

/** What the connection saw between two ticks. */
export interface PeerSigns {
  readonly hasReceived: boolean
  readonly hasWritten: boolean
  /** We are not reading ourselves, so silence says nothing about the peer. */
  readonly isPaused: boolean
  /** A frame has begun, and nothing came of it: no frame was completed. */
  readonly isUnfinished: boolean
  readonly pendingBytes: number
  readonly flushedBytes: number
}

export type PeerVerdict =
  | 'fine'
  | 'ping'
  | 'handshake-timeout'
  | 'peer-silent'
  | 'peer-stalled'
  | 'frame-timeout'

export class PeerWatchState {
  readonly #limits: PeerWatchLimits
  /** The first tick. Below 0: none yet. */
  #openedMs = -1
  /** 0: none was agreed. */
  #keepAliveMs = 0
  #isOpen = false
  #heardMs = 0
  #wroteMs = 0
  /** When the peer took bytes last, or had none to take. */
  #progressMs = 0
  #flushedBytes = 0
  /** When a frame was completed last, or none had begun, or it was we who did not read. */
  #frameMs = 0

  constructor(limits: PeerWatchLimits) {
    this.#limits = limits
  }

  /** The handshake is done. */
  opened(keepAliveMs: number): void {
    this.#isOpen = true
    this.#keepAliveMs = keepAliveMs
  }

  /** `nowMs` is never below 0 and never goes back. */
  tick(nowMs: number, signs: PeerSigns): PeerVerdict {
    if (this.#openedMs < 0) this.#begin(nowMs)
    if (signs.hasReceived || signs.isPaused) this.#heardMs = nowMs
    if (signs.hasWritten) this.#wroteMs = nowMs
    if (signs.pendingBytes === 0 || signs.flushedBytes !== this.#flushedBytes) this.#progressMs = nowMs
    this.#flushedBytes = signs.flushedBytes
    if (!signs.isUnfinished) this.#frameMs = nowMs
    if (nowMs - this.#progressMs >= this.#limits.stalledPeerMs) return 'peer-stalled'
    if (!this.#isOpen) {
      return nowMs - this.#openedMs >= this.#limits.handshakeTimeoutMs ? 'handshake-timeout' : 'fine'
    }
    if (nowMs - this.#frameMs >= this.#limits.stalledPeerMs) return 'frame-timeout'
    if (this.#keepAliveMs === 0) return 'fine'
    if (nowMs - this.#heardMs >= this.#keepAliveMs) return 'peer-silent'
    // Why not with bytes pending: they tell the peer the same once they arrive.
    return signs.pendingBytes === 0 && nowMs - this.#wroteMs >= this.#keepAliveMs / 3 ? 'ping' : 'fine'
  }

  #begin(nowMs: number): void {
    this.#openedMs = this.#heardMs = this.#wroteMs = this.#progressMs = this.#frameMs = nowMs
  }
}
