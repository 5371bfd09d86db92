// The native server over real sockets, byte by byte.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { opcodes } from '@sluice/protocol/native/frame'
import type { Opcode } from '@sluice/protocol/native/frame'
import { writeHello } from '@sluice/protocol/native/handshake'
import {
  readFrom,
  readPublished,
  readReadResult,
  writePublish,
  writeRead,
} from '@sluice/protocol/native/publish-messages'
import type { ReadRequest } from '@sluice/protocol/native/publish-messages'
import { decodeRecords } from '@sluice/protocol/record/log-record'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { Broker } from '../../broker.ts'
import { callBody, frameOf, RawPeer } from './raw-peer.contract.ts'
import type { WriteBody } from './raw-peer.contract.ts'

const frameBytesMax = 2 * 1024 * 1024
let broker: Broker
let port: number

before(async () => {
  broker = await Broker.start({
    memory: true,
    listen: { port: 0 },
    limits: {
      frameBytesMax,
      handshakeTimeoutMs: 200,
      keepAliveMsMin: 200,
      stalledPeerMs: 400,
      subscriptionsMax: 2,
      requestsInProgressMax: 64,
    },
  })
  port = broker.address!.port
})

after(() => broker.close())

let streamCount = 0

async function madeStream(peer: RawPeer, config: object = {}): Promise<string> {
  const name = `S${++streamCount}`
  await peer.call('streams.create', { name, config })
  return name
}

function batchOf(size: number, key = 'a.b'): Uint8Array {
  const builder = new RecordBatchBuilder()
  builder.add(1000, key, new Uint8Array(size).fill(0x78))
  return builder.take()
}

function publishBody(stream: string, ...batches: Uint8Array[]): WriteBody {
  return (writer) =>
    writePublish(writer, { stream, parts: batches.map((batch) => ({ partition: 0, batch })) })
}

function readBody(stream: string, request: Partial<ReadRequest> = {}): WriteBody {
  const rest = { partition: 0, from: readFrom.first, value: 0, bytesMax: 0, waitMs: 0 }
  return (writer) => writeRead(writer, { stream, ...rest, ...request })
}

test('a handshake tells what to expect', async () => {
  const peer = await RawPeer.open(port)
  const welcome = await peer.hello(5_000)
  assert.deepEqual(welcome, {
    version: 1,
    keepAliveMs: 5_000,
    bootEpoch: 1,
    frameBytesMax,
    brokerName: 'sluice',
  })
  peer.destroy()
  const hasty = await RawPeer.open(port)
  assert.equal((await hasty.hello(1)).keepAliveMs, 200)
  hasty.destroy()
})

test('a version that nobody speaks is answered, then the connection closes', async () => {
  const peer = await RawPeer.open(port)
  await assert.rejects(peer.hello(5_000, 2, 9), { code: 'unsupported-version', message: /2 to 9.* 1/ })
  await peer.closed()
})

test('a version among several is found', async () => {
  const peer = await RawPeer.open(port)
  assert.equal((await peer.hello(5_000, 0, 9)).version, 1)
  peer.destroy()
})

for (const [what, bytes, code] of [
  ['garbage', new TextEncoder().encode('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), 'frame-too-large'],
  ['a length of 2^31', Uint8Array.of(0x80, 0, 0, 0, 1, 0), 'frame-too-large'],
  ['a length of 5', Uint8Array.of(0, 0, 0, 5, 1, 0, 0, 0, 0), 'malformed-frame'],
  ['another request before HELLO', frameOf(opcodes.call, 1, callBody('broker.info', {})), 'malformed-frame'],
  ['HELLO without its magic', frameOf(opcodes.hello, 1, (writer) => writer.u32(5)), 'malformed-frame'],
  ['half a HELLO', frameOf(opcodes.hello, 1, (writer) => writer.u32(0x534c4345)), 'malformed-frame'],
] as const) {
  test(`${what} ends the connection with a word`, async () => {
    const peer = await RawPeer.open(port)
    peer.send(bytes)
    assert.equal((await peer.goodbye()).error?.code, code)
    await peer.closed()
  })

  test(`${what} after the handshake`, async () => {
    const peer = await RawPeer.greeted(port)
    peer.send(bytes)
    const isFrame = bytes[0] === 0 && bytes[3]! > 5
    if (isFrame) assert.equal((await peer.ask(opcodes.call, callBody('broker.info', {}))).error, undefined)
    else await peer.closed()
    assert.equal(
      peer.frames.some(({ opcode }) => opcode === opcodes.goodbye),
      !isFrame,
    )
    peer.destroy()
  })
}

test('silence before HELLO, and half a HELLO, end with the handshake timeout', async () => {
  const [silent, halting] = [await RawPeer.open(port), await RawPeer.open(port)]
  const hello = frameOf(opcodes.hello, 1, (writer) =>
    writeHello(writer, { versionMin: 1, versionMax: 1, keepAliveMs: 5000, clientName: '' }),
  )
  halting.send(hello.subarray(0, 9))
  assert.equal((await silent.goodbye()).error?.code, 'handshake-timeout')
  assert.equal((await halting.goodbye()).error?.code, 'handshake-timeout')
  await Promise.all([silent.closed(), halting.closed()])
})

test('half a frame, then silence, ends with the keep-alive; a byte at a time does not', async () => {
  const peer = await RawPeer.greeted(port, 200)
  const frame = frameOf(opcodes.call, 77, callBody('broker.info', {}))
  for (const byte of frame) {
    peer.send(Uint8Array.of(byte))
    await sleep(3)
  }
  assert.equal((await peer.answer(77)).error, undefined)
  peer.send(frame.subarray(0, 20))
  assert.equal((await peer.goodbye()).error?.code, 'peer-silent')
  assert.ok(peer.pings >= 1, 'the broker kept its own side alive')
  await peer.closed()
})

test('pings keep a quiet connection open', async () => {
  const peer = await RawPeer.greeted(port, 200)
  for (let round = 0; round < 10; round++) {
    peer.send(frameOf(opcodes.ping, 0))
    await sleep(60)
  }
  assert.equal(peer.isClosed, false)
  peer.destroy()
})

test('a broker that was stopped for a while does not call its peers silent or stalled', async () => {
  const peer = await RawPeer.greeted(port, 200)
  await sleep(30)
  const untilMs = performance.now() + 900
  while (performance.now() < untilMs);
  // Lets the broker look at its peers before anything new has come.
  await sleep(60)
  for (let round = 0; round < 5; round++) {
    peer.send(frameOf(opcodes.ping, 0))
    await sleep(60)
  }
  await peer.call('broker.info', {})
  assert.deepEqual(
    peer.frames.filter(({ opcode }) => opcode === opcodes.goodbye),
    [],
  )
  peer.destroy()
})

test('requests of a pipeline are answered, publishes in their order', async () => {
  const peer = await RawPeer.greeted(port)
  const stream = await madeStream(peer)
  const frames = Array.from({ length: 300 }, (_, index) =>
    frameOf(opcodes.publish, 1000 + index, publishBody(stream, batchOf(index))),
  )
  peer.send(Buffer.concat(frames))
  for (let index = 0; index < 300; index++) {
    const { error, body } = await peer.answer(1000 + index)
    assert.equal(error, undefined)
    assert.deepEqual(readPublished(body), [{ partition: 0, baseOffset: index }])
  }
  peer.destroy()
})

test('a waiting read does not hold up the requests behind it', async () => {
  const peer = await RawPeer.greeted(port)
  const stream = await madeStream(peer)
  const waiting = peer.ask(opcodes.read, readBody(stream, { from: readFrom.next, waitMs: 30_000 }))
  await peer.call('broker.info', {})
  await peer.ask(opcodes.publish, publishBody(stream, batchOf(3)))
  const result = readReadResult((await waiting).body)
  assert.equal(result.nextOffset, 1)
  assert.equal(decodeRecords(result.batches, 0)[0]!.subject, 'a.b')
  peer.destroy()
})

test('many waiting reads keep nobody out', async () => {
  const peer = await RawPeer.greeted(port)
  const stream = await madeStream(peer)
  const waits = { from: readFrom.next, waitMs: 30_000, bytesMax: 8 * 1024 * 1024 }
  const waiting = Array.from({ length: 30 }, () => peer.ask(opcodes.read, readBody(stream, waits)))
  const other = await RawPeer.greeted(port)
  const published = await Promise.race([
    peer.ask(opcodes.publish, publishBody(stream, batchOf(3))),
    sleep(5000),
  ])
  assert.ok(published !== undefined && published.error === undefined)
  for (const { error, body } of await Promise.all(waiting)) {
    assert.equal(error, undefined)
    assert.equal(readReadResult(body).nextOffset, 1)
  }
  await other.call('broker.info', {})
  peer.destroy()
  other.destroy()
})

test('large batches come back as they were sent', async () => {
  const peer = await RawPeer.greeted(port)
  const stream = await madeStream(peer, { messageBytesMax: 2 * 1024 * 1024 })
  for (const size of [100, 20_000, 1_000_000])
    await peer.ask(opcodes.publish, publishBody(stream, batchOf(size)))
  let next = 0
  const sizes: number[] = []
  while (next < 3) {
    const { error, body } = await peer.ask(
      opcodes.read,
      readBody(stream, { from: 0, value: next, bytesMax: 100_000 }),
    )
    assert.equal(error, undefined)
    const result = readReadResult(body)
    for (let at = 0; at < result.batches.length;) {
      const [record] = decodeRecords(result.batches, at)
      sizes.push(record!.data!.length)
      at += new DataView(result.batches.buffer, result.batches.byteOffset).getInt32(at + 8) + 12
    }
    next = result.nextOffset
  }
  assert.deepEqual(sizes, [100, 20_000, 1_000_000])
  peer.destroy()
})

test('every bad request gets its code, and the connection goes on', async () => {
  const peer = await RawPeer.greeted(port)
  const stream = await madeStream(peer, { messageBytesMax: 100, subjects: ['a.>'] })
  const refused = async (opcode: number, body: WriteBody | undefined, code: string): Promise<void> => {
    const { error } = await peer.ask(opcode as Opcode, body)
    assert.equal(error?.code, code)
  }
  await refused(opcodes.publish, publishBody('none', batchOf(1)), 'unknown-stream')
  await refused(opcodes.publish, publishBody(stream, batchOf(98)), 'message-too-large')
  await refused(opcodes.publish, publishBody(stream, batchOf(1, 'b.c')), 'subject-not-in-stream')
  await refused(opcodes.publish, (writer) => writer.u16(50), 'invalid-request')
  await refused(opcodes.read, readBody(stream, { from: 0, value: 9 }), 'offset-out-of-range')
  await refused(opcodes.read, readBody(stream, { partition: 4 }), 'unknown-partition')
  await refused(99, undefined, 'unknown-method')
  await refused(opcodes.hello, undefined, 'unknown-method')
  await refused(
    opcodes.settle,
    (writer) => {
      writer.u32(5)
      writer.u32(0)
    },
    'unknown-subscription',
  )
  await refused(
    opcodes.setWindow,
    (writer) => {
      writer.u32(5)
      writer.u32(0)
    },
    'unknown-subscription',
  )
  await refused(opcodes.unsubscribe, (writer) => writer.u32(5), 'unknown-subscription')
  assert.equal((await peer.ask(opcodes.publish, publishBody(stream, batchOf(97)))).error, undefined)
  peer.destroy()
})

test('flags that nobody knows are refused', async () => {
  const peer = await RawPeer.greeted(port)
  const frame = frameOf(opcodes.call, 50, callBody('broker.info', {}))
  frame[5] = 2
  peer.send(frame)
  assert.equal((await peer.answer(50)).error?.code, 'invalid-request')
  peer.destroy()
})

for (const [method, params, code, text] of [
  ['nothing.known', {}, 'unknown-method', /nothing\.known/],
  ['toString', {}, 'unknown-method', /toString/],
  ['streams.get', { name: 'none' }, 'unknown-stream', /none/],
  ['streams.get', {}, 'invalid-request', /'name'/],
  ['streams.get', { name: 5 }, 'invalid-request', /'name' must be string/],
  ['streams.get', { name: 'x', colour: 'red' }, 'invalid-request', /'colour'/],
  ['streams.create', { name: 'x', config: { colour: 'red' } }, 'invalid-stream-config', /'colour'/],
  ['streams.create', { name: 'a/b', config: {} }, 'invalid-stream-name', /a\/b/],
  [
    'consumers.pools',
    { stream: 's', name: 'c', top: 'all', count: 5 },
    'invalid-request',
    /"inflight", "parked"/,
  ],
  ['consumers.pools', { stream: 's', name: 'c', top: 'parked', count: 1e9 }, 'invalid-request', /'count'/],
  ['consumers.get', { stream: 'none', name: 'c' }, 'unknown-stream', /none/],
] as const) {
  test(`${method} with ${JSON.stringify(params)} is refused as ${code}`, async () => {
    const peer = await RawPeer.greeted(port)
    await assert.rejects(peer.call(method, params), { code, message: text })
    assert.equal(((await peer.call('broker.info', {})) as { name: string }).name, 'sluice')
    peer.destroy()
  })
}

for (const [what, text] of [
  ['no JSON', '{"method":'],
  ['an array', '[]'],
  ['null', 'null'],
  ['no UTF-8', '\xff'],
  ['arrays without end', '['.repeat(500_000)],
] as const) {
  test(`a call that is ${what} is refused`, async () => {
    const peer = await RawPeer.greeted(port)
    const bytes = what === 'no UTF-8' ? Uint8Array.of(0xff) : new TextEncoder().encode(text)
    const { error } = await peer.ask(opcodes.call, (writer) => writer.raw(bytes))
    assert.equal(error?.code, 'invalid-request')
    assert.ok(error.message.length < 5000)
    await peer.call('broker.info', {})
    peer.destroy()
  })
}

test('an error never quotes more than a little of what was sent', async () => {
  const peer = await RawPeer.greeted(port)
  const error: Error = await peer.call(`x${'y'.repeat(900_000)}`, {}).then(
    () => assert.fail('it is unknown'),
    (reason: Error) => reason,
  )
  assert.ok(error.message.length < 5000, `${error.message.length} characters`)
  peer.destroy()
})

test('a call larger than a call may be is refused', async () => {
  const peer = await RawPeer.greeted(port)
  const { error } = await peer.ask(opcodes.call, (writer) =>
    writer.raw(new Uint8Array(1024 * 1024 + 1).fill(0x20)),
  )
  assert.equal(error?.code, 'invalid-request')
  peer.destroy()
})

test('the largest batch that can be published can be read', async () => {
  const peer = await RawPeer.greeted(port)
  const stream = await madeStream(peer, { messageBytesMax: 4 * 1024 * 1024 })
  const overhead = batchOf(1_500_000).length - 1_500_000
  const batchBytesMax = frameBytesMax - 512
  const largest = await peer.ask(opcodes.publish, publishBody(stream, batchOf(batchBytesMax - overhead)))
  assert.equal(largest.error, undefined)
  const tooLarge = await peer.ask(opcodes.publish, publishBody(stream, batchOf(batchBytesMax - overhead + 1)))
  assert.equal(tooLarge.error?.code, 'batch-too-large')
  const read = await peer.ask(opcodes.read, readBody(stream))
  assert.equal(read.error, undefined)
  assert.ok(read.body.end + 10 <= frameBytesMax)
  peer.destroy()
})

test('a frame of the largest size is taken, one byte more ends the connection', async () => {
  const peer = await RawPeer.greeted(port)
  const largest = await peer.ask(opcodes.call, (writer) => writer.raw(new Uint8Array(frameBytesMax - 10)))
  assert.equal(largest.error?.code, 'invalid-request')
  const { goodbye } = await Promise.resolve({ goodbye: peer.goodbye() })
  peer.send(frameOf(opcodes.call, 9, (writer) => writer.raw(new Uint8Array(frameBytesMax - 9))))
  assert.equal((await goodbye).error?.code, 'frame-too-large')
  await peer.closed()
})

test('a reader that does not read is held back, closed, and costs a bounded amount of memory', async () => {
  const peer = await RawPeer.greeted(port)
  const stream = await madeStream(peer)
  for (let count = 0; count < 8; count++)
    await peer.ask(opcodes.publish, publishBody(stream, batchOf(500_000)))
  const other = await RawPeer.greeted(port)
  peer.socket.pause()
  const before = process.memoryUsage().arrayBuffers
  const request = (correlation: number): Uint8Array =>
    frameOf(opcodes.read, correlation, readBody(stream, { bytesMax: 4_000_000 }))
  peer.send(Buffer.concat(Array.from({ length: 500 }, (_, index) => request(10_000 + index))))
  let highest = 0
  for (let round = 0; round < 20 && !peer.socket.destroyed; round++) {
    highest = Math.max(highest, process.memoryUsage().arrayBuffers - before)
    await other.call('broker.info', {})
    await sleep(50)
  }
  assert.ok(highest < 80_000_000, `${highest} bytes for 2 GB of answers`)
  const info = (await other.call('streams.list', {})) as unknown[]
  assert.ok(info.length > 0)
  peer.socket.resume()
  await peer.closed()
  assert.ok(
    peer.frames.filter(({ opcode }) => opcode === opcodes.read).length < 60,
    'it was not served to the end',
  )
  other.destroy()
})

test('a peer that goes on reading, however slowly, is not closed', async () => {
  const peer = await RawPeer.greeted(port)
  const stream = await madeStream(peer)
  await peer.ask(opcodes.publish, publishBody(stream, batchOf(900_000)))
  peer.socket.pause()
  for (let index = 0; index < 8; index++) peer.send(frameOf(opcodes.read, 20_000 + index, readBody(stream)))
  for (let round = 0; round < 18; round++) {
    await sleep(80)
    peer.socket.resume()
    await sleep(5)
    peer.socket.pause()
  }
  peer.socket.resume()
  for (let index = 0; index < 8; index++) assert.equal((await peer.answer(20_000 + index)).error, undefined)
  peer.destroy()
})
