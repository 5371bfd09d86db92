// The native protocol's server: accepts connections up to a bound, watches over all of them with one timer,
// and ends them in order when the broker stops. In-process connections are served by the same code.

import type { ByteConnection } from '@sluice/protocol/bytes/byte-connection'
import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { CallMethod } from '@sluice/protocol/native/calls'
import { opcodes, writeErrorFrame } from '@sluice/protocol/native/frame'
import type { Listener, Timer } from '../../io/io.ts'
import { connectionPair } from '../../io/memory-connection.ts'
import { ByteBudget } from './byte-budget.ts'
import { runCall } from './handlers/run-call.ts'
import { FrameRoom } from './frame-room.ts'
import { NativeConnection } from './native-connection.ts'
import { checkNativeLimits } from './native-limits.ts'
import type { NativeServices } from './native-session.ts'
import type { SharedBounds } from './request-gate.ts'

export interface ListenAddress {
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  /** Whether other listeners of this process share the port, which then go round. */
  readonly isShared?: boolean
}

/** A connection is looked at this many times within the shortest of its deadlines. */
const ticksPerDeadline = 8
const tickMsMax = 500

export class NativeListener {
  readonly #services: NativeServices
  readonly #bounds: SharedBounds
  readonly #tickMs: number
  readonly #connections = new Set<NativeConnection>()
  readonly #listeners: Listener[] = []
  #timer: Timer | undefined
  /** How long the process was awake between ticks, and when the last one was. */
  #awakeMs = 0
  #tickedMs = 0
  #isStopping = false

  constructor(services: NativeServices) {
    const { limits } = services
    checkNativeLimits(limits)
    this.#services = services
    const { totalBytesInProgressMax, frameBytesMax } = limits
    this.#bounds = {
      budget: new ByteBudget(totalBytesInProgressMax),
      // Why the larger: one frame of the largest size must be able to arrive.
      room: new FrameRoom(Math.max(totalBytesInProgressMax, frameBytesMax)),
    }
    const shortestMs = Math.min(limits.handshakeTimeoutMs, limits.stalledPeerMs, limits.keepAliveMsMin)
    this.#tickMs = Math.min(tickMsMax, Math.max(1, shortestMs / ticksPerDeadline))
  }

  /** Where it listens first of all. */
  get address(): ListenAddress | undefined {
    const [first] = this.#listeners
    return first === undefined ? undefined : { host: first.host, port: first.port }
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  /** Published bytes, and bytes of answers, that are in progress over all connections. */
  get bytesInProgress(): number {
    return this.#bounds.budget.bytes
  }

  /** May be asked for more than one address. Answers with it, and with a port that is not 0. */
  async listen(address: ListenAddress): Promise<ListenAddress> {
    const { network } = this.#services.io
    const listener = await network.listen(address, (connection) => this.serve(connection))
    this.#listeners.push(listener)
    return { host: listener.host, port: listener.port }
  }

  /** Carries out a call that came by another way than a connection. */
  call(method: CallMethod, params: unknown): Promise<unknown> {
    return runCall(this.#services, method, params)
  }

  /** Serves one connection, which it owns from now on. */
  serve(connection: ByteConnection): void {
    if (this.#isStopping)
      return turnAway(connection, new BrokerError('stopping', 'The broker is shutting down'))
    const { connectionsMax } = this.#services.limits
    if (this.#connections.size >= connectionsMax) {
      const text = `The broker has ${connectionsMax} connections, which is the limit`
      return turnAway(connection, new BrokerError('too-many-connections', text))
    }
    const served = new NativeConnection(connection, this.#services, this.#bounds, this.#ended)
    this.#connections.add(served)
    served.start()
    if (this.#timer === undefined) this.#tickLater()
  }

  /** The client's end of a new connection inside this process. Throws `stopping`. */
  connectInProcess(): ByteConnection {
    if (this.#isStopping) throw new BrokerError('stopping', 'The broker is shutting down')
    const { timers } = this.#services.io
    const [ours, theirs] = connectionPair((callback) => timers.soon(callback))
    this.serve(ours)
    return theirs
  }

  /** Stops accepting, answers what is in progress, and closes every connection. */
  async close(): Promise<void> {
    if (this.#isStopping) return
    this.#isStopping = true
    for (const listener of this.#listeners) await listener.close()
    const { io, limits, logger } = this.#services
    const stopped = Promise.all(Array.from(this.#connections, (connection) => connection.stop()))
    await new Promise<void>((resolve) => {
      const deadline = io.timers.after(limits.stopTimeoutMs, () => {
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

  readonly #ended = (connection: NativeConnection): void => {
    this.#connections.delete(connection)
  }

  readonly #tick = (): void => {
    // Why not the clock's time: when this process was stopped for a minute, its peers were not silent
    // for a minute.
    const elapsedMs = this.#services.io.clock.monotonicMs() - this.#tickedMs
    this.#awakeMs += Math.min(elapsedMs, 2 * this.#tickMs)
    for (const connection of this.#connections) connection.tick(this.#awakeMs)
    this.#timer = undefined
    if (this.#connections.size > 0 && !this.#isStopping) this.#tickLater()
  }

  #tickLater(): void {
    const { clock, timers } = this.#services.io
    this.#tickedMs = clock.monotonicMs()
    this.#timer = timers.after(this.#tickMs, this.#tick)
  }
}

function turnAway(connection: ByteConnection, error: BrokerError): void {
  const writer = new ByteWriter()
  writeErrorFrame(writer, opcodes.goodbye, 0, error)
  connection.start({ received: () => {}, drained: () => {}, closed: () => {} })
  connection.write(writer.take())
  connection.close()
}
