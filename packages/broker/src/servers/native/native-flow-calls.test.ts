// The control plane of flow consumers over real sockets: what operators ask for, rightly and wrongly.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BlockedRow, ConsumerInfo, DeadLetterPage } from '@sluice/protocol/model/consumer'
import { settleVerbs } from '@sluice/protocol/native/flow-messages'
import { opcodes } from '@sluice/protocol/native/frame'
import { Broker } from '../../broker.ts'
import { deliveriesOf, delivered, publishTo, settleBody, subscribeBody } from './flow-peer.contract.ts'
import { RawPeer } from './raw-peer.contract.ts'

let broker: Broker
let port: number

before(async () => {
  broker = await Broker.start({
    memory: true,
    listen: { port: 0 },
    limits: { consumersMax: 20 },
    areInvariantsChecked: true,
  })
  port = broker.address!.port
})

after(() => broker.close())

let streamCount = 0

interface Scene {
  readonly peer: RawPeer
  readonly stream: string
  readonly call: <T>(method: string, params?: object) => Promise<T>
}

/** A consumer on a stream of its own; records `s.0`, `s.1`, … */
async function scene(config: object = {}, records = 0): Promise<Scene> {
  const peer = await RawPeer.greeted(port)
  const stream = `C${++streamCount}`
  await peer.call('streams.create', { name: stream, config: {} })
  if (records > 0) await publishTo(peer, stream, records)
  await peer.call('consumers.create', { stream, name: 'c', config })
  const call = <T>(method: string, params: object = {}): Promise<T> =>
    peer.call(method, { stream, name: 'c', ...params }) as Promise<T>
  return { peer, stream, call }
}

test('pausing and resuming, of a part and of all', async () => {
  const { peer, stream, call } = await scene({}, 4)
  const until = new Date(Date.now() + 3_600_000).toISOString()
  const paused = await call<ConsumerInfo>('consumers.pause', { match: 's.1', until })
  assert.deepEqual(
    paused.pauses.map((pause) => [pause.match, pause.until]),
    [['s.1', until]],
  )
  await peer.ask(opcodes.subscribe, subscribeBody(stream, 100))
  await delivered(peer, 3)
  await call('consumers.pause')
  await publishTo(peer, stream, 1)
  await call('consumers.resume', { match: 's.1' })
  await sleep(30)
  assert.equal(deliveriesOf(peer).length, 3)
  const resumed = await call<ConsumerInfo>('consumers.resume')
  assert.deepEqual(resumed.pauses, [])
  await delivered(peer, 5)
  peer.destroy()
})

test('pauses that cannot be, and resumes of what is not paused', async () => {
  const { peer, call } = await scene()
  await assert.rejects(call('consumers.resume'), { code: 'not-paused' })
  await assert.rejects(call('consumers.pause', { match: 'a..b' }), { code: 'invalid-pattern' })
  for (const until of ['2020-01-01T00:00:00Z', 'soon', '']) {
    await assert.rejects(call('consumers.pause', { until }), { code: 'invalid-request' })
  }
  await assert.rejects(call('consumers.pause', { until: 5 }), { code: 'invalid-request' })
  assert.deepEqual((await call<ConsumerInfo>('consumers.get')).pauses, [])
  peer.destroy()
})

test('a pause ends by itself', async () => {
  const { peer, stream, call } = await scene({}, 2)
  await call('consumers.pause', { until: new Date(Date.now() + 300).toISOString() })
  await peer.ask(opcodes.subscribe, subscribeBody(stream, 100))
  await sleep(50)
  assert.equal(deliveriesOf(peer).length, 0)
  await delivered(peer, 2)
  assert.deepEqual((await call<ConsumerInfo>('consumers.get')).pauses, [])
  peer.destroy()
})

test('draining a subject leaves what is out', async () => {
  const { peer, stream, call } = await scene({}, 10)
  await peer.ask(opcodes.subscribe, subscribeBody(stream, 2))
  await delivered(peer, 2)
  assert.deepEqual(await call('consumers.drain', { match: 's.9' }), { drained: 1 })
  assert.deepEqual(await call('consumers.drain', { match: '>' }), { drained: 7 })
  await assert.rejects(call('consumers.drain', { match: '' }), { code: 'invalid-pattern' })
  const { body } = await peer.ask(opcodes.settle, settleBody(settleVerbs.ack, deliveriesOf(peer)))
  assert.equal(body.u32(), 0)
  peer.destroy()
})

test('blocked records wait for a decision', async () => {
  const { peer, stream, call } = await scene({ maxDeliver: 1, onExhausted: 'block' }, 2)
  await peer.ask(opcodes.subscribe, subscribeBody(stream, 10))
  await peer.ask(opcodes.settle, settleBody(settleVerbs.nack, (await delivered(peer, 2)).slice(0, 1)))
  const [row] = await call<BlockedRow[]>('consumers.blocked', { count: 10 })
  assert.deepEqual([row!.subject, row!.offset, row!.attempts, row!.error], ['s.0', 0, 1, 'bad'])
  const wrong = { subject: 's.0', decision: 'forget' }
  await assert.rejects(call('consumers.unblock', wrong), { code: 'invalid-request' })
  const none = { subject: 's.1', decision: 'retry' }
  await assert.rejects(call('consumers.unblock', none), { code: 'not-blocked' })
  const answer = await call('consumers.unblock', { subject: 's.0', decision: 'retry' })
  assert.deepEqual(answer, { records: 1 })
  assert.equal((await delivered(peer, 3)).at(-1)!.offset, 0)
  peer.destroy()
})

test('dead letters are listed, replayed and dropped', async () => {
  const { peer, stream, call } = await scene({}, 3)
  await peer.ask(opcodes.subscribe, subscribeBody(stream, 10))
  await peer.ask(opcodes.settle, settleBody(settleVerbs.reject, await delivered(peer, 3)))
  const page = await call<DeadLetterPage>('deadLetters.list', { count: 2, match: '>' })
  assert.deepEqual(
    page.letters.map(({ subject, error, origin }) => [subject, error, origin]),
    [0, 1].map((offset) => [`s.${offset}`, 'bad', { stream, partition: 0, offset }]),
  )
  const rest = await call<DeadLetterPage>('deadLetters.list', { count: 2, after: page.next })
  assert.deepEqual([rest.letters.length, rest.next], [1, undefined])
  const { partition, offset } = page.letters[0]!
  const first = { letters: [{ partition, offset }] }
  assert.deepEqual(await call('deadLetters.replay', first), { replayed: 1 })
  assert.equal((await delivered(peer, 4)).at(-1)!.offset, 3)
  assert.deepEqual(await call('deadLetters.drop', { match: '>' }), { dropped: 2 })
  const empty = await call<DeadLetterPage>('deadLetters.list', { count: 10 })
  assert.deepEqual(empty, { deadLetterStream: `${stream}.dlq`, letters: [] })
  await assert.rejects(call('deadLetters.drop'), { code: 'invalid-request' })
  await assert.rejects(call('deadLetters.list', { count: 10_001 }), { code: 'invalid-request' })
  peer.destroy()
})

test('where a consumer begins, over the wire', async () => {
  const { peer, stream } = await scene({ deliverFrom: { fromOffset: 3 } }, 5)
  await peer.ask(opcodes.subscribe, subscribeBody(stream, 10))
  const offsets = (await delivered(peer, 2)).map(({ offset }) => offset)
  assert.deepEqual(offsets, [3, 4])
  const beyond = { stream, name: 'd', config: { deliverFrom: { fromOffset: 6 } } }
  await assert.rejects(peer.call('consumers.create', beyond), { code: 'offset-out-of-range' })
  const unknown = { stream, name: 'd', config: { deliverFrom: 'somewhere' } }
  await assert.rejects(peer.call('consumers.create', unknown), { code: 'invalid-consumer-config' })
  peer.destroy()
})

test('a purge takes what is out from its members', async () => {
  const { peer, stream, call } = await scene({}, 5)
  await peer.ask(opcodes.subscribe, subscribeBody(stream, 3))
  const first = await delivered(peer, 3)
  assert.deepEqual(await peer.call('streams.purge', { name: stream }), { removed: 5 })
  await publishTo(peer, stream, 4)
  const all = await delivered(peer, 6)
  assert.deepEqual(
    all.slice(3).map(({ offset }) => offset),
    [5, 6, 7],
  )
  const { body } = await peer.ask(opcodes.settle, settleBody(settleVerbs.ack, first))
  assert.equal(body.u32(), 3, 'their tokens are stale')
  assert.equal((await call<{ inFlight: number }>('consumers.stats')).inFlight, 3)
  peer.destroy()
})

test('more consumers than there may be are refused as too many', async () => {
  const { peer, stream } = await scene()
  const create = async (index: number): Promise<unknown> =>
    peer.call('consumers.create', { stream, name: `more${index}`, config: {} })
  const outcomes = await Promise.allSettled(Array.from({ length: 25 }, (_, index) => create(index)))
  const codes = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [(outcome.reason as { code: string }).code] : [],
  )
  assert.ok(codes.length > 0 && codes.every((code) => code === 'too-many-consumers'))
  peer.destroy()
})
