// PULL over real sockets: a member that gets what it asks for.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pullCountMax, settleVerbs } from '@sluice/protocol/native/flow-messages'
import { opcodes } from '@sluice/protocol/native/frame'
import { Broker } from '../../broker.ts'
import { deliveriesOf, delivered, publishTo, settleBody, subscribeBody } from './flow-peer.contract.ts'
import { RawPeer } from './raw-peer.contract.ts'
import type { RawFrame } from './raw-peer.contract.ts'

let broker: Broker
let port: number

before(async () => {
  broker = await Broker.start({ memory: true, listen: { port: 0 }, areInvariantsChecked: true })
  port = broker.address!.port
})

after(() => broker.close())

let streamCount = 0

/** A member with a window, on a stream of its own. */
async function pulling(window: number): Promise<{ peer: RawPeer; stream: string }> {
  const peer = await RawPeer.greeted(port)
  const stream = `P${++streamCount}`
  await peer.call('streams.create', { name: stream, config: {} })
  await peer.call('consumers.create', { stream, name: 'c', config: {} })
  await peer.ask(opcodes.subscribe, subscribeBody(stream, window))
  return { peer, stream }
}

function pull(peer: RawPeer, count: number, subscription = 1): Promise<RawFrame> {
  return peer.ask(opcodes.pull, (writer) => {
    writer.u32(subscription)
    writer.u32(count)
  })
}

test('a member without a window gets what it pulls, also what comes later', async () => {
  const { peer, stream } = await pulling(0)
  await publishTo(peer, stream, 3)
  await sleep(30)
  assert.equal(deliveriesOf(peer).length, 0)
  assert.equal((await pull(peer, 5)).error, undefined)
  await delivered(peer, 3)
  await publishTo(peer, stream, 10)
  await delivered(peer, 5)
  await sleep(30)
  assert.deepEqual(
    deliveriesOf(peer).map(({ offset }) => offset),
    [0, 1, 2, 3, 4],
  )
  peer.destroy()
})

test('pulls add up, whatever is held', async () => {
  const { peer, stream } = await pulling(2)
  await publishTo(peer, stream, 20)
  await delivered(peer, 2)
  await pull(peer, 3)
  await pull(peer, 4)
  await delivered(peer, 9)
  await sleep(30)
  assert.equal(deliveriesOf(peer).length, 9)
  await peer.ask(opcodes.settle, settleBody(settleVerbs.ack, deliveriesOf(peer).slice(0, 8)))
  await delivered(peer, 10)
  await sleep(30)
  assert.equal(deliveriesOf(peer).length, 10)
  peer.destroy()
})

test('pulling nothing takes the rest back, and after the answer nothing comes', async () => {
  const { peer, stream } = await pulling(0)
  await publishTo(peer, stream, 2)
  await pull(peer, 10)
  await delivered(peer, 2)
  const { correlation } = await pull(peer, 0)
  await publishTo(peer, stream, 5)
  await sleep(30)
  assert.equal(deliveriesOf(peer).length, 2)
  const answerAt = peer.frames.findIndex((frame) => frame.correlation === correlation)
  assert.ok(peer.frames.findLastIndex(({ opcode }) => opcode === opcodes.deliver) < answerAt)
  await pull(peer, 1)
  await delivered(peer, 3)
  peer.destroy()
})

test('a pull beyond the bound, of nobody, or that is no frame is refused and changes nothing', async () => {
  const { peer, stream } = await pulling(0)
  assert.equal((await pull(peer, pullCountMax + 1)).error?.code, 'invalid-request')
  assert.equal((await pull(peer, pullCountMax)).error, undefined)
  const { error } = await pull(peer, 1)
  assert.equal(error?.code, 'invalid-request')
  assert.match(error.message, new RegExp(`1 records after ${pullCountMax} .* limit is ${pullCountMax}`))
  await pull(peer, 0)
  assert.equal((await pull(peer, 1, 7)).error?.code, 'unknown-subscription')
  const short = await peer.ask(opcodes.pull, (writer) => writer.u32(1))
  assert.ok(short.error !== undefined)
  await publishTo(peer, stream, 1)
  await sleep(30)
  assert.equal(deliveriesOf(peer).length, 0)
  peer.destroy()
})

test('what was pulled and not settled comes back when the member goes', async () => {
  const { peer, stream } = await pulling(0)
  await publishTo(peer, stream, 4)
  await pull(peer, 2)
  await delivered(peer, 2)
  peer.destroy()
  const next = await RawPeer.greeted(port)
  await next.ask(opcodes.subscribe, subscribeBody(stream, 0))
  await pull(next, 4)
  assert.deepEqual(
    (await delivered(next, 4)).map(({ attempt }) => attempt).sort((a, b) => a - b),
    [1, 1, 2, 2],
  )
  next.destroy()
})
