// The native protocol's server: accepts connections up to a bound, watches over all of them with one timer,
// and ends them in order when the broker stops. In-process connections are served by the same code.

import type { ByteConnection } from '@sluice/protocol/bytes/byte-connection'
import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { CallMethod } from '@sluice/protocol/native/calls'
import { opcodes, writeErrorFrame } from '@sluice/protocol/native/frame'
import type { Listener } from '../../io/io.ts'
import { connectionPair } from '../../io/memory-connection.ts'
import type { ListenAddress } from '../connections/listen-address.ts'
import { OpenConnections } from '../connections/open-connections.ts'
import { NativeConnection } from './native-connection.ts'
import { checkNativeLimits } from './native-limits.ts'
import type { NativeServices } from './native-session.ts'
import { runCall } from './run-call.ts'

export class NativeListener {
  readonly #services: NativeServices
  readonly #connections: OpenConnections<NativeConnection>
  readonly #listeners: Listener[] = []
  #isStopping = false

  constructor(services: NativeServices) {
    const { limits, io, logger } = services
    checkNativeLimits(limits)
    this.#services = services
    this.#connections = new OpenConnections({
      io,
      logger,
      shortestDeadlineMs: Math.min(limits.handshakeTimeoutMs, limits.stalledPeerMs, limits.keepAliveMsMin),
      stopTimeoutMs: limits.stopTimeoutMs,
    })
  }

  /** Where it listens first of all. */
  get address(): ListenAddress | undefined {
    const [first] = this.#listeners
    return first === undefined ? undefined : { host: first.host, port: first.port }
  }

  get connectionCount(): number {
    return this.#connections.count
  }

  /** Published bytes, and bytes of answers, that are in progress over all connections. */
  get bytesInProgress(): number {
    return this.#services.bounds.budget.bytes
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
    if (this.#connections.count >= connectionsMax) {
      const text = `The broker has ${connectionsMax} connections, which is the limit`
      return turnAway(connection, new BrokerError('too-many-connections', text))
    }
    const served = new NativeConnection(connection, this.#services, this.#ended)
    this.#connections.add(served)
    served.start()
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
    await this.#connections.stop()
  }

  readonly #ended = (connection: NativeConnection): void => {
    this.#connections.remove(connection)
  }
}

function turnAway(connection: ByteConnection, error: BrokerError): void {
  const writer = new ByteWriter()
  writeErrorFrame(writer, opcodes.goodbye, 0, error)
  connection.start({ received: () => {}, drained: () => {}, closed: () => {} })
  connection.write(writer.take())
  connection.close()
}
