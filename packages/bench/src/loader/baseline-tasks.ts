// What the machine itself gives, beside which the brokers are judged: a byte over TCP and back between two
// processes of Node, and a small write that is synced to the disk.

import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { runClosedLoop } from '../measure/closed-loop.ts'
import type { LatencySummary } from '../measure/latency.ts'
import { payloadOf } from './load-messages.ts'

const writeBytes = 4096
const warmUpMs = 300

/** Serves until the process ends. */
export async function echoServer(): Promise<{ port: number }> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('data', (chunk) => socket.write(chunk))
    socket.on('error', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  return { port: (server.address() as AddressInfo).port }
}

export async function echo(params: {
  payloadBytes: number
  durationMs: number
  port: number
}): Promise<LatencySummary> {
  const socket = connect({ host: '127.0.0.1', port: params.port, noDelay: true })
  await once(socket, 'connect')
  const payload = payloadOf(params.payloadBytes)
  let missing = 0
  let answered: () => void = () => {}
  socket.on('data', (chunk) => {
    missing -= chunk.length
    if (missing === 0) answered()
  })
  const request = (): Promise<void> =>
    new Promise((resolve) => {
      answered = resolve
      missing = payload.length
      socket.write(payload)
    })
  const { latency } = await runClosedLoop({ lanes: 1, warmUpMs, durationMs: params.durationMs, request })
  socket.destroy()
  return latency
}

/** Appends: the file grows, as a log does. */
export async function sync(params: { folder: string; durationMs: number }): Promise<LatencySummary> {
  const file = await open(join(params.folder, 'raw'), 'w')
  const payload = payloadOf(writeBytes)
  const request = async (index: number): Promise<void> => {
    await file.write(payload, 0, writeBytes, index * writeBytes)
    await file.datasync()
  }
  const { latency } = await runClosedLoop({ lanes: 1, warmUpMs, durationMs: params.durationMs, request })
  await file.close()
  return latency
}

/** In this process, which has not loaded the broker before. */
export async function embeddedStart(params: {
  folder: string
}): Promise<{ importMs: number; startMs: number }> {
  const beforeMs = performance.now()
  const { Broker } = await import('sluice')
  const importedMs = performance.now()
  const broker = await Broker.start({ dataDir: params.folder })
  const startedMs = performance.now()
  await broker.close()
  return { importMs: importedMs - beforeMs, startMs: startedMs - importedMs }
}
