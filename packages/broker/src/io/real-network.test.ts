// TCP on the loopback: the common contract of connections, listening, refusals, and the clock beside it.

import assert from 'node:assert/strict'
import net from 'node:net'
import { test } from 'node:test'
import type { ByteConnection } from '@sluice/protocol/bytes/byte-connection'
import { RecordingHandler, byteConnectionContract } from './byte-connection.contract.ts'
import { rejectsWith } from './file-system.contract.ts'
import { realIo } from './real-io.ts'

const io = realIo()
const loopback = { host: '127.0.0.1', port: 0 }

byteConnectionContract('tcp', async (body) => {
  const { client, server, close } = await connected()
  await body(client, server)
  await close()
})

byteConnectionContract('tcp, from the accepting side', async (body) => {
  const { client, server, close } = await connected()
  await body(server, client)
  await close()
})

async function connected(): Promise<{
  client: ByteConnection
  server: ByteConnection
  close: () => Promise<void>
}> {
  const accepted = Promise.withResolvers<ByteConnection>()
  const listener = await io.network.listen(loopback, accepted.resolve)
  const client = await io.network.connect({ host: listener.host, port: listener.port })
  const server = await accepted.promise
  return { client, server, close: () => listener.close() }
}

test('a port is taken once, and free again after close while connections go on', async () => {
  const accepted = Promise.withResolvers<ByteConnection>()
  const listener = await io.network.listen(loopback, accepted.resolve)
  const address = { host: listener.host, port: listener.port }
  await rejectsWith(
    'in-use',
    io.network.listen(address, () => {}),
  )
  const client = await io.network.connect(address)
  const server = await accepted.promise
  await listener.close()
  await rejectsWith('unreachable', io.network.connect(address))
  const hears = new RecordingHandler()
  server.start(hears)
  client.write(Buffer.from('still open'))
  await hears.until(() => hears.bytes === 10)
  assert.match(server.remote, /^127\.0\.0\.1:\d+$/)
  client.destroy()
  server.destroy()
})

test('a reset by the peer is heard with a reason', async () => {
  const accepted = Promise.withResolvers<ByteConnection>()
  const listener = await io.network.listen(loopback, accepted.resolve)
  const socket = net.connect(listener.port, '127.0.0.1')
  const server = await accepted.promise
  const hears = new RecordingHandler()
  server.start(hears)
  socket.resetAndDestroy()
  await hears.until(() => hears.closedCount > 0)
  assert.ok(hears.reason instanceof Error)
  await listener.close()
})

test('close gives up on a peer that never finishes', { timeout: 30_000 }, async () => {
  const accepted = Promise.withResolvers<ByteConnection>()
  const listener = await io.network.listen(loopback, accepted.resolve)
  const socket = net.connect({ port: listener.port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  const server = await accepted.promise
  const hears = new RecordingHandler()
  server.start(hears)
  server.close()
  await hears.until(() => hears.closedCount > 0)
  assert.ok(hears.reason instanceof Error)
  socket.destroy()
  await listener.close()
})

test('timers never fire early, can be cancelled, and take delays of months', async () => {
  const fired: number[] = []
  const began = io.clock.monotonicMs()
  const timer = io.timers.after(1, () => fired.push(-1))
  timer.cancel()
  timer.cancel()
  const months = io.timers.after(100 * 24 * 3600 * 1000, () => fired.push(-2))
  const waits = Array.from(
    { length: 200 },
    (_, index) =>
      new Promise<void>((resolve) => {
        const delayMs = (index % 20) + 0.9
        io.timers.after(delayMs, () => {
          fired.push(io.clock.monotonicMs() - began - delayMs)
          resolve()
        })
      }),
  )
  await Promise.all([...waits, new Promise((resolve) => setTimeout(resolve, 40))])
  months.cancel()
  assert.equal(fired.length, 200)
  assert.ok(
    fired.every((late) => late >= 0),
    String(Math.min(...fired)),
  )
})

test('random numbers are 32 bits and differ', () => {
  const drawn = new Set(Array.from({ length: 1000 }, () => io.random.u32()))
  assert.ok(drawn.size > 990)
  assert.ok([...drawn].every((value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32))
})
