// Requests that arrive slowly, or never whole, over real sockets.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { opcodes } from '@sluice/protocol/native/frame'
import { readFrom, writeRead } from '@sluice/protocol/native/publish-messages'
import { Broker } from '../../broker.ts'
import { callBody, frameOf, RawPeer } from './raw-peer.contract.ts'

const mib = 1024 * 1024

async function brokerWith(t: TestContext, stalledPeerMs: number): Promise<number> {
  const broker = await Broker.start({
    memory: true,
    listen: { port: 0 },
    limits: {
      frameBytesMax: 2 * mib,
      kafkaFrameBytesMax: 2 * mib,
      bytesInProgressMax: 2 * mib,
      totalBytesInProgressMax: 2 * mib,
      stalledPeerMs,
    },
  })
  t.after(() => broker.close())
  return broker.address!.port
}

/** A request that is answered, however wrong it is. */
function request(size: number): Uint8Array {
  return frameOf(opcodes.call, 77, (writer) => writer.raw(new Uint8Array(size).fill(0x20)))
}

test('a frame that never ends is given up, though its bytes go on coming', async (t) => {
  const peer = await RawPeer.greeted(await brokerWith(t, 400))
  const frame = request(1_500_000)
  const halfway = 1_400_000
  peer.send(frame.subarray(0, halfway))
  const goodbye = peer.goodbye()
  for (let at = halfway; !peer.isClosed && at < halfway + 100; at++) {
    peer.send(frame.subarray(at, at + 1))
    await sleep(50)
  }
  const { error } = await goodbye
  assert.equal(error?.code, 'frame-timeout')
  assert.match(error.message, /^raw at 127\.0\.0\.1:\d+: frame timeout\. Send frames whole/)
})

test('who gets no room for a frame is told so; small requests go on meanwhile', async (t) => {
  const port = await brokerWith(t, 400)
  const peers = [await RawPeer.greeted(port), await RawPeer.greeted(port), await RawPeer.greeted(port)]
  // The second fills the room, but for what the first and the third brought with one read.
  for (const [at, sentBytes] of [60_000, 2 * mib - 2000, 60_000].entries()) {
    peers[at]!.send(request(2 * mib - 100).subarray(0, sentBytes))
    await sleep(120)
  }
  const other = await RawPeer.greeted(port)
  await other.call('broker.info', {})
  const [first, second, third] = await Promise.all(peers.map((peer) => peer.goodbye()))
  assert.equal(first!.error?.code, 'frame-timeout')
  assert.equal(second!.error?.code, 'frame-timeout', 'it had got the room of the first')
  assert.equal(third!.error?.code, 'too-many-requests')
  other.destroy()
})

test('more reads than there is memory for do not wait, and those that do keep nobody out', async (t) => {
  const port = await brokerWith(t, 30_000)
  const peers = await Promise.all(Array.from({ length: 3 }, () => RawPeer.greeted(port)))
  const [one, two, last] = peers as [RawPeer, RawPeer, RawPeer]
  await one.call('streams.create', { name: 'S', config: {} })
  const tail = { stream: 'S', partition: 0, from: readFrom.next, value: 0, bytesMax: 0 }
  const read = (correlation: number, waitMs: number): Uint8Array =>
    frameOf(opcodes.read, correlation, (writer) => writeRead(writer, { ...tail, waitMs }))
  for (const peer of [one, two]) {
    for (let number = 1; number <= 1000; number++) peer.send(read(5000 + number, 60_000))
    await peer.call('broker.info', {})
  }
  for (let number = 1; number <= 100; number++) last.send(read(5000 + number, 60_000))
  await last.call('broker.info', {})
  // Of the 2048 for which there is room.
  for (let number = 49; number <= 100; number++)
    assert.equal((await last.answer(5000 + number)).error?.code, 'too-many-requests')
  one.destroy()
  await sleep(50)
  last.send(read(6000, 1))
  assert.equal((await last.answer(6000)).error, undefined)
  for (const peer of [two, last]) peer.destroy()
})

test('more large requests at once than there is room for are all answered', async (t) => {
  const port = await brokerWith(t, 30_000)
  const peers = await Promise.all(Array.from({ length: 20 }, () => RawPeer.greeted(port)))
  const large = request(1_500_000)
  for (const peer of peers) peer.send(large.subarray(0, 100_000))
  for (const peer of peers) peer.send(large.subarray(100_000))
  for (const peer of peers) assert.equal((await peer.answer(77)).error?.code, 'invalid-request')
  const [peer] = peers
  assert.equal((await peer!.ask(opcodes.call, callBody('broker.info', {}))).error, undefined)
  for (const each of peers) each.destroy()
})
