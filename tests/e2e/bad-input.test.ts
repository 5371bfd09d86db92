// Everything that can be said wrongly to a broker, over real sockets: each gets a typed error that says what
// to do, the connection goes on unless the frame itself is malformed, and nothing is half done.

import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, ConsumerConfig, StreamConfig } from '@sluice/client'
import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { settleVerbs } from '@sluice/protocol/native/flow-messages'
import { opcodes } from '@sluice/protocol/native/frame'
import type { Opcode } from '@sluice/protocol/native/frame'
import { writePublish, writePublished } from '@sluice/protocol/native/publish-messages'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { brokerFor } from '../support/broker-process.ts'
import type { BrokerProcess, BrokerProcessOptions } from '../support/broker-process.ts'
import { assertRefusal, refused } from '../support/failing.ts'
import { frameOf, ProcessPeer } from '../support/process-peer.ts'

interface Setup {
  readonly broker: BrokerProcess
  readonly client: Client
}

/** A broker with stream S, which takes `a.>`, three messages in it, and consumer c. */
async function setUp(t: TestContext, options: BrokerProcessOptions = {}): Promise<Setup> {
  const broker = await brokerFor(t, options)
  const client = await broker.connect()
  t.after(() => client.close())
  await client.streams.create('S', { subjects: ['a.>'], messageBytesMax: 1000 })
  await client.consumers.create('S', { name: 'c', rules: [{ match: 'a.*', limit: 2 }] })
  await client.publishBatch(
    'S',
    [0, 1, 2].map((number) => ({ subject: `a.${number}`, data: `${number}` })),
  )
  return { broker, client }
}

async function peerFor(t: TestContext, broker: BrokerProcess): Promise<ProcessPeer> {
  const peer = await ProcessPeer.greetedAt(broker.address)
  t.after(() => peer.socket.destroy())
  return peer
}

async function highWatermark(client: Client): Promise<number> {
  return (await client.streams.get('S')).partitions[0]!.highWatermark
}

/** The connection still answers. */
async function assertAlive(peer: ProcessPeer): Promise<void> {
  assert.equal((await peer.callText('{"method":"broker.info"}')).error, undefined)
  assert.equal(peer.isClosed, false)
}

test('unknown streams, partitions and consumers', async (t) => {
  const { client, broker } = await setUp(t)
  const peer = await peerFor(t, broker)
  await refused(client.publish('NONE', 'a.1', 'x'), 'unknown-stream', 'NONE')
  await refused(client.streams.get('NONE'), 'unknown-stream', 'NONE')
  await refused(client.streams.alter('NONE', {}), 'unknown-stream', 'NONE')
  await refused(client.streams.delete('NONE'), 'unknown-stream', 'NONE')
  await refused(client.consumers.create('NONE', { name: 'c' }), 'unknown-stream', 'NONE')
  await refused(client.consumers.list('NONE'), 'unknown-stream', 'NONE')
  await refused(client.consumers.get('S', 'none'), 'unknown-consumer', 'none')
  await refused(client.consumers.alter('S', 'none', { maxInflight: 1 }), 'unknown-consumer', 'none')
  await refused(client.consumers.delete('S', 'none'), 'unknown-consumer', 'none')
  await refused(client.log('NONE').read({}).next(), 'unknown-stream', 'NONE')
  await refused(client.log('S').read({ partition: 7 }).next(), 'unknown-partition', '7')
  await refused(
    client
      .log('S')
      .read({ from: { offset: 4 } })
      .next(),
    'offset-out-of-range',
    '4',
  )
  assertRefusal((await peer.subscribe(1, 'NONE', 'c')).error, 'unknown-stream', 'NONE')
  assertRefusal((await peer.subscribe(1, 'S', 'none')).error, 'unknown-consumer', 'none')
  assertRefusal(await rejection(peer.settle(9, settleVerbs.ack, [])), 'unknown-subscription', '9')
  const removed = await client.consumers.get('S', 'c')
  await client.consumers.delete('S', 'c')
  await refused(removed.stats(), 'unknown-consumer', 'c')
  await refused(removed.explain('a.1'), 'unknown-consumer', 'c')
  await refused(removed.messages()[Symbol.asyncIterator]().next(), 'unknown-consumer', 'c')
  await assertAlive(peer)
  assert.deepEqual(
    (await client.streams.list()).map(({ name }) => name),
    ['S'],
  )
  assert.deepEqual(await client.consumers.list('S'), [])
  assert.equal(await highWatermark(client), 3)
})

function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

const wrongSubjects = [
  '',
  '.',
  'a..b',
  '.a',
  'a.',
  'a b',
  'a.*',
  'a.>',
  'a.{x}',
  'a\tb',
  'a\n',
  `a.${'x'.repeat(254)}`,
]

test('invalid subjects, refused by the client and, by hand, by the broker', async (t) => {
  const { client, broker } = await setUp(t)
  const peer = await peerFor(t, broker)
  for (const subject of wrongSubjects) {
    await refused(client.publish('S', subject, 'x'), 'invalid-subject')
    const { error } = await publishByHand(peer, [subject])
    assertRefusal(error, 'invalid-subject')
  }
  await refused(client.publish('S', 'b.1', 'x'), 'subject-not-in-stream', 'b.1')
  assertRefusal((await publishByHand(peer, ['a.ok', 'b.1'])).error, 'subject-not-in-stream', 'b.1')
  assertRefusal((await publishByHand(peer, [null])).error, 'invalid-subject')
  assertRefusal((await publishByHand(peer, [new Uint8Array([97, 0xff])])).error, 'invalid-subject')
  await refused(
    client.publishBatch('S', [
      { subject: 'a.ok', data: 'x' },
      { subject: 'b.1', data: 'x' },
    ]),
    'subject-not-in-stream',
  )
  await assertAlive(peer)
  assert.equal(await highWatermark(client), 3, 'of a refused batch nothing is stored')
})

function publishByHand(
  peer: ProcessPeer,
  subjects: readonly (string | Uint8Array | null)[],
  change: (batch: Uint8Array) => void = () => {},
) {
  const builder = new RecordBatchBuilder()
  for (const subject of subjects) builder.add(1, subject, 'x')
  const batch = builder.take()
  change(batch)
  return peer.ask(opcodes.publish, (writer) =>
    writePublish(writer, { stream: 'S', parts: [{ partition: 0, batch }] }),
  )
}

test('record batches that are none', async (t) => {
  const { client, broker } = await setUp(t)
  const peer = await peerFor(t, broker)
  const damage: [string, (batch: Uint8Array) => void][] = [
    ['magic', (batch) => (batch[16] = 1)],
    ['length', (batch) => (batch[11]! += 1)],
    ['negative length', (batch) => (batch[8] = 0xff)],
    ['checksum', (batch) => (batch[17]! ^= 1)],
    ['body', (batch) => (batch[batch.length - 1]! ^= 1)],
    ['compression', (batch) => (batch[22] = 1)],
    ['base offset', (batch) => (batch[7] = 9)],
    ['record count', (batch) => (batch[60] = 200)],
  ]
  for (const [what, change] of damage) {
    const { error } = await publishByHand(peer, ['a.1', 'a.2'], change)
    assert.ok(error !== undefined, `${what} is taken`)
    assert.equal(error.kind, 'invalid', `${what}: ${error.message}`)
  }
  const empty = peer.ask(opcodes.publish, (writer) =>
    writePublish(writer, { stream: 'S', parts: [{ partition: 0, batch: new Uint8Array(0) }] }),
  )
  assertRefusal((await empty).error, 'invalid-batch')
  await assertAlive(peer)
  assert.equal(await highWatermark(client), 3)
})

test('a request of several parts of which one is wrong stores none of them', async (t) => {
  const { client, broker } = await setUp(t)
  const peer = await peerFor(t, broker)
  const batchOf = (subject: string): Uint8Array => {
    const builder = new RecordBatchBuilder()
    builder.add(1, subject, 'x')
    return builder.take()
  }
  for (const [partition, subject, code] of [
    [5, 'a.1', 'unknown-partition'],
    [0, 'b.1', 'subject-not-in-stream'],
  ] as const) {
    const parts = [
      { partition: 0, batch: batchOf('a.1') },
      { partition, batch: batchOf(subject) },
    ]
    const { error } = await peer.ask(opcodes.publish, (writer) =>
      writePublish(writer, { stream: 'S', parts }),
    )
    assertRefusal(error, code)
  }
  assert.equal(await highWatermark(client), 3)
})

test('names, patterns and rules that are none', async (t) => {
  const { client } = await setUp(t)
  for (const name of ['', '.', '..', 'a/b', 'a b', '../x', 'ä', 'x'.repeat(201), '\u0000'])
    await refused(client.streams.create(name), 'invalid-stream-name')
  for (const name of ['', '.', '..', 'a/b', 'x'.repeat(201)])
    await refused(client.consumers.create('S', { name }), 'invalid-consumer-name')
  for (const pattern of ['', 'a..b', '>.a', 'a.>.b', 'a.**', 'a*', '{a', '{}.x', 'a b']) {
    await refused(client.streams.create('NEW', { subjects: [pattern] }), 'invalid-pattern')
    await refused(client.consumers.create('S', { name: 'new', filter: [pattern] }), 'invalid-pattern')
    const rules = [
      { match: 'a.ok', limit: 1 },
      { match: pattern, limit: 1 },
    ]
    await refused(client.consumers.create('S', { name: 'new', rules }), 'invalid-rule', 'Rule 2')
    await refused(client.consumers.alter('S', 'c', { rules }), 'invalid-rule', 'Rule 2')
  }
  const once = { match: 'a.b', limit: 1 }
  await refused(client.consumers.create('S', { name: 'new', rules: [once, once] }), 'invalid-rule', 'a.b')
  for (const limit of [0, -1, 1.5, 1e12, '1', null])
    await refused(wrongConsumer(client, { rules: [{ match: 'a.>', limit }] }), 'invalid-rule', 'limit')
  assert.deepEqual(
    (await client.streams.list()).map(({ name }) => name),
    ['S'],
  )
  assert.deepEqual(
    (await client.consumers.list('S')).map(({ name }) => name),
    ['c'],
  )
  const { config } = (await client.consumers.get('S', 'c')).info
  assert.deepEqual(config.rules, [{ match: 'a.*', limit: 2 }], 'a refused alter changes nothing')
})

function wrongConsumer(client: Client, config: object): Promise<unknown> {
  return client.consumers.create('S', { name: 'new', ...(config as Partial<ConsumerConfig>) })
}

test('settings out of their bounds, and settings that do not exist', async (t) => {
  const { client } = await setUp(t)
  const wrong: [object, string][] = [
    [{ maxInflight: 0 }, 'maxInflight'],
    [{ maxInflight: 2 ** 31 }, 'maxInflight'],
    [{ ackWaitMs: -1 }, 'ackWaitMs'],
    [{ ackWaitMs: 31 * 24 * 3_600_000 }, 'ackWaitMs'],
    [{ maxDeliver: 0.5 }, 'maxDeliver'],
    [{ backoffMs: [1, -1] }, 'backoffMs'],
    [{ backoffMs: 5 }, 'backoffMs'],
    [{ filter: [] }, 'filter'],
    [{ maxInFlight: 10 }, 'maxInFlight'],
    [{ constructor: 1 }, 'constructor'],
  ]
  for (const [config, naming] of wrong)
    await refused(wrongConsumer(client, config), 'invalid-consumer-config', naming)
  await refused(wrongConsumer(client, { deadLetterStream: 'S' }), 'dead-letter-loop', 'deadLetterStream')
  const streams: [object, string][] = [
    [{ partitions: 0 }, 'partitions'],
    [{ partitions: 100_000 }, 'partitions'],
    [{ durability: 'maybe' }, 'durability'],
    [{ messageBytesMax: 0 }, 'messageBytesMax'],
    [{ subjects: [] }, 'subjects'],
    [{ retention: 1 }, 'retention'],
  ]
  for (const [config, naming] of streams)
    await refused(
      client.streams.create('NEW', config as Partial<StreamConfig>),
      'invalid-stream-config',
      naming,
    )
  assert.equal((await client.streams.list()).length, 1)
  assert.equal((await client.consumers.list('S')).length, 1)
})

test('a message at its limit is taken, one byte more is not', async (t) => {
  const { client } = await setUp(t)
  const exact = 'x'.repeat(1000 - 'a.1'.length)
  assert.equal((await client.publish('S', 'a.1', exact)).offset, 3)
  await refused(client.publish('S', 'a.1', `${exact}x`), 'message-too-large', '1000')
  await refused(client.publish('S', 'a.1', exact, { headers: { h: '' } }), 'message-too-large', '1000')
  const mixed = [
    { subject: 'a.1', data: 'small' },
    { subject: 'a.1', data: `${exact}x` },
  ]
  await refused(client.publishBatch('S', mixed), 'message-too-large')
  assert.equal(await highWatermark(client), 4)
  await client.streams.alter('S', { messageBytesMax: 1001 })
  assert.equal((await client.publish('S', 'a.1', `${exact}x`)).offset, 4)
  const large = 15 * 1024 * 1024
  await client.streams.alter('S', { messageBytesMax: large })
  const largest = Buffer.alloc(large - 'a.1'.length, 1)
  assert.equal((await client.publish('S', 'a.1', largest)).offset, 5)
  await refused(client.publish('S', 'a.1', Buffer.alloc(17 * 1024 * 1024)), 'message-too-large')
  for await (const { records } of client.log('S').read({ from: { offset: 5 } }))
    assert.deepEqual(
      records.map(({ data }) => data!.length),
      [largest.length],
    )
})

test('a stream or a consumer that exists otherwise is a conflict, and alter changes it', async (t) => {
  const { client } = await setUp(t)
  const same = { subjects: ['a.>'], messageBytesMax: 1000 }
  assert.equal((await client.streams.create('S', same)).partitions[0]!.highWatermark, 3)
  await refused(client.streams.create('S', { ...same, partitions: 2 }), 'stream-exists', 'partitions')
  await refused(client.streams.create('S'), 'stream-exists', 'subjects')
  await refused(client.streams.alter('S', { durability: 'os' }), 'invalid-stream-config', 'durability')
  await refused(client.streams.alter('S', { partitions: 3 }), 'invalid-stream-config', 'rules')
  await client.streams.create('T')
  await client.streams.alter('T', { partitions: 3 })
  await refused(client.streams.alter('T', { partitions: 2 }), 'invalid-stream-config', 'partitions')
  assert.equal((await client.streams.get('T')).partitions.length, 3)
  const rules = [{ match: 'a.*', limit: 2 }]
  await client.consumers.create('S', { name: 'c', rules })
  const others = [{ match: 'a.*', limit: 3 }]
  await refused(client.consumers.create('S', { name: 'c', rules: others }), 'consumer-exists', 'rules')
  assert.deepEqual((await client.consumers.get('S', 'c')).info.config.rules, rules)
  await client.consumers.alter('S', 'c', { rules: others })
  assert.deepEqual((await client.consumers.get('S', 'c')).info.config.rules, others)
})

test('stale and foreign settles change nothing', async (t) => {
  const { client, broker } = await setUp(t)
  const consumer = await client.consumers.get('S', 'c')
  const [one, other] = [await peerFor(t, broker), await peerFor(t, broker)]
  await one.subscribe(1, 'S', 'c', 2)
  await one.delivered(2)
  await other.subscribe(1, 'S', 'c', 10)
  await other.subscribe(2, 'S', 'c', 10)
  await other.delivered(1)
  const [first, second] = one.deliveries as [(typeof one.deliveries)[0], (typeof one.deliveries)[0]]
  const inFlight = async (): Promise<number> => (await consumer.stats()).inFlight
  assert.equal(await inFlight(), 3)
  const foreign = [{ index: 0, code: 'foreign-delivery' }]
  const stale = [{ index: 0, code: 'stale-delivery' }]
  for (const verb of Object.values(settleVerbs)) {
    assert.deepEqual(await other.settle(1, verb, [first]), foreign)
    assert.deepEqual(await other.settle(2, verb, [first]), foreign)
    for (const wrong of [
      { slot: 99 },
      { slot: 0xffff_ffff },
      { sequence: 0 },
      { sequence: -1 },
      { partition: 4 },
    ])
      assert.deepEqual(await one.settle(1, verb, [{ ...first, ...wrong }]), stale)
  }
  assert.equal(await inFlight(), 3)
  assert.deepEqual(await one.settle(1, settleVerbs.ack, [first, first, second]), [
    { index: 1, code: 'stale-delivery' },
  ])
  assert.deepEqual(await one.settle(1, settleVerbs.nack, [first]), stale)
  assert.deepEqual(await one.settle(1, settleVerbs.nack, [second], 31 * 24 * 3_600_000), [
    { index: 0, code: 'invalid-request' },
  ])
  assert.equal(await inFlight(), 1)
  assert.equal((await consumer.stats()).acked, 2)
  assert.ok((await consumer.stats()).staleSettles > 20)
  await assertAlive(one)
  await assertAlive(other)
})

test('tokens of an earlier boot, and of a consumer that was made anew, settle nothing', async (t) => {
  const { client, broker } = await setUp(t)
  const inFlight = async (): Promise<number> =>
    (await (await client.consumers.get('S', 'c')).stats()).inFlight
  const before = await peerFor(t, broker)
  await before.subscribe(1, 'S', 'c')
  const old = [...(await before.delivered(3))]
  await broker.kill()
  await broker.start()
  const peer = await peerFor(t, broker)
  await peer.subscribe(1, 'S', 'c')
  old.push(...(await peer.delivered(3)))
  const firstOld = old.slice(0, 3)
  const stale = (count: number): unknown[] =>
    Array.from({ length: count }, (_, index) => ({ index, code: 'stale-delivery' }))
  assert.deepEqual(await peer.settle(1, settleVerbs.ack, firstOld), stale(3))
  assert.equal(await inFlight(), 3)
  await client.consumers.delete('S', 'c')
  await client.consumers.create('S', { name: 'c' })
  await peer.subscribe(1, 'S', 'c')
  await peer.delivered(6)
  assert.deepEqual(await peer.settle(1, settleVerbs.ack, old), stale(6))
  assert.equal(await inFlight(), 3)
})

test('calls that are none', async (t) => {
  const { broker, client } = await setUp(t)
  const peer = await peerFor(t, broker)
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  const wrong = ['', '{', 'null', '[]', '"x"', '{"method":1}', '{"method":"x","params":[]}', '\u0000', deep]
  for (const text of wrong) {
    const { error } = await peer.callText(text)
    assert.ok(error?.code === 'invalid-request', `${text.slice(0, 30)}: ${error?.message}`)
  }
  for (const method of ['x', '__proto__', 'constructor', 'toString', 'streams.create.x'])
    assertRefusal((await peer.callText(JSON.stringify({ method }))).error, 'unknown-method', method)
  const call = '{"method":"streams.create","params":'
  const params = [
    '{}',
    '{"name":1,"config":{}}',
    '{"name":"X"}',
    '{"name":"X","config":{},"more":1}',
    '{"name":"X","config":[]}',
  ]
  for (const text of params) assertRefusal((await peer.callText(`${call}${text}}`)).error, 'invalid-request')
  const polluting = '{"name":"X","config":{"__proto__":{"partitions":9}}}'
  assertRefusal((await peer.callText(`${call}${polluting}}`)).error, 'invalid-stream-config', '__proto__')
  const large = await peer.callText(`{"method":"streams.get","params":{"name":"${'x'.repeat(2 ** 20)}"}}`)
  assertRefusal(large.error, 'invalid-request', 'bytes')
  await assertAlive(peer)
  assert.equal((await client.streams.list()).length, 1)
})

test('frames that are whole and make no sense are refused one by one', async (t) => {
  const { broker, client } = await setUp(t)
  const peer = await peerFor(t, broker)
  for (const opcode of [0, 14, 99, 255]) {
    const { error } = await peer.ask(opcode as Opcode)
    assertRefusal(error, 'unknown-method', String(opcode))
  }
  const flagged = frameOf(opcodes.call, 7777)
  flagged[5] = 0x80
  peer.send(flagged)
  assertRefusal((await peer.find(({ correlation }) => correlation === 7777)).error, 'invalid-request')
  for (const opcode of [
    opcodes.publish,
    opcodes.read,
    opcodes.subscribe,
    opcodes.settle,
    opcodes.setWindow,
  ]) {
    for (const size of [0, 1, 7]) {
      const { error } = await peer.ask(opcode, (writer) => writer.raw(new Uint8Array(size).fill(0xff)))
      assert.ok(error?.kind === 'invalid', `opcode ${opcode}, ${size} bytes: ${error?.message}`)
    }
  }
  const claimed = await peer.ask(opcodes.settle, (writer) => {
    writer.u32(1)
    writer.u32(0xffff_ffff)
  })
  assert.equal(claimed.error?.kind, 'invalid')
  assert.equal((await peer.subscribe(5, 'S', 'c', 0)).error, undefined)
  assertRefusal((await peer.subscribe(5, 'S', 'c', 0)).error, 'invalid-request', '5')
  const answer = await peer.ask(opcodes.publish, (writer) =>
    writePublished(writer, [{ partition: 0, baseOffset: 1 }]),
  )
  assert.equal(answer.error?.kind, 'invalid')
  await assertAlive(peer)
  assert.equal(await highWatermark(client), 3)
})

test('a wrong version, and a first frame that is no HELLO, are answered and closed', async (t) => {
  const { broker, client } = await setUp(t)
  for (const versions of [
    { versionMin: 2, versionMax: 9 },
    { versionMin: 0, versionMax: 0 },
    { versionMin: 9, versionMax: 1 },
  ]) {
    const peer = await ProcessPeer.at(broker.address)
    assertRefusal((await peer.greet(versions)).error, 'unsupported-version', 'only 1')
    await peer.closed()
  }
  const peer = await ProcessPeer.at(broker.address)
  peer.send(
    frameOf(opcodes.call, 1, (writer) => writer.raw(new TextEncoder().encode('{"method":"streams.list"}'))),
  )
  assertRefusal((await peer.goodbye()).error, 'malformed-frame', 'HELLO')
  await peer.closed()
  const twice = await peerFor(t, broker)
  assert.ok((await twice.greet()).error !== undefined, 'a second HELLO is refused')
  await assertAlive(twice)
  assert.equal(await highWatermark(client), 3)
})

test('lengths that cannot be are answered before anything is kept for them', async (t) => {
  const { broker, client } = await setUp(t)
  const cases = [
    [2 ** 31, 'frame-too-large'],
    [2 ** 32 - 1, 'frame-too-large'],
    [2 ** 24 + 1, 'frame-too-large'],
    [0, 'malformed-frame'],
    [5, 'malformed-frame'],
  ] as const
  for (const isGreeted of [false, true]) {
    for (const [length, code] of cases) {
      const peer = isGreeted
        ? await ProcessPeer.greetedAt(broker.address)
        : await ProcessPeer.at(broker.address)
      const writer = new ByteWriter()
      writer.u32(length)
      peer.send(writer.take())
      assertRefusal((await peer.goodbye()).error, code, String(length))
      await peer.closed()
    }
  }
  assert.equal(await highWatermark(client), 3)
})

test('who has not said HELLO gets no memory for a large frame', async (t) => {
  const { broker, client } = await setUp(t)
  const stranger = await ProcessPeer.at(broker.address)
  const writer = new ByteWriter()
  writer.u32(2 ** 20)
  stranger.send(writer.take())
  assertRefusal((await stranger.goodbye()).error, 'frame-too-large', String(2 ** 20))
  await stranger.closed()
  const long = await ProcessPeer.at(broker.address)
  assert.ok((await long.greet({ clientName: 'x'.repeat(10_000) })).error === undefined)
  const call = await long.callText(`{"method":"streams.get","params":{"name":"S"}}${' '.repeat(500_000)}`)
  assert.equal(call.error, undefined, 'after HELLO large frames are read')
  long.socket.destroy()
  assert.equal(await highWatermark(client), 3)
})

test('garbage is answered by a goodbye, and harms nobody', async (t) => {
  const { broker, client } = await setUp(t)
  const seed = randomInt(2 ** 31)
  t.diagnostic(`seed ${seed}`)
  const random = randomBytesOf(seed)
  for (let round = 0; round < 100; round++) {
    const isGreeted = round % 2 === 0
    const peer = isGreeted
      ? await ProcessPeer.greetedAt(broker.address)
      : await ProcessPeer.at(broker.address)
    peer.send(random(1 + (round % 10) * 300))
    peer.socket.end()
    await peer.closed()
  }
  const http = await ProcessPeer.at(broker.address)
  http.send(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'))
  assert.equal((await http.goodbye()).error?.kind, 'violation')
  // Frames that are well formed, with bodies of garbage, on one connection.
  const peer = await peerFor(t, broker)
  for (let round = 0; round < 300; round++) {
    const opcode = (3 + (round % 7)) as Opcode
    const { error } = await peer.ask(opcode, (writer) => writer.raw(random(round)))
    assert.ok(
      error?.kind === 'invalid',
      `seed ${seed}, opcode ${opcode}: ${error?.message ?? 'it was taken'}`,
    )
  }
  await assertAlive(peer)
  assert.equal(await highWatermark(client), 3)
  assert.doesNotMatch(broker.errorText, /no foreseen reason/)
})

/** xorshift32: the same bytes for the same seed. */
function randomBytesOf(seed: number): (size: number) => Uint8Array {
  let state = seed | 1
  return (size) =>
    Uint8Array.from({ length: size }, () => {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      return state & 0xff
    })
}

test('half a frame and then silence ends that connection alone', async (t) => {
  const { broker, client } = await setUp(t, {
    flags: ['--handshake-timeout-ms', '300', '--keep-alive-ms-min', '300'],
  })
  const half = frameOf(opcodes.call, 1, (writer) => writer.raw(new Uint8Array(1000)))
  const fresh = await ProcessPeer.at(broker.address)
  fresh.send(half.subarray(0, 500))
  assertRefusal((await fresh.goodbye()).error, 'handshake-timeout')
  await fresh.closed()
  const greeted = await ProcessPeer.at(broker.address)
  await greeted.greet({ keepAliveMs: 300 })
  greeted.send(half.subarray(0, 500))
  assertRefusal((await greeted.goodbye()).error, 'peer-silent')
  await greeted.closed()
  assert.equal(await highWatermark(client), 3)
})

test('a peer that speaks one byte at a time is understood', async (t) => {
  const { broker } = await setUp(t)
  const peer = await peerFor(t, broker)
  const call = frameOf(opcodes.call, 4242, (writer) =>
    writer.raw(new TextEncoder().encode('{"method":"streams.get","params":{"name":"S"}}')),
  )
  for (const byte of call) {
    peer.send(Uint8Array.of(byte))
    await sleep(1)
  }
  const { error, body } = await peer.find(({ correlation }) => correlation === 4242)
  assert.equal(error, undefined)
  assert.equal(JSON.parse(new TextDecoder().decode(body.raw(body.remaining))).name, 'S')
})
