// Requests that arrive slowly, or never whole, over real sockets.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { opcodes } from '@sluice/protocol/native/frame'
import { Broker } from '../../broker.ts'
import { callBody, frameOf, RawPeer } from './raw-peer.contract.ts'

const mib = 1024 * 1024

async function brokerWith(t: TestContext, stalledPeerMs: number): Promise<number> {
  const broker = await Broker.start({
    memory: true,
    listen: { port: 0 },
    limits: {
      frameBytesMax: 2 * mib,
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
  const large = request(1_500_000)
  const peers = [await RawPeer.greeted(port), await RawPeer.greeted(port), await RawPeer.greeted(port)]
  for (const peer of peers) {
    peer.send(large.subarray(0, 1000))
    await sleep(10)
  }
  const other = await RawPeer.greeted(port)
  await other.call('broker.info', {})
  const [first, second, third] = await Promise.all(peers.map((peer) => peer.goodbye()))
  assert.equal(first!.error?.code, 'frame-timeout')
  assert.equal(second!.error?.code, 'frame-timeout', 'it had got the room of the first')
  assert.equal(third!.error?.code, 'too-many-requests')
  other.destroy()
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
