// TCP of the operating system.

import net from 'node:net'
import type { Server, Socket } from 'node:net'
import { socketOptions, TcpConnection } from '@sluice/client/transport/tcp-connection'
import type { ByteConnection } from '@sluice/protocol/bytes/byte-connection'
import type { Logger } from '../base/logger.ts'
import { toIoError } from './errno.ts'
import { IoError } from './io.ts'
import type { Listener, Network } from './io.ts'

const connectTimeoutMs = 10_000
/** The kernel probes a silent peer after this long, so that a vanished one is noticed in the end. */
const keepAliveDelayMs = 30_000
/** Connections that the kernel holds for us until we accept them; it may bound this lower. */
const backlog = 4096

interface Address {
  readonly host: string
  readonly port: number
  readonly isShared?: boolean
}

export function realNetwork(logger: Logger): Network {
  return {
    listen: (address, accept) => listen(address, accept, logger),
    connect,
  }
}

function listen(
  address: Address,
  accept: (connection: ByteConnection) => void,
  logger: Logger,
): Promise<Listener> {
  const options = { ...socketOptions, keepAliveInitialDelay: keepAliveDelayMs, pauseOnConnect: true }
  const server = net.createServer(options, (socket) => accept(new TcpConnection(socket, toIoError)))
  return new Promise((resolve, reject) => {
    const refused = (error: Error): void => reject(toIoError(error, `${address.host}:${address.port}`))
    server.once('error', refused)
    const { host, port, isShared = false } = address
    server.listen({ host, port, backlog, reusePort: isShared }, () => {
      server.off('error', refused)
      // Why not fatal: out of descriptors, say, is about this one connection; those that are open go on.
      server.on('error', (error) => logger.warn({ error, ...address }, 'could not accept a connection'))
      resolve(new RealListener(server, address.host))
    })
  })
}

class RealListener implements Listener {
  readonly host: string
  readonly port: number
  readonly #server: Server

  constructor(server: Server, host: string) {
    const bound = server.address()
    this.host = host
    this.port = typeof bound === 'object' && bound !== null ? bound.port : 0
    this.#server = server
  }

  close(): Promise<void> {
    // Why not wait for the server's callback: it comes only after the last connection. The port is
    // free at once.
    this.#server.close()
    return new Promise((resolve) => setImmediate(resolve))
  }
}

function connect(address: Address): Promise<ByteConnection> {
  const remote = `${address.host}:${address.port}`
  return new Promise((resolve, reject) => {
    const socket: Socket = net.connect({
      ...socketOptions,
      keepAliveInitialDelay: keepAliveDelayMs,
      host: address.host,
      port: address.port,
    })
    const timeout = setTimeout(() => {
      socket.destroy(
        new IoError('unreachable', remote, `no answer from ${remote} within ${connectTimeoutMs} ms`),
      )
    }, connectTimeoutMs)
    const refused = (error: Error): void => {
      clearTimeout(timeout)
      reject(toIoError(error, remote))
    }
    socket.once('error', refused)
    socket.once('connect', () => {
      clearTimeout(timeout)
      socket.off('error', refused)
      resolve(new TcpConnection(socket, toIoError))
    })
  })
}
