// Publishing, against a scripted broker on a real socket.

import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { partitionOfKey } from '@sluice/protocol/bytes/murmur2'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { opcodes } from '@sluice/protocol/native/frame'
import { readPublish } from '@sluice/protocol/native/publish-messages'
import { decodeRecords } from '@sluice/protocol/record/log-record'
import { checkBatch } from '@sluice/protocol/record/record-batch'
import type { Client } from '../client.ts'
import type { ClientOptions } from '../client-options.ts'
import { connect } from '../connect.ts'
import { ScriptedBroker, until } from '../testing/scripted-broker.contract.ts'
import type { ReceivedRequest, Script } from '../testing/scripted-broker.contract.ts'

interface Scene {
  readonly broker: ScriptedBroker
  readonly client: Client
}

async function scene(t: TestContext, script?: Script, options: ClientOptions = {}): Promise<Scene> {
  const broker = await ScriptedBroker.start(script)
  t.after(() => broker.close())
  const client = await connect({ servers: [broker.address], reconnect: { minMs: 1, maxMs: 20 }, ...options })
  t.after(() => client.close())
  return { broker, client }
}

interface SeenRecord {
  readonly partition: number
  readonly subject: string | null
  readonly data: string | null
}

/** The records of a PUBLISH, each batch checked as the broker would. */
function recordsOf({ body }: ReceivedRequest): SeenRecord[] {
  const { parts } = readPublish(new ByteReader(body))
  return parts.flatMap(({ partition, batch }) => {
    assert.equal(checkBatch(batch, 0, batch.length), undefined)
    return decodeRecords(batch, 0).map(({ subject, data }) => {
      return { partition, subject, data: data === null ? null : Buffer.from(data).toString() }
    })
  })
}

function publishesOf(broker: ScriptedBroker): ReceivedRequest[] {
  return broker.requests.filter(({ opcode }) => opcode === opcodes.publish)
}

/** Refuses every load that holds the subject, as a broker does that stores all or nothing. */
function refusing(subject: string, error: BrokerError): Script {
  return (request) => {
    if (
      request.opcode !== opcodes.publish ||
      !recordsOf(request).some((record) => record.subject === subject)
    )
      return false
    request.peer.refuse(request, error)
    return true
  }
}

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof BrokerError && error.code === expected
}

test('one message: its parts as they were given', async (t) => {
  const { broker, client } = await scene(t)
  const headers = { trace: 'abc', bytes: new Uint8Array([1, 2]), none: null }
  assert.deepEqual(await client.publish('S', 'a.b', 'hällo', { headers, timestamp: 123 }), {
    partition: 0,
    offset: 0,
  })
  const { parts, stream } = readPublish(new ByteReader(publishesOf(broker)[0]!.body))
  assert.equal(stream, 'S')
  const [record] = decodeRecords(parts[0]!.batch, 0)
  assert.equal(record!.timestamp, 123)
  assert.equal(record!.subject, 'a.b')
  assert.deepEqual(Buffer.from(record!.data!).toString(), 'hällo')
  assert.deepEqual(Object.keys(record!.headers), ['trace', 'bytes', 'none'])
  assert.deepEqual(Buffer.from(record!.headers['bytes']!), Buffer.from([1, 2]))
  assert.equal(record!.headers['none'], null)
})

test('headers as pairs: in their order, and one name as often as it is given', async (t) => {
  const { broker, client } = await scene(t)
  const pairs = [
    ['b', '1'],
    ['a', null],
    ['b', new Uint8Array([50])],
  ] as const
  await client.publish('S', 'a', 'x', { headers: pairs })
  const { parts } = readPublish(new ByteReader(publishesOf(broker)[0]!.body))
  const [start] = decodeRecords(parts[0]!.batch, 0)
  assert.deepEqual({ ...start!.headers }, { b: Buffer.from('2'), a: null })
  const wrong = [[1, 'x']] as unknown as typeof pairs
  await assert.rejects(client.publish('S', 'a', 'x', { headers: wrong }), { code: 'invalid-request' })
})

test('a tombstone is published as null', async (t) => {
  const { broker, client } = await scene(t)
  await client.publish('S', 'a', null)
  assert.deepEqual(recordsOf(publishesOf(broker)[0]!), [{ partition: 0, subject: 'a', data: null }])
})

test('messages of one turn travel together, in the order of the calls', async (t) => {
  const { broker, client } = await scene(t)
  await client.publish('S', 'first', 'x')
  const published = await Promise.all(
    Array.from({ length: 500 }, (_, index) => client.publish('S', 'a', `${index}`)),
  )
  assert.deepEqual(
    published.map(({ offset }) => offset),
    Array.from({ length: 500 }, (_, index) => 1 + index),
  )
  const publishes = publishesOf(broker)
  assert.equal(publishes.length, 2)
  assert.deepEqual(
    recordsOf(publishes[1]!).map(({ data }) => Number(data)),
    Array.from({ length: 500 }, (_, i) => i),
  )
})

test('the bytes of the caller are its own again at once', async (t) => {
  const { broker, client } = await scene(t)
  await client.publish('S', 'a', 'x')
  const data = Buffer.from('before')
  const published = client.publish('S', 'a', data)
  data.fill('!')
  await published
  assert.equal(recordsOf(publishesOf(broker)[1]!)[0]!.data, 'before')
})

test('while one load is under way the next gathers, and order holds', async (t) => {
  const held: ReceivedRequest[] = []
  const { broker, client } = await scene(t)
  await client.publish('S', 'a', 'x')
  broker.script = (request) => request.opcode === opcodes.publish && held.push(request) > 0
  const all = [client.publish('S', 'a', '0')]
  await until(() => held.length === 1)
  for (let index = 1; index < 10; index++) {
    all.push(client.publish('S', 'a', `${index}`))
    await delay(1)
  }
  assert.equal(held.length, 1)
  held[0]!.peer.answer(held[0]!)
  await until(() => held.length === 2)
  held[1]!.peer.answer(held[1]!)
  assert.deepEqual(
    (await Promise.all(all)).map(({ offset }) => offset),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  )
})

test('a refused message does not take its neighbours with it', async (t) => {
  const { broker, client } = await scene(
    t,
    refusing('bad', new BrokerError('subject-not-in-stream', 'bad is not in S')),
  )
  await client.publish('S', 'a', 'x')
  const subjects = ['a', 'b', 'bad', 'c', 'd']
  const results = await Promise.allSettled(subjects.map((subject) => client.publish('S', subject, subject)))
  assert.deepEqual(
    results.map(({ status }) => status === 'fulfilled'),
    [true, true, false, true, true],
  )
  assert.ok(code('subject-not-in-stream')((results[2] as PromiseRejectedResult).reason))
  const offsets = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.offset] : []))
  assert.deepEqual(offsets, [1, 2, 3, 4])
  assert.equal(publishesOf(broker).length, 1 + 1 + 5)
})

test('the neighbours of a refused message keep their headers, timestamps and tombstones', async (t) => {
  const { broker, client } = await scene(
    t,
    refusing('bad', new BrokerError('message-too-large', 'too large')),
  )
  await client.publish('S', 'a', 'x')
  const kept = client.publish('S', 'k', null, { headers: { a: 'b', n: null }, timestamp: 42 })
  await assert.rejects(client.publish('S', 'bad', 'x'), code('message-too-large'))
  await kept
  const single = publishesOf(broker).find((request) =>
    recordsOf(request).every(({ subject }) => subject === 'k'),
  )!
  const [record] = decodeRecords(readPublish(new ByteReader(single.body)).parts[0]!.batch, 0)
  assert.equal(record!.timestamp, 42)
  assert.equal(record!.data, null)
  assert.deepEqual({ ...record!.headers }, { a: Buffer.from('b'), n: null })
})

test("a refusal that is nobody's fault goes to all, and is not tried message by message", async (t) => {
  const { broker, client } = await scene(t, refusing('a', new BrokerError('disk-full', 'The disk is full')))
  const results = await Promise.allSettled(['a', 'b'].map((subject) => client.publish('S', subject, 'x')))
  assert.ok(results.every(({ status }) => status === 'rejected'))
  assert.equal(publishesOf(broker).length, 1)
})

test('subjects go to the partitions that Kafka would choose', async (t) => {
  const { broker, client } = await scene(t)
  broker.partitions = 4
  const subjects = Array.from({ length: 40 }, (_, index) => `orders.ü.${index}`)
  const published = await Promise.all(subjects.map((subject) => client.publish('S', subject, subject)))
  const expected = subjects.map((subject) => partitionOfKey(Buffer.from(subject), 4))
  assert.deepEqual(
    published.map(({ partition }) => partition),
    expected,
  )
  assert.equal(publishesOf(broker).length, 1)
  assert.equal(broker.count(opcodes.call), 1)
})

test('a stream that has other partitions now is looked at again, and the message sent there', async (t) => {
  const { broker, client } = await scene(t)
  broker.partitions = 8
  await client.publish('S', 'a', 'x')
  broker.partitions = 1
  broker.script = (request) => {
    if (request.opcode !== opcodes.publish || recordsOf(request).every(({ partition }) => partition === 0))
      return false
    request.peer.refuse(request, new BrokerError('unknown-partition', 'no such partition'))
    return true
  }
  const published = await Promise.all(
    ['a', 'b', 'c', 'd'].map((subject) => client.publish('S', subject, 'x')),
  )
  assert.deepEqual(
    published.map(({ partition }) => partition),
    [0, 0, 0, 0],
  )
})

for (const [what, publish, expected] of [
  ['a subject with a blank', (client: Client) => client.publish('S', 'a b', 'x'), 'invalid-subject'],
  ['a pattern for a subject', (client: Client) => client.publish('S', 'a.>', 'x'), 'invalid-subject'],
  ['a lone surrogate', (client: Client) => client.publish('S', 'a\ud800', 'x'), 'invalid-subject'],
  ['an object for data', (client: Client) => client.publish('S', 'a', {} as string), 'invalid-request'],
  [
    'undefined for data',
    (client: Client) => client.publish('S', 'a', undefined as unknown as null),
    'invalid-request',
  ],
  [
    'a number for a header',
    (client: Client) => client.publish('S', 'a', 'x', { headers: { n: 1 as unknown as string } }),
    'invalid-request',
  ],
  [
    'a timestamp with a fraction',
    (client: Client) => client.publish('S', 'a', 'x', { timestamp: 1.5 }),
    'invalid-request',
  ],
] as const) {
  test(`${what} is refused before anything is sent`, async (t) => {
    const { broker, client } = await scene(t)
    await assert.rejects(publish(client), code(expected))
    assert.equal(broker.requests.length, 1)
  })
}

test('a signal stops waiting', async (t) => {
  const { broker, client } = await scene(t)
  await client.publish('S', 'a', 'x')
  broker.script = () => true
  const controller = new AbortController()
  const published = client.publish('S', 'a', 'x', { signal: controller.signal })
  controller.abort()
  await assert.rejects(published, code('aborted'))
  await assert.rejects(client.publish('S', 'a', 'x', { signal: controller.signal }), code('aborted'))
})

test('publishBatch: offsets in the order given, over partitions', async (t) => {
  const { broker, client } = await scene(t)
  broker.partitions = 3
  const messages = Array.from({ length: 30 }, (_, index) => ({ subject: `s.${index}`, data: `${index}` }))
  const published = await client.publishBatch('S', messages)
  assert.equal(publishesOf(broker).length, 1)
  const [request] = publishesOf(broker)
  const { parts } = readPublish(new ByteReader(request!.body))
  assert.equal(parts.length, 3)
  const flat = recordsOf(request!)
  for (const [index, { partition, offset }] of published.entries()) {
    assert.deepEqual(flat[offset], { partition, subject: `s.${index}`, data: `${index}` })
  }
  assert.deepEqual(await client.publishBatch('S', []), [])
})

test('publishBatch: one bad message and nothing is sent', async (t) => {
  const { broker, client } = await scene(t)
  const bad = client.publishBatch('S', [
    { subject: 'a', data: 'x' },
    { subject: '', data: 'x' },
  ])
  await assert.rejects(bad, code('invalid-subject'))
  assert.equal(publishesOf(broker).length, 0)
})

test('publishBatch: large ones are cut into batches and frames that the broker takes', async (t) => {
  const { broker, client } = await scene(t)
  broker.frameBytesMax = 3 * 1024 * 1024
  broker.peer.socket.destroy()
  await until(() => broker.peers.length === 2 && client.isConnected)
  const sizes = [300_000, 900_000, 200_000, 2_500_000, 100, 700_000, 700_000, 700_000]
  const messages = sizes.map((size, index) => ({ subject: 's', data: `${index}`.padEnd(size, '.') }))
  const published = await client.publishBatch('S', messages)
  assert.deepEqual(
    published.map(({ offset }) => offset),
    sizes.map((_, index) => index),
  )
  for (const { body } of publishesOf(broker)) {
    assert.ok(body.length <= broker.frameBytesMax)
    for (const { batch } of readPublish(new ByteReader(body)).parts) {
      assert.ok(batch.length <= 1024 * 1024 || decodeRecords(batch, 0).length === 1, `${batch.length}`)
    }
  }
})

test('publishBatch: when a later frame is refused, the error says what is stored', async (t) => {
  let frames = 0
  const { broker, client } = await scene(t, (request) => {
    if (request.opcode !== opcodes.publish || ++frames < 3) return false
    request.peer.refuse(request, new BrokerError('disk-full', 'The disk is full'))
    return true
  })
  broker.frameBytesMax = 1024 * 1024
  broker.peer.socket.destroy()
  await until(() => broker.peers.length === 2 && client.isConnected)
  const messages = Array.from({ length: 10 }, () => ({ subject: 's', data: 'x'.repeat(400_000) }))
  await assert.rejects(client.publishBatch('S', messages), (error: BrokerError) => {
    assert.equal(error.code, 'partly-stored')
    assert.match(error.message, /^The first 4 of 10 messages are stored/)
    return true
  })
})

test('publisher: gathers, keeps the order, flushes', async (t) => {
  const { broker, client } = await scene(t)
  const publisher = client.publisher('S', { lingerMs: 5_000, batchBytes: 10_000 })
  for (let index = 0; index < 1_000; index++) await publisher.send('s', `${index}`, { headers: { h: 'v' } })
  await publisher.flush()
  const seen = publishesOf(broker)
    .flatMap(recordsOf)
    .map(({ data }) => Number(data))
  assert.deepEqual(
    seen,
    Array.from({ length: 1_000 }, (_, index) => index),
  )
  assert.ok(
    publishesOf(broker).length >= 5 && publishesOf(broker).length <= 20,
    `${publishesOf(broker).length}`,
  )
  await publisher.close()
  await assert.rejects(publisher.send('s', 'x'), code('client-closed'))
})

test('publisher: messages go out after lingerMs without a flush', async (t) => {
  const { broker, client } = await scene(t)
  const publisher = client.publisher('S', { lingerMs: 10 })
  await publisher.send('s', 'x')
  await until(() => publishesOf(broker).length === 1)
  await publisher.close()
})

test('publisher: messages sent while the partitions are asked for stay in order', async (t) => {
  const { broker, client } = await scene(t)
  const publisher = client.publisher('S')
  const sent = Array.from({ length: 50 }, (_, index) => publisher.send('s', `${index}`))
  await sent[0]
  sent.push(publisher.send('s', '50'))
  await Promise.all(sent)
  await publisher.flush()
  const seen = publishesOf(broker)
    .flatMap(recordsOf)
    .map(({ data }) => Number(data))
  assert.deepEqual(
    seen,
    Array.from({ length: 51 }, (_, index) => index),
  )
})

test('publisher: holds its caller back when the broker does not answer', async (t) => {
  const held: ReceivedRequest[] = []
  const { broker, client } = await scene(t)
  await client.publish('S', 'a', 'x')
  broker.script = (request) => request.opcode === opcodes.publish && held.push(request) > 0
  const publisher = client.publisher('S', { batchBytes: 1_000, maxInFlightBatches: 2, lingerMs: 0 })
  let sent = 0
  const producing = (async () => {
    for (; sent < 100; sent++) await publisher.send('s', 'x'.repeat(500))
  })()
  await delay(50)
  assert.equal(held.length, 2)
  assert.ok(sent < 10, `${sent} were taken`)
  broker.script = () => false
  for (const request of held) request.peer.answer(request)
  await producing
  await publisher.close()
  assert.equal(broker.nextOffset, 101)
})

test('publisher: one who does not await is bounded by maxBufferedBytes', async (t) => {
  const { broker, client } = await scene(t, undefined, { maxBufferedBytes: 50_000 })
  await client.publish('S', 'a', 'x')
  broker.script = ({ opcode }) => opcode === opcodes.publish
  const publisher = client.publisher('S', { batchBytes: 1_000 })
  const sent = Promise.allSettled(Array.from({ length: 200 }, () => publisher.send('s', 'x'.repeat(500))))
  await delay(20)
  broker.script = () => false
  broker.peer.socket.destroy()
  await assert.rejects(publisher.close(), code('outcome-unknown'))
  const refused = (await sent).flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  )
  assert.ok(refused.length > 50 && refused.length < 150, `${refused.length} refused`)
  assert.ok(refused.every(code('publish-buffer-full')))
})

test('publisher: flush says how many were not confirmed, onError of which batch', async (t) => {
  const { broker, client } = await scene(
    t,
    refusing('bad', new BrokerError('subject-not-in-stream', 'bad is not in S')),
  )
  const errors: number[] = []
  const publisher = client.publisher('S', {
    lingerMs: 5_000,
    onError: (_, messageCount) => errors.push(messageCount),
  })
  for (const subject of ['a', 'bad', 'b']) await publisher.send(subject, 'x')
  await assert.rejects(publisher.flush(), (error: BrokerError) => {
    assert.equal(error.code, 'subject-not-in-stream')
    assert.match(error.message, /^3 messages were not confirmed/)
    return true
  })
  assert.deepEqual(errors, [3])
  await publisher.send('c', 'x')
  await publisher.close()
  assert.equal(broker.nextOffset, 1)
})

test('closing the client sends all that was published before, load after load', async (t) => {
  const { broker, client } = await scene(t)
  await client.publish('S', 'a', 'x')
  const published: Promise<unknown>[] = []
  for (let index = 0; index < 5; index++) {
    published.push(client.publish('S', 'a', `${index}`))
    await delay(0)
  }
  const publisher = client.publisher('S', { batchBytes: 100, maxInFlightBatches: 1 })
  for (let index = 0; index < 5; index++) void publisher.send('a', 'x'.repeat(200))
  await client.close()
  await Promise.all(published)
  assert.equal(broker.nextOffset, 11)
})

test('closing the client sends what a publisher has gathered', async (t) => {
  const { broker, client } = await scene(t)
  const publisher = client.publisher('S', { lingerMs: 5_000 })
  await publisher.send('a', 'x')
  await client.close()
  assert.equal(broker.nextOffset, 1)
})
