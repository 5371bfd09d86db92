// The Kafka door over real sockets, byte by byte: what is no request, what is asked out of turn, and how
// connections end.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readAnswer, requestOf } from '@sluice/protocol/kafka/client-frames'
import { apiVersionsApi } from '@sluice/protocol/kafka/generated/api-versions'
import { fetchApi } from '@sluice/protocol/kafka/generated/fetch'
import { metadataApi } from '@sluice/protocol/kafka/generated/metadata'
import { saslAuthenticateApi } from '@sluice/protocol/kafka/generated/sasl-authenticate'
import { saslHandshakeApi } from '@sluice/protocol/kafka/generated/sasl-handshake'
import { zeroUuid } from '@sluice/protocol/kafka/kafka-fields'
import fc from 'fast-check'
import type { Logger } from '../../base/logger.ts'
import { Broker } from '../../broker.ts'
import { fetchRequest } from './fetch-request.contract.ts'
import { kafkaErrors } from './kafka-errors.ts'
import { kafkaHandlers } from './kafka-handlers.ts'
import { KafkaPeer } from './kafka-peer.contract.ts'

const frameBytesMax = 64 * 1024
const warnings: { code?: string; reason?: string }[] = []
const logger: Logger = {
  debug: () => {},
  info: () => {},
  warn: (fields) => void warnings.push(fields),
  error: (fields) => assert.fail(JSON.stringify(fields)),
}
let broker: Broker
let port: number

before(async () => {
  broker = await Broker.start({
    memory: true,
    kafka: { port: 0 },
    logger,
    limits: { kafkaFrameBytesMax: frameBytesMax, stalledPeerMs: 300, kafkaIdleMs: 400, connectionsMax: 40 },
  })
  port = broker.kafkaAddresses[0]!.port
})

after(() => broker.close())

const software = { clientSoftwareName: 'peer', clientSoftwareVersion: '1.0' }

test('ApiVersions tells the table, at every version', async () => {
  const peer = await KafkaPeer.open(port)
  for (let version = 0; version <= 4; version++) {
    const { errorCode, apiKeys } = await peer.ask(apiVersionsApi, version, software)
    assert.equal(errorCode, kafkaErrors.NONE)
    const expected = kafkaHandlers.map(({ api }) => ({
      apiKey: api.key,
      minVersion: api.advertisedFrom,
      maxVersion: api.versions.to,
    }))
    assert.deepEqual(apiKeys, expected)
  }
  peer.destroy()
})

test('who wants to say who they are hears that nobody asks, at every version, and goes on', async () => {
  const peer = await KafkaPeer.open(port)
  for (let version = 0; version <= 1; version++) {
    const { errorCode, mechanisms } = await peer.ask(saslHandshakeApi, version, { mechanism: 'PLAIN' })
    assert.deepEqual([errorCode, mechanisms], [kafkaErrors.ILLEGAL_SASL_STATE, []])
  }
  for (let version = 0; version <= 2; version++) {
    const { errorCode } = await peer.ask(saslAuthenticateApi, version, { authBytes: new Uint8Array([0, 97]) })
    assert.equal(errorCode, kafkaErrors.ILLEGAL_SASL_STATE)
  }
  assert.equal((await peer.ask(apiVersionsApi, 4, software)).errorCode, kafkaErrors.NONE)
  peer.destroy()
})

test('a version of ApiVersions that is not served is answered in 0, with those that are', async () => {
  const peer = await KafkaPeer.open(port)
  const request = Buffer.from(requestOf(apiVersionsApi, { version: 4, correlation: 77 }, software))
  request.writeInt16BE(99, 6)
  peer.send(request)
  const { errorCode, apiKeys } = readAnswer(apiVersionsApi, 0, await peer.answer(77))
  assert.equal(errorCode, kafkaErrors.UNSUPPORTED_VERSION)
  assert.deepEqual(apiKeys, [{ apiKey: 18, minVersion: 0, maxVersion: 4 }])
  assert.equal((await peer.ask(apiVersionsApi, 3, software)).errorCode, kafkaErrors.NONE, 'it may ask again')
  peer.destroy()
})

test('who calls itself nothing that could be a name is refused', async () => {
  const peer = await KafkaPeer.open(port)
  for (const clientSoftwareName of ['', '-', 'a b', 'ünï', 'x-']) {
    const answer = await peer.ask(apiVersionsApi, 3, { ...software, clientSoftwareName })
    assert.equal(answer.errorCode, kafkaErrors.INVALID_REQUEST, clientSoftwareName)
  }
  peer.destroy()
})

/** `bytes` end the connection, for a reason that the log names. */
async function endsConnection(bytes: Uint8Array, code: string, reason: RegExp): Promise<void> {
  const peer = await KafkaPeer.open(port)
  warnings.length = 0
  peer.send(bytes)
  await peer.closed()
  assert.equal(peer.frames.length, 0)
  assert.equal(warnings[0]?.code, code)
  assert.match(warnings[0]!.reason!, reason)
}

function frame(...body: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(4 + body.length)
  bytes.writeUInt32BE(body.length)
  bytes.set(body, 4)
  return bytes
}

const metadata = (version: number): Uint8Array =>
  requestOf(
    metadataApi,
    { version },
    {
      topics: [{ name: 'known-name', topicId: zeroUuid }],
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    },
  )

/** Of another version than was meant. */
function reversioned(bytes: Uint8Array, version: number): Uint8Array {
  const changed = Buffer.from(bytes)
  changed.writeInt16BE(version, 6)
  return changed
}

function shortened(bytes: Uint8Array, count: number): Uint8Array {
  const body = [...bytes.subarray(4, bytes.length - count)]
  return frame(...body)
}

test('what is no request ends the connection, and the log says why', async () => {
  const http = Buffer.from('GET / HTTP/1.1\r\n\r\n')
  await endsConnection(http, 'frame-too-large', /claims 1195725856 bytes/)
  await endsConnection(Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0]), 'frame-too-large', /claims 4294967295/)
  await endsConnection(frame(0, 3, 0), 'malformed-frame', /claims 3 bytes/)
  await endsConnection(frame(0, 3, 0, 1, 0, 0, 0), 'malformed-frame', /middle of a field/)
  await endsConnection(frame(0x7f, 0xff, 0, 1, 0, 0, 0, 1, 0, 0), 'unsupported-version', /API key 32767/)
  await endsConnection(frame(0, 4, 0, 1, 0, 0, 0, 1, 0, 0), 'unsupported-version', /API key 4/)
  await endsConnection(reversioned(metadata(1), 14), 'unsupported-version', /version 14; served are 0 to 13/)
  await endsConnection(reversioned(metadata(1), -1), 'unsupported-version', /version -1/)
})

test('a request that is cut short, claims too much or is no text ends the connection', async () => {
  // Few enough that the log tells each of them by itself.
  for (const version of [1, 4, 9, 12]) {
    for (const count of [1, 2, 4, 8, 11])
      await endsConnection(shortened(metadata(version), count), 'malformed-frame', /cannot be read/)
  }
  const absurd = Buffer.from(metadata(1))
  absurd.writeInt32BE(0x7fff_ffff, 18)
  await endsConnection(absurd, 'malformed-frame', /an array of 2147483647 elements/)
  const text = Buffer.from(metadata(1))
  text[text.length - 1] = 0xff
  await endsConnection(text, 'malformed-frame', /UTF-8/)
})

test('a frame of the largest size is taken, one byte more is not', async () => {
  const peer = await KafkaPeer.open(port)
  const largest = Buffer.alloc(frameBytesMax)
  const request = requestOf(apiVersionsApi, { version: 0, correlation: 5 }, software)
  largest.set(request)
  largest.writeUInt32BE(frameBytesMax - 4)
  peer.send(largest)
  await peer.answer(5)
  const size = Buffer.alloc(4)
  size.writeUInt32BE(frameBytesMax - 3)
  await endsConnection(size, 'frame-too-large', /is the limit/)
  peer.destroy()
})

test('a request in pieces is one request, and one that never ends is not waited for', async () => {
  const peer = await KafkaPeer.open(port)
  for (const byte of requestOf(apiVersionsApi, { version: 3, correlation: 9 }, software)) {
    peer.send(Uint8Array.of(byte))
    await sleep(2)
  }
  await peer.answer(9)
  warnings.length = 0
  peer.send(metadata(1).subarray(0, 10))
  await peer.closed()
  assert.equal(warnings[0]?.code, 'frame-timeout')
})

test('who asks for nothing is closed, who waits for an answer is not', async () => {
  const idle = await KafkaPeer.open(port)
  const waiting = await KafkaPeer.open(port)
  const own = await broker.connect()
  await own.streams.create('waited', {})
  const answer = waiting.ask(fetchApi, 4, fetchRequest({ name: 'waited', maxWaitMs: 1500 }))
  await idle.closed()
  assert.equal(waiting.isClosed, false)
  assert.equal((await answer).topics[0]!.partitions[0]!.errorCode, kafkaErrors.NONE)
  await waiting.closed()
  await own.close()
})

test('connections beyond the limit are turned away, and others go on', async () => {
  const first = await KafkaPeer.open(port)
  const others = await Promise.all(Array.from({ length: 45 }, () => KafkaPeer.open(port)))
  await sleep(100)
  assert.ok(others.filter(({ isClosed }) => isClosed).length >= 6)
  assert.equal((await first.ask(apiVersionsApi, 0, software)).errorCode, kafkaErrors.NONE)
  for (const peer of [first, ...others]) peer.destroy()
})

test(
  'who leaves while it waits is gone at once, whether it asked for more or not',
  { timeout: 30_000 },
  async (t) => {
    const small = await Broker.start({ memory: true, kafka: { port: 0 }, limits: { connectionsMax: 20 } })
    t.after(() => small.close())
    const own = await small.connect()
    await own.streams.create('left', {})
    await own.close()
    for (let round = 0; round < 3; round++) {
      const peers: KafkaPeer[] = []
      while (peers.length < 15) peers.push(await servedPeer(small.kafkaAddresses[0]!.port))
      for (const peer of peers)
        peer.send(requestOf(fetchApi, { version: 4 }, fetchRequest({ name: 'left', maxWaitMs: 600_000 })))
      await sleep(20)
      for (const peer of peers.slice(5)) peer.send(requestOf(apiVersionsApi, { version: 0 }, software))
      await sleep(20)
      for (const [at, peer] of peers.entries()) {
        if (at % 2 === 0) peer.socket.end()
        else peer.destroy()
      }
    }
  },
)

/** Of those that there is room for: who has left just now may still be there. */
async function servedPeer(port: number): Promise<KafkaPeer> {
  for (;;) {
    const peer = await KafkaPeer.open(port)
    try {
      await peer.ask(apiVersionsApi, 0, software)
      return peer
    } catch {
      await sleep(5)
    }
  }
}

test('any bytes behind a header are answered or end that connection, and no other', async () => {
  const row = fc.constantFrom(...kafkaHandlers.filter(({ api }) => api !== (apiVersionsApi as unknown)))
  await fc.assert(
    fc.asyncProperty(row, fc.nat(), fc.uint8Array({ maxLength: 300 }), async ({ api }, any, body) => {
      const version = api.versions.from + (any % (api.versions.to - api.versions.from + 1))
      const peer = await KafkaPeer.open(port)
      peer.send(frame(0, api.key, 0, version, 0, 0, 0, 1, 0, 0, ...body))
      peer.socket.end()
      await peer.closed()
    }),
    { numRuns: 100 },
  )
  const peer = await KafkaPeer.open(port)
  assert.equal((await peer.ask(apiVersionsApi, 0, software)).errorCode, kafkaErrors.NONE)
  peer.destroy()
})
