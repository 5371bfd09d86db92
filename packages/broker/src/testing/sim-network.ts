// The network of a simulated world: who listens where, which links are cut, how long packets take.

import type { ByteConnection } from '@sluice/protocol/bytes/byte-connection'
import { IoError } from '../io/io.ts'
import type { Listener, Network } from '../io/io.ts'
import type { LatencyRange } from './sim-disk.ts'
import type { SimProcess } from './sim-io-process.ts'
import { SimConnection } from './sim-network-connection.ts'
import type { SimLink } from './sim-network-connection.ts'
import { SimPipe } from './sim-network-pipe.ts'
import type { Chunking } from './sim-network-pipe.ts'
import type { SimRandom } from './sim-random.ts'

const connectTimeoutMs = 10_000
const connectRetryMs = 1_000
/** How long peers of a machine without power believe in it. */
const silenceMs: LatencyRange = [5_000, 60_000]

type Accept = (connection: ByteConnection) => void

interface Address {
  readonly host: string
  readonly port: number
}

interface SimListener {
  readonly process: SimProcess
  readonly accept: Accept
}

/**
 * A host's name is its address: clients connect to `{ host: 'a', port }`, and `localhost` is the own host. A
 * listener is reachable under its host's name whatever address it bound.
 */
export class SimNetwork {
  latencyMs: LatencyRange = [0.05, 2]
  /** For connections made from now on. */
  chunking: Chunking = 'seeded'
  readonly #random: SimRandom
  readonly #listeners = new Map<string, SimListener>()
  readonly #ends = new Set<SimConnection>()
  readonly #cuts = new Set<string>()
  readonly #stalled = new Set<string>()
  readonly #link: SimLink
  #nextPort = 20_000

  constructor(random: SimRandom) {
    this.#random = random
    this.#link = {
      isOpen: (from, to) => !this.#cuts.has(`${from} ${to}`),
      isStalled: (host) => this.#stalled.has(host),
      latencyMs: () => random.between(this.latencyMs[0], this.latencyMs[1]),
      forget: (end) => this.#ends.delete(end),
    }
  }

  /** Packets from one host no longer reach the other; they wait (TCP repeats them) until `heal`. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from} ${to}`)
  }

  /** Cuts every link between the two sides, both ways. */
  partition(side: readonly string[], otherSide: readonly string[]): void {
    for (const one of side) {
      for (const other of otherSide) {
        this.cut(one, other)
        this.cut(other, one)
      }
    }
  }

  heal(from: string, to: string): void {
    this.#cuts.delete(`${from} ${to}`)
    this.#wakeAll()
  }

  healAll(): void {
    this.#cuts.clear()
    this.#wakeAll()
  }

  /** The host's programs run, but read nothing from any connection until `unstall`. */
  stall(host: string): void {
    this.#stalled.add(host)
  }

  unstall(host: string): void {
    this.#stalled.delete(host)
    this.#wakeAll()
  }

  /** Breaks every connection of the host (with the other host, if named); both ends hear of it. */
  reset(host: string, otherHost?: string): void {
    for (const end of this.#endsOf(host, otherHost)) {
      end.resetAfter(this.#link.latencyMs(), 'simulated: connection reset')
      end.peer.resetAfter(this.#link.latencyMs(), 'simulated: connection reset')
    }
  }

  /** The host's connections fall silent: half-open, both ends believe in them. New connections are fine. */
  vanish(host: string, otherHost?: string): void {
    for (const end of this.#endsOf(host, otherHost)) end.vanish()
  }

  /** How many ends of connections are open, of one host or of all. */
  openEnds(host?: string): number {
    return host === undefined ? this.#ends.size : this.#endsOf(host).length
  }

  /** The network as one process has it. */
  of(process: SimProcess): Network {
    return {
      listen: (address, accept) => {
        const delayMs = this.#link.latencyMs()
        return process.later(delayMs, 'net listen', () => this.#listen(process, address, accept))
      },
      connect: (address) => this.#connect(process, address),
    }
  }

  /** The system of a killed process resets its connections; a machine without power tells nobody. */
  processDied(process: SimProcess, isPowerLost: boolean): void {
    for (const [key, listener] of this.#listeners)
      if (listener.process === process) this.#listeners.delete(key)
    for (const end of Array.from(this.#ends)) {
      if (end.process !== process) continue
      this.#ends.delete(end)
      const delayMs = isPowerLost ? this.#random.between(...silenceMs) : this.#link.latencyMs()
      end.peer.resetAfter(delayMs, isPowerLost ? 'the peer is gone' : 'the peer was killed')
    }
  }

  #listen(process: SimProcess, address: Address, accept: Accept): Listener {
    const port = address.port === 0 ? this.#freePort(process.name) : address.port
    const key = `${process.name}:${port}`
    if (this.#listeners.has(key)) throw new IoError('in-use', key, `${key} is in use`)
    const listener = { process, accept }
    this.#listeners.set(key, listener)
    return {
      host: address.host,
      port,
      close: () =>
        process.later(0, 'net listen end', () => {
          if (this.#listeners.get(key) === listener) this.#listeners.delete(key)
        }),
    }
  }

  #freePort(host: string): number {
    do this.#nextPort += 1
    while (this.#listeners.has(`${host}:${this.#nextPort}`))
    return this.#nextPort
  }

  #connect(process: SimProcess, address: Address): Promise<ByteConnection> {
    const host = isLoopback(address.host) ? process.name : address.host
    const key = `${host}:${address.port}`
    const startedAtMs = process.nowMs
    return new Promise((resolve, reject) => {
      const attempt = (): void => {
        if (this.#link.isOpen(process.name, host) && this.#link.isOpen(host, process.name)) {
          const listener = this.#listeners.get(key)
          if (listener === undefined) reject(new IoError('unreachable', key, `${key} refused the connection`))
          else resolve(this.#establish(process, listener, key))
        } else if (process.nowMs - startedAtMs >= connectTimeoutMs) {
          reject(new IoError('unreachable', key, `no answer from ${key} within ${connectTimeoutMs} ms`))
        } else process.schedule(connectRetryMs, 'net connect', attempt)
      }
      process.schedule(2 * this.#link.latencyMs(), 'net connect', attempt)
    })
  }

  #establish(process: SimProcess, listener: SimListener, key: string): SimConnection {
    const there = new SimPipe(this.#random, this.chunking)
    const back = new SimPipe(this.#random, this.chunking)
    const port = this.#freePort(process.name)
    const client = new SimConnection(process, this.#link, key, { in: back, out: there })
    const server = new SimConnection(listener.process, this.#link, `${process.name}:${port}`, {
      in: there,
      out: back,
    })
    client.attach(server)
    server.attach(client)
    this.#ends.add(client)
    this.#ends.add(server)
    listener.process.schedule(this.#link.latencyMs(), 'net accept', () => listener.accept(server))
    return client
  }

  #endsOf(host: string, otherHost?: string): SimConnection[] {
    return Array.from(this.#ends).filter((end) => {
      return end.process.name === host && (otherHost === undefined || end.peer.process.name === otherHost)
    })
  }

  #wakeAll(): void {
    for (const end of this.#ends) end.wake()
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '127.0.0.1' || host === '::1'
}
