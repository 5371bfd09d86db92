// Connections that refuse, break, fall silent and talk nonsense, on real sockets.

import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { opcodes } from '@sluice/protocol/native/frame'
import type { Client } from '../client.ts'
import type { ClientOptions } from '../client-options.ts'
import { connect } from '../connect.ts'
import { ScriptedBroker, until } from '../testing/scripted-broker.contract.ts'
import type { ReceivedRequest, Script } from '../testing/scripted-broker.contract.ts'
import { nodePlatform } from '../transport/node-platform.ts'
import type { ClientPlatform } from '../transport/platform.ts'

const fast = { reconnect: { minMs: 1, maxMs: 20 } }

async function brokerFor(t: TestContext, script?: Script): Promise<ScriptedBroker> {
  const broker = await ScriptedBroker.start(script)
  t.after(() => broker.close())
  return broker
}

async function clientOf(
  t: TestContext,
  broker: ScriptedBroker,
  options: ClientOptions = {},
): Promise<Client> {
  const client = await connect({ servers: [broker.address], ...fast, ...options })
  t.after(() => client.close())
  return client
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof BrokerError && error.code === expected
}

test('connect says of each server why it is not the one', async () => {
  const [one, two] = [await freePort(), await freePort()]
  const servers = [`127.0.0.1:${one}`, `localhost:${two}`]
  await assert.rejects(connect({ servers, connectTimeoutMs: 150, ...fast }), (error: BrokerError) => {
    assert.equal(error.code, 'no-server')
    for (const server of servers) assert.match(error.message, new RegExp(`${server} \\([^)]*ECONNREFUSED`))
    return true
  })
})

test('connect waits for a broker that starts late', async (t) => {
  const port = await freePort()
  const connecting = connect({ servers: [`127.0.0.1:${port}`], ...fast })
  await delay(50)
  const broker = await ScriptedBroker.start(undefined, port)
  t.after(() => broker.close())
  const client = await connecting
  assert.equal(client.isConnected, true)
  await client.close()
})

test('a server that does not answer is given up for the next one', async (t) => {
  const silent = await brokerFor(t, () => true)
  const good = await brokerFor(t)
  const platform = { ...nodePlatform, randomU32: () => 0 }
  const servers = [silent.address, good.address]
  const client = await connect({ servers, connectTimeoutMs: 2_500, platform, ...fast })
  assert.equal(silent.peers.length, 1)
  assert.equal(good.peers.length, 1)
  await client.close()
})

test('another version of the protocol is a typed error, at once', async (t) => {
  const broker = await brokerFor(t, (request) => {
    request.peer.refuse(request, new BrokerError('unsupported-version', 'This broker speaks versions 7 to 9'))
    return true
  })
  const startedMs = Date.now()
  await assert.rejects(connect({ servers: [broker.address] }), (error: BrokerError) => {
    assert.equal(error.code, 'unsupported-version')
    assert.match(error.message, /versions 7 to 9/)
    return true
  })
  assert.ok(Date.now() - startedMs < 2_000)
})

test('something that is no broker is a typed error, at once', async (t) => {
  const broker = await brokerFor(t, ({ peer }) => {
    peer.socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
    return true
  })
  await assert.rejects(connect({ servers: [broker.address] }), code('frame-too-large'))
})

test('connect can be aborted, before and while it tries', async () => {
  const servers = [`127.0.0.1:${await freePort()}`]
  await assert.rejects(connect({ servers, signal: AbortSignal.abort() }), code('aborted'))
  const controller = new AbortController()
  const connecting = connect({ servers, signal: controller.signal })
  controller.abort()
  await assert.rejects(connecting, code('aborted'))
})

test('answers may come in any order, and answers to nobody are ignored', async (t) => {
  const held: ReceivedRequest[] = []
  const broker = await brokerFor(t, (request) => request.opcode === opcodes.call && held.push(request) > 0)
  const client = await clientOf(t, broker)
  const asked = ['a', 'b', 'c'].map((name) => client.consumers.get('S', name))
  await until(() => held.length === 3)
  broker.peer.send(opcodes.call, 4_000_000_000, (writer) => writer.raw(Buffer.from('{}')))
  for (const request of held.reverse()) request.peer.answer(request)
  const names = (await Promise.all(asked)).map(({ info }) => info.name)
  assert.deepEqual(names, ['a', 'b', 'c'])
})

test('an answer with the wrong opcode ends the connection', async (t) => {
  const broker = await brokerFor(t, (request) => {
    if (request.opcode !== opcodes.publish) return false
    request.peer.send(opcodes.settle, request.correlation)
    return true
  })
  const client = await clientOf(t, broker)
  const reasons: BrokerError[] = []
  client.on('disconnect', ({ reason }) => reasons.push(reason))
  await assert.rejects(client.publish('S', 'a', 'x'), code('outcome-unknown'))
  assert.equal(reasons[0]!.code, 'malformed-frame')
})

for (const [what, bytes, expected] of [
  ['garbage', Buffer.from('not a frame at all, but long enough to be taken for one'), 'frame-too-large'],
  ['a length of 2^31', Buffer.from([0x80, 0, 0, 0, 3, 0, 0, 0, 0, 0]), 'frame-too-large'],
  ['a length that is too small', Buffer.from([0, 0, 0, 2, 3, 0]), 'malformed-frame'],
  ['a DELIVER that is cut off', Buffer.from([0, 0, 0, 9, 10, 0, 0, 0, 0, 0, 1, 2, 3]), 'malformed-frame'],
] as const) {
  test(`${what} from the broker ends the connection, and the client goes on with another`, async (t) => {
    const broker = await brokerFor(t)
    const client = await clientOf(t, broker)
    const reasons: BrokerError[] = []
    client.on('disconnect', ({ reason }) => reasons.push(reason))
    const reconnected = new Promise<{ server: string }>((resolve) => client.on('reconnect', resolve))
    broker.peer.socket.write(bytes)
    assert.equal((await reconnected).server, broker.address)
    assert.equal(reasons[0]!.code, expected)
    assert.deepEqual(await client.publish('S', 'a', 'x'), { partition: 0, offset: 0 })
  })
}

test('half a frame and then silence is noticed by the keep-alive', async (t) => {
  const broker = await brokerFor(t)
  broker.keepAliveMs = 60
  const client = await clientOf(t, broker)
  const reason = new Promise<BrokerError>((resolve) =>
    client.on('disconnect', (event) => resolve(event.reason)),
  )
  broker.peer.socket.write(Buffer.from([0, 0, 0, 100, 3, 0, 0]))
  assert.equal((await reason).code, 'peer-silent')
})

test('a broker that sends PING keeps the connection, and hears PING from a quiet client', async (t) => {
  const broker = await brokerFor(t)
  broker.keepAliveMs = 60
  const client = await clientOf(t, broker)
  const { peer } = broker
  const beat = setInterval(() => peer.send(opcodes.ping, 0), 20)
  t.after(() => clearInterval(beat))
  await delay(250)
  assert.equal(broker.peers.length, 1)
  assert.equal(client.isConnected, true)
  assert.ok(broker.count(opcodes.ping) >= 4, `${broker.count(opcodes.ping)} pings`)
})

test('GOODBYE says why the connection ends', async (t) => {
  const broker = await brokerFor(t)
  const client = await clientOf(t, broker)
  const reason = new Promise<BrokerError>((resolve) =>
    client.on('disconnect', (event) => resolve(event.reason)),
  )
  broker.peer.send(opcodes.goodbye, 0, (writer) => {
    writer.u16(13)
    writer.string32('The broker is stopping for lunch')
  })
  broker.peer.socket.end()
  assert.equal((await reason).code, 'stopping')
  assert.equal((await reason).message, 'The broker is stopping for lunch')
})

test('a break in the middle: writes are outcome-unknown, reads are asked again', async (t) => {
  const held: ReceivedRequest[] = []
  const broker = await brokerFor(t, (request) => request.opcode === opcodes.call && held.push(request) > 0)
  const client = await clientOf(t, broker)
  const created = assert.rejects(client.streams.create('S'), code('outcome-unknown'))
  const got = client.streams.get('S')
  await until(() => held.length === 2)
  broker.script = () => false
  broker.peer.socket.destroy()
  await created
  assert.equal((await got).name, 'S')
  assert.equal(broker.peers.length, 2)
})

test('without a connection requests wait, and are sent when there is one', async (t) => {
  const broker = await brokerFor(t)
  const client = await clientOf(t, broker)
  await client.publish('S', 'a', 'x')
  await broker.close()
  await until(() => !client.isConnected)
  const got = client.streams.get('S')
  const published = client.publish('S', 'a', 'y')
  const again = await ScriptedBroker.start(undefined, broker.port)
  t.after(() => again.close())
  assert.equal((await got).name, 'S')
  assert.deepEqual(await published, { partition: 0, offset: 0 })
})

test('without a connection requests wait so long and not longer', async (t) => {
  const broker = await brokerFor(t)
  const client = await clientOf(t, broker, { requestTimeoutMs: 80 })
  await broker.close()
  await until(() => !client.isConnected)
  await assert.rejects(client.streams.get('S'), (error: BrokerError) => {
    assert.equal(error.code, 'disconnected')
    assert.match(error.message, /no connection for 80 ms.*ECONNREFUSED/)
    return true
  })
})

test('without a connection no more than maxBufferedBytes are held', async (t) => {
  const broker = await brokerFor(t)
  const client = await clientOf(t, broker, { maxBufferedBytes: 10_000 })
  await client.publish('S', 'a', 'x')
  broker.script = ({ opcode }) => opcode === opcodes.publish
  const held = client.publish('S', 'a', 'x'.repeat(8_000))
  await assert.rejects(client.publish('S', 'a', 'x'.repeat(8_000)), code('publish-buffer-full'))
  broker.script = () => false
  broker.peer.socket.destroy()
  await assert.rejects(held, code('outcome-unknown'))
  await client.publish('S', 'a', 'x'.repeat(8_000))
})

test('a request without an answer times out; its late answer is ignored, its bytes are free', async (t) => {
  const held: ReceivedRequest[] = []
  const broker = await brokerFor(t, (request) => request.opcode === opcodes.publish && held.push(request) > 0)
  const client = await clientOf(t, broker, { requestTimeoutMs: 60, maxBufferedBytes: 10_000 })
  await assert.rejects(client.publish('S', 'a', 'x'.repeat(8_000)), code('timeout'))
  broker.script = () => false
  broker.peer.answer(held[0]!)
  assert.deepEqual(await client.publish('S', 'a', 'x'.repeat(8_000)), { partition: 0, offset: 1 })
  assert.equal(broker.peers.length, 1)
})

test('connections that break at once are not tried again in a hurry', async (t) => {
  const broker = await brokerFor(t)
  await clientOf(t, broker, { reconnect: { minMs: 10, maxMs: 10_000 } })
  broker.script = ({ peer, opcode }) => {
    if (opcode === opcodes.hello) setImmediate(() => peer.socket.destroy())
    return false
  }
  broker.peer.socket.destroy()
  await delay(300)
  assert.ok(broker.peers.length < 30, `${broker.peers.length} connections`)
})

test('connectTimeoutMs bounds the first connection; later tries have a bound of their own', async (t) => {
  const broker = await brokerFor(t)
  const waits: number[] = []
  const platform: ClientPlatform = {
    ...nodePlatform,
    after: (ms, callback) => {
      waits.push(ms)
      return nodePlatform.after(ms, callback)
    },
  }
  const client = await clientOf(t, broker, { platform, connectTimeoutMs: 3_600_000 })
  assert.ok(waits.includes(3_600_000))
  waits.length = 0
  broker.peer.socket.destroy()
  await until(() => broker.peers.length === 2 && client.isConnected)
  assert.ok(waits.includes(5_000) && !waits.includes(3_600_000), waits.join(' '))
})

test('close answers what is under way, then refuses', async (t) => {
  const broker = await brokerFor(t)
  const client = await clientOf(t, broker)
  await client.publish('S', 'a', 'x')
  const published = client.publish('S', 'a', 'y')
  const closing = client.close()
  assert.deepEqual(await published, { partition: 0, offset: 1 })
  await closing
  await until(() => broker.peer.socket.destroyed || broker.peer.socket.readableEnded)
  await assert.rejects(client.publish('S', 'a', 'z'), code('client-closed'))
  await assert.rejects(client.streams.list(), code('client-closed'))
  assert.throws(() => client.publisher('S'), code('client-closed'))
})

test('close without a connection rejects what waits for one', async (t) => {
  const broker = await brokerFor(t)
  const client = await clientOf(t, broker)
  await broker.close()
  await until(() => !client.isConnected)
  const waiting = assert.rejects(client.streams.list(), code('client-closed'))
  await client.close()
  await waiting
})

test('a request larger than the broker takes is refused here, and the connection lives', async (t) => {
  const broker = await brokerFor(t)
  broker.frameBytesMax = 2_000
  const client = await clientOf(t, broker)
  await assert.rejects(client.publish('S', 'a', 'x'.repeat(3_000)), code('message-too-large'))
  await assert.rejects(client.streams.create('S', { subjects: ['x'.repeat(3_000)] }), code('batch-too-large'))
  assert.deepEqual(await client.publish('S', 'a', 'x'), { partition: 0, offset: 0 })
})

test('options out of bounds are refused by name', async () => {
  await assert.rejects(connect({ servers: [] }), /servers is empty/)
  const wrong = connect({ servers: ['nowhere:99999'] })
  await assert.rejects(wrong, {
    code: 'invalid-option',
    message: /^servers: 'nowhere:99999' is no server; .*Correct the named option of the client\.$/,
  })
  await assert.rejects(connect({ requestTimeoutMs: 0 }), /requestTimeoutMs is 0/)
  await assert.rejects(connect({ reconnect: { minMs: 100, maxMs: 50 } }), /reconnect.maxMs is 50/)
})
