// A way to the broker that can be cut, frozen or slowed down: what happens to connections between two
// machines, on one. A frozen connection never thaws: both ends must find out by themselves.

import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

interface Pair {
  readonly client: Socket
  readonly broker: Socket
}

export class Gate {
  readonly #server: Server
  readonly #target: () => string
  readonly #pairs = new Set<Pair>()

  /** `target` says where the broker listens now. */
  constructor(target: () => string) {
    this.#target = target
    this.#server = createServer({ noDelay: true }, (client) => this.#join(client))
  }

  async open(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Resets all connections. */
  cut(): void {
    for (const { client, broker } of this.#pairs) {
      client.resetAndDestroy()
      broker.resetAndDestroy()
    }
  }

  /** From now on nothing passes on the connections that there are, and nobody is told. */
  freeze(): void {
    for (const { client, broker } of this.#pairs) {
      for (const socket of [client, broker]) {
        socket.unpipe()
        // Why read on: the kernel's buffers must not push back, which the sender could notice.
        socket.resume()
      }
    }
  }

  /** Takes nothing more from the broker for a while. */
  slow(forMs: number): void {
    for (const { client, broker } of this.#pairs) {
      broker.unpipe(client)
      broker.pause()
      setTimeout(() => {
        if (!broker.destroyed) broker.pipe(client)
      }, forMs).unref()
    }
  }

  close(): void {
    this.cut()
    this.#server.close()
  }

  #join(client: Socket): void {
    const [host, port] = this.#target().split(':') as [string, string]
    const broker = connect({ host, port: Number(port), noDelay: true })
    const pair = { client, broker }
    this.#pairs.add(pair)
    client.pipe(broker)
    broker.pipe(client)
    const end = (): void => {
      this.#pairs.delete(pair)
      client.destroy()
      broker.destroy()
    }
    for (const socket of [client, broker]) socket.on('error', end).on('close', end)
  }
}
