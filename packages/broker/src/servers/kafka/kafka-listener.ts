// The Kafka door: accepts connections up to a bound, watches over them, and ends them in order when the
// broker stops.

import type { ByteConnection } from '@sluice/protocol/bytes/byte-connection'
import type { Listener } from '../../io/io.ts'
import type { ListenAddress } from '../connections/listen-address.ts'
import { OpenConnections } from '../connections/open-connections.ts'
import { HandlerTable } from './handler-row.ts'
import type { HandlerRow } from './handler-row.ts'
import { KafkaConnection } from './kafka-connection.ts'
import type { KafkaDoor } from './kafka-connection.ts'
import { kafkaHandlers } from './kafka-handlers.ts'
import type { KafkaServices } from './kafka-session.ts'

export class KafkaListener {
  readonly #door: KafkaDoor
  readonly #connections: OpenConnections<KafkaConnection>
  readonly #listeners: Listener[] = []
  #isStopping = false

  constructor(services: KafkaServices, rows: readonly HandlerRow[] = kafkaHandlers) {
    const { io, logger, limits } = services
    const { stalledPeerMs, kafkaIdleMs, stopTimeoutMs } = limits
    this.#door = {
      services,
      table: new HandlerTable(rows),
      ended: (connection) => this.#connections.remove(connection),
    }
    this.#connections = new OpenConnections({
      io,
      logger,
      shortestDeadlineMs: Math.min(stalledPeerMs, kafkaIdleMs === 0 ? Infinity : kafkaIdleMs),
      stopTimeoutMs,
    })
  }

  get connectionCount(): number {
    return this.#connections.count
  }

  /**
   * Answers with the address, and with a port that is not 0. `listener` tells clients that came by different
   * ways apart: they are told different addresses.
   */
  async listen(address: ListenAddress, listener: number): Promise<ListenAddress> {
    const { network } = this.#door.services.io
    const opened = await network.listen(address, (connection) => this.#serve(connection, listener))
    this.#listeners.push(opened)
    return { host: opened.host, port: opened.port }
  }

  /** Stops accepting, answers what is in progress, and closes every connection. */
  async close(): Promise<void> {
    if (this.#isStopping) return
    this.#isStopping = true
    for (const listener of this.#listeners) await listener.close()
    await this.#connections.stop()
  }

  #serve(connection: ByteConnection, listener: number): void {
    const { limits, givenUp } = this.#door.services
    const isFull = this.#connections.count >= limits.connectionsMax
    if (isFull || this.#isStopping) {
      // Why told here only: Kafka's protocol has no last words.
      givenUp.tell({ peer: connection.remote, code: isFull ? 'too-many-connections' : 'stopping' })
      connection.start({ received: () => {}, drained: () => {}, closed: () => {} })
      return connection.close()
    }
    const served = new KafkaConnection(connection, listener, this.#door)
    this.#connections.add(served)
    served.start()
  }
}
