// The platform of a client in a Node process: TCP, the machine's clock and timers.

import { connect as connectSocket } from 'node:net'
import type { ByteConnection } from '@sluice/protocol/bytes/byte-connection'
import type { ClientPlatform, PlatformTimer } from './platform.ts'
import { socketOptions, TcpConnection } from './tcp-connection.ts'

/** The longest delay that setTimeout takes; it fires at once on a longer one. */
const timeoutMsMax = 2 ** 31 - 1

/** Taken from a socket at a time at the most. */
const receiveBytes = 64 * 1024

export const nodePlatform: ClientPlatform = {
  connect: openTcp,
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: startTimer,
  randomU32: () => Math.floor(Math.random() * 0x1_0000_0000),
}

function openTcp(host: string, port: number): Promise<ByteConnection> {
  return new Promise((resolve, reject) => {
    let connection: TcpConnection | undefined
    // Why: what arrives is lent for the call anyway, so one buffer serves for all that is not large.
    const shared = Buffer.allocUnsafeSlow(receiveBytes)
    const onread = {
      buffer: (): Uint8Array => connection?.room() ?? shared,
      callback: (size: number, buffer: Uint8Array): boolean => {
        connection!.received(buffer.subarray(0, size))
        return true
      },
    }
    const socket = connectSocket({ host, port, ...socketOptions, onread })
    socket.pause()
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      connection = new TcpConnection(socket)
      resolve(connection)
    })
  })
}

/** Keeps the process alive: a client that is reconnecting must not let it end in silence. */
function startTimer(ms: number, callback: () => void): PlatformTimer {
  const timeout = setTimeout(callback, Math.min(Math.ceil(ms), timeoutMsMax))
  return { cancel: () => clearTimeout(timeout) }
}
