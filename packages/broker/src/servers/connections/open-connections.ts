// The connections that a door serves: looked at by one timer for all of them, and ended together.

import type { Logger } from '../../base/logger.ts'
import type { Clock, Timer, Timers } from '../../io/io.ts'

export interface ServedConnection {
  /** Called a few times a second, with the time that this process has been awake. */
  tick(awakeMs: number): void
  /** Answers what is in progress and closes. */
  stop(): Promise<void>
}

export interface ConnectionWatch {
  readonly io: { readonly clock: Clock; readonly timers: Timers }
  readonly logger: Logger
  /** A connection is looked at several times within it. */
  readonly shortestDeadlineMs: number
  /** How long stopping waits for requests in progress. */
  readonly stopTimeoutMs: number
}

/** A connection is looked at this many times within the shortest of its deadlines. */
const ticksPerDeadline = 8
const tickMsMax = 500

export class OpenConnections<Connection extends ServedConnection> {
  readonly #watch: ConnectionWatch
  readonly #tickMs: number
  readonly #connections = new Set<Connection>()
  #timer: Timer | undefined
  /** How long the process was awake between ticks, and when the last one was. */
  #awakeMs = 0
  #tickedMs = 0
  #isStopping = false

  constructor(watch: ConnectionWatch) {
    this.#watch = watch
    this.#tickMs = Math.min(tickMsMax, Math.max(1, watch.shortestDeadlineMs / ticksPerDeadline))
  }

  get count(): number {
    return this.#connections.size
  }

  add(connection: Connection): void {
    this.#connections.add(connection)
    if (this.#timer === undefined) this.#tickLater()
  }

  remove(connection: Connection): void {
    this.#connections.delete(connection)
  }

  /** Resolves when all are closed, or have had their time. Nothing may be added any more. */
  async stop(): Promise<void> {
    this.#isStopping = true
    const { io, stopTimeoutMs, logger } = this.#watch
    const stopped = Promise.all(Array.from(this.#connections, (connection) => connection.stop()))
    await new Promise<void>((resolve) => {
      const deadline = io.timers.after(stopTimeoutMs, () => {
        logger.warn({ connections: this.#connections.size }, 'stopping without the answers to some requests')
        resolve()
      })
      void stopped.then(() => {
        deadline.cancel()
        resolve()
      })
    })
    this.#timer?.cancel()
  }

  readonly #tick = (): void => {
    // Why not the clock's time: when this process was stopped for a minute, its peers were not silent
    // for a minute.
    const elapsedMs = this.#watch.io.clock.monotonicMs() - this.#tickedMs
    this.#awakeMs += Math.min(elapsedMs, 2 * this.#tickMs)
    for (const connection of this.#connections) connection.tick(this.#awakeMs)
    this.#timer = undefined
    if (this.#connections.size > 0 && !this.#isStopping) this.#tickLater()
  }

  #tickLater(): void {
    const { clock, timers } = this.#watch.io
    this.#tickedMs = clock.monotonicMs()
    this.#timer = timers.after(this.#tickMs, this.#tick)
  }
}
