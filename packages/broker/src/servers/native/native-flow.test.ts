// Subscriptions over real sockets: what goes out as deliveries, and what comes back as settles.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readSettleFailures, readSubscriptionEnded, settleVerbs } from '@sluice/protocol/native/flow-messages'
import type { SettleVerb } from '@sluice/protocol/native/flow-messages'
import { opcodes } from '@sluice/protocol/native/frame'
import type { ConsumerStats } from '@sluice/protocol/model/consumer'
import { Broker } from '../../broker.ts'
import { deliveriesOf, delivered, publishTo, settleBody, subscribeBody } from './flow-peer.contract.ts'
import type { Delivered } from './flow-peer.contract.ts'
import { frameOf, RawPeer } from './raw-peer.contract.ts'
import type { WriteBody } from './raw-peer.contract.ts'

let broker: Broker
let port: number

before(async () => {
  broker = await Broker.start({
    memory: true,
    listen: { port: 0 },
    limits: { subscriptionsMax: 2, stalledPeerMs: 500 },
    areInvariantsChecked: true,
  })
  port = broker.address!.port
})

after(() => broker.close())

let streamCount = 0

async function madeConsumer(peer: RawPeer, config: object = {}): Promise<string> {
  const stream = `F${++streamCount}`
  await peer.call('streams.create', { name: stream, config: {} })
  await peer.call('consumers.create', { stream, name: 'c', config })
  return stream
}

function statsOf(peer: RawPeer, stream: string): Promise<ConsumerStats> {
  return peer.call('consumers.stats', { stream, name: 'c' }) as Promise<ConsumerStats>
}

test('the answer to SUBSCRIBE comes before the deliveries, and they share a frame', async () => {
  const peer = await RawPeer.greeted(port)
  const stream = await madeConsumer(peer)
  await publishTo(peer, stream, 20)
  const { error, correlation } = await peer.ask(opcodes.subscribe, subscribeBody(stream, 100))
  assert.equal(error, undefined)
  const all = await delivered(peer, 20)
  assert.deepEqual(
    all.map(({ offset }) => offset),
    Array.from({ length: 20 }, (_, index) => index),
  )
  const answerAt = peer.frames.findIndex((frame) => frame.correlation === correlation)
  const firstAt = peer.frames.findIndex(({ opcode }) => opcode === opcodes.deliver)
  assert.ok(answerAt < firstAt)
  assert.equal(peer.frames.filter(({ opcode }) => opcode === opcodes.deliver).length, 1)
  peer.destroy()
})

test('the window bounds what is out, and window 0 is the end of it once answered', async () => {
  const peer = await RawPeer.greeted(port)
  const stream = await madeConsumer(peer)
  await publishTo(peer, stream, 20)
  await peer.ask(opcodes.subscribe, subscribeBody(stream, 5))
  const first = await delivered(peer, 5)
  await sleep(50)
  assert.equal(deliveriesOf(peer).length, 5)
  await peer.ask(opcodes.settle, settleBody(settleVerbs.ack, first.slice(0, 2)))
  await delivered(peer, 7)
  const setWindow: WriteBody = (writer) => {
    writer.u32(1)
    writer.u32(0)
  }
  assert.equal((await peer.ask(opcodes.setWindow, setWindow)).error, undefined)
  await peer.ask(opcodes.settle, settleBody(settleVerbs.ack, first.slice(2)))
  await sleep(50)
  assert.equal(deliveriesOf(peer).length, 7)
  peer.destroy()
})

test('settles are answered one by one: stale ones by their index, the others done', async () => {
  const peer = await RawPeer.greeted(port)
  const stream = await madeConsumer(peer)
  await publishTo(peer, stream, 3)
  await peer.ask(opcodes.subscribe, subscribeBody(stream, 10))
  const [one, two, three] = (await delivered(peer, 3)) as [Delivered, Delivered, Delivered]
  const wrong = { ...two, sequence: two.sequence + 100_000 }
  const { body } = await peer.ask(opcodes.settle, settleBody(settleVerbs.ack, [one, wrong, one, three]))
  const failures = readSettleFailures(body)
  assert.deepEqual(
    failures.map(({ index }) => index),
    [1, 2],
  )
  assert.equal((await statsOf(peer, stream)).acked, 2)
  peer.destroy()
})

test('a settle without a correlation takes effect and is not answered', async () => {
  const peer = await RawPeer.greeted(port)
  const stream = await madeConsumer(peer)
  await publishTo(peer, stream, 1)
  await peer.ask(opcodes.subscribe, subscribeBody(stream, 10))
  const all = await delivered(peer, 1)
  const frameCount = peer.frames.length
  peer.send(frameOf(opcodes.settle, 0, settleBody(settleVerbs.ack, all)))
  assert.equal((await statsOf(peer, stream)).acked, 1)
  assert.equal(peer.frames.length, frameCount + 1)
  peer.destroy()
})

test('settles that cannot be read to their end change nothing', async () => {
  const peer = await RawPeer.greeted(port)
  const stream = await madeConsumer(peer)
  await publishTo(peer, stream, 2)
  await peer.ask(opcodes.subscribe, subscribeBody(stream, 10))
  const all = await delivered(peer, 2)
  const { error } = await peer.ask(opcodes.settle, (writer) => {
    settleBody(settleVerbs.ack, all)(writer)
    writer.patchU32(writer.position - 2 * 17 - 4, 3)
  })
  assert.equal(error?.code, 'invalid-request')
  const unknown = await peer.ask(opcodes.settle, settleBody(9 as SettleVerb, all))
  assert.equal(unknown.error?.code, 'invalid-request')
  assert.equal((await statsOf(peer, stream)).inFlight, 2)
  peer.destroy()
})

test('unsubscribing releases, a broken connection counts as an attempt', async () => {
  const peer = await RawPeer.greeted(port)
  const stream = await madeConsumer(peer)
  await publishTo(peer, stream, 1)
  await peer.ask(opcodes.subscribe, subscribeBody(stream, 10))
  await delivered(peer, 1)
  const { error } = await peer.ask(opcodes.unsubscribe, (writer) => writer.u32(1))
  assert.equal(error, undefined)
  assert.equal((await statsOf(peer, stream)).members, 0)
  const second = await RawPeer.greeted(port)
  await second.ask(opcodes.subscribe, subscribeBody(stream, 10))
  assert.equal((await delivered(second, 1))[0]!.attempt, 1)
  second.destroy()
  const third = await RawPeer.greeted(port)
  await third.ask(opcodes.subscribe, subscribeBody(stream, 10))
  assert.equal((await delivered(third, 1))[0]!.attempt, 2)
  peer.destroy()
  third.destroy()
})

test('a subscription that cannot be is refused, and leaves nothing', async () => {
  const peer = await RawPeer.greeted(port)
  const stream = await madeConsumer(peer)
  const refused = async (body: WriteBody, code: string): Promise<void> => {
    assert.equal((await peer.ask(opcodes.subscribe, body)).error?.code, code)
  }
  await refused(subscribeBody('none', 5), 'unknown-stream')
  await refused(subscribeBody(stream, 5, 1, 'none'), 'unknown-consumer')
  assert.equal((await peer.ask(opcodes.subscribe, subscribeBody(stream, 5, 1))).error, undefined)
  await refused(subscribeBody(stream, 5, 1), 'invalid-request')
  assert.equal((await peer.ask(opcodes.subscribe, subscribeBody(stream, 5, 2))).error, undefined)
  await refused(subscribeBody(stream, 5, 3), 'too-many-subscriptions')
  assert.equal((await statsOf(peer, stream)).members, 2)
  peer.destroy()
})

test('a deleted consumer ends its subscriptions with the reason, and their numbers are free', async () => {
  const peer = await RawPeer.greeted(port)
  const stream = await madeConsumer(peer)
  await peer.ask(opcodes.subscribe, subscribeBody(stream, 5))
  await peer.call('consumers.delete', { stream, name: 'c' })
  const { body } = await peer.find(({ opcode }) => opcode === opcodes.subscriptionEnded)
  const { subscription, error } = readSubscriptionEnded(body)
  assert.deepEqual([subscription, error.code], [1, 'consumer-deleted'])
  await peer.call('consumers.create', { stream, name: 'c', config: {} })
  assert.equal((await peer.ask(opcodes.subscribe, subscribeBody(stream, 5))).error, undefined)
  await peer.call('streams.delete', { name: stream })
  await peer.find(({ opcode, body: ended }) => {
    ended.position = 0
    return (
      opcode === opcodes.subscriptionEnded && readSubscriptionEnded(ended).error.code === 'stream-deleted'
    )
  })
  peer.destroy()
})

test('a member that does not read is bounded, then closed, and another gets the rest', async () => {
  const admin = await RawPeer.greeted(port)
  const stream = await madeConsumer(admin, { maxInflight: 100_000 })
  for (let round = 0; round < 60; round++) await publishTo(admin, stream, 10, 100_000)
  const slow = await RawPeer.greeted(port)
  await slow.ask(opcodes.subscribe, subscribeBody(stream, 100_000))
  slow.socket.pause()
  const before = process.memoryUsage().arrayBuffers
  await sleep(300)
  const taken = (await statsOf(admin, stream)).inFlight
  assert.ok(taken < 300, `${taken} of 600 records of 100 kB went to a member that does not read`)
  assert.ok(process.memoryUsage().arrayBuffers - before < 40_000_000)
  const quick = await RawPeer.greeted(port)
  await quick.ask(opcodes.subscribe, subscribeBody(stream, 100_000))
  await delivered(quick, 300)
  while ((await statsOf(admin, stream)).members > 1) await sleep(50)
  await delivered(quick, 600)
  assert.equal(new Set(deliveriesOf(quick).map(({ offset }) => offset)).size, 600)
  for (const peer of [admin, slow, quick]) peer.destroy()
})

test('very many settles in one frame are carried out in turns, before what comes after', async () => {
  const [peer, other] = [await RawPeer.greeted(port), await RawPeer.greeted(port)]
  const stream = await madeConsumer(peer, { maxInflight: 100_000 })
  await publishTo(peer, stream, 50_000, 1)
  await peer.ask(opcodes.subscribe, subscribeBody(stream, 100_000))
  const all = await delivered(peer, 50_000)
  const wrong = { ...all[40_000]!, sequence: all[40_000]!.sequence + 100_000 }
  const settled = peer.ask(opcodes.settle, settleBody(settleVerbs.ack, all.with(40_000, wrong)))
  const left = peer.ask(opcodes.unsubscribe, (writer) => writer.u32(1))
  const answered: string[] = []
  void other.call('broker.info', {}).then(() => answered.push('other'))
  const { body } = await settled
  answered.push('settle')
  assert.deepEqual(
    readSettleFailures(body).map(({ index }) => index),
    [40_000],
  )
  assert.deepEqual(answered, ['other', 'settle'], 'another connection is served between')
  assert.equal((await left).error, undefined)
  const { acked, released, staleSettles } = await statsOf(peer, stream)
  assert.deepEqual([acked, released, staleSettles], [49_999, 1, 1])
  peer.destroy()
  other.destroy()
})

test('very many settles of which the last cannot be read change nothing', async () => {
  const peer = await RawPeer.greeted(port)
  const stream = await madeConsumer(peer, { maxInflight: 100_000 })
  await publishTo(peer, stream, 20_000, 1)
  await peer.ask(opcodes.subscribe, subscribeBody(stream, 100_000))
  const all = await delivered(peer, 20_000)
  const { error } = await peer.ask(opcodes.settle, (writer) => {
    settleBody(settleVerbs.ack, all)(writer)
    writer.position -= 1
  })
  assert.equal(error?.code, 'invalid-request')
  assert.deepEqual([(await statsOf(peer, stream)).acked, (await statsOf(peer, stream)).inFlight], [0, 20_000])
  peer.destroy()
})
