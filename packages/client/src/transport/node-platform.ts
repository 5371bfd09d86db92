// The platform of a client in a Node process: TCP, the machine's clock and timers.

import { connect as connectSocket } from 'node:net'
import type { ByteConnection } from '@sluice/protocol/bytes/byte-connection'
import type { ClientPlatform, PlatformTimer } from './platform.ts'
import { socketOptions, TcpConnection } from './tcp-connection.ts'

/** The longest delay that setTimeout takes; it fires at once on a longer one. */
const timeoutMsMax = 2 ** 31 - 1

export const nodePlatform: ClientPlatform = {
  connect: openTcp,
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: startTimer,
  randomU32: () => Math.floor(Math.random() * 0x1_0000_0000),
}

function openTcp(host: string, port: number): Promise<ByteConnection> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ host, port, ...socketOptions })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(new TcpConnection(socket))
    })
  })
}

/** Keeps the process alive: a client that is reconnecting must not let it end in silence. */
function startTimer(ms: number, callback: () => void): PlatformTimer {
  const timeout = setTimeout(callback, Math.min(Math.ceil(ms), timeoutMsMax))
  return { cancel: () => clearTimeout(timeout) }
}
