// Requests of one connection: begun and answered in their order, whatever each of them takes, and ended in
// order.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ByteConnection } from '@sluice/protocol/bytes/byte-connection'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { requestOf } from '@sluice/protocol/kafka/client-frames'
import { heartbeatApi } from '@sluice/protocol/kafka/generated/heartbeat'
import type { HeartbeatRequest, HeartbeatResponse } from '@sluice/protocol/kafka/generated/heartbeat'
import { offsetDeleteApi } from '@sluice/protocol/kafka/generated/offset-delete'
import type {
  OffsetDeleteRequest,
  OffsetDeleteResponse,
} from '@sluice/protocol/kafka/generated/offset-delete'
import { connectionPair } from '../../io/memory-connection.ts'
import { sharedBounds } from '../connections/request-gate.ts'
import { HandlerTable, row } from './handler-row.ts'
import { KafkaConnection } from './kafka-connection.ts'
import type { KafkaDoor } from './kafka-connection.ts'
import type { KafkaServices } from './kafka-session.ts'

const limits = {
  requestsInProgressMax: 100,
  bytesInProgressMax: 10_000,
  kafkaFrameBytesMax: 10_000,
  kafkaIdleMs: 0,
  stalledPeerMs: 1000,
}

/** A connection whose requests end when the test says so. Heartbeats stand for what overlaps. */
class Scene {
  /** Names of the requests that have begun, in order. */
  readonly begun: string[] = []
  readonly errors: unknown[] = []
  readonly answered: number[] = []
  readonly bounds = sharedBounds(100_000)
  isClosed = false
  readonly connection: KafkaConnection
  readonly #client: ByteConnection
  readonly #ends = new Map<string, (outcome: 'answer' | 'nothing' | Error) => void>()
  #correlation = 0

  constructor() {
    const [ours, theirs] = connectionPair((callback) => setImmediate(callback))
    this.#client = theirs
    theirs.start({
      received: (chunk) => {
        const bytes = Buffer.from(chunk)
        for (let at = 0; at < bytes.length; at += 4 + bytes.readInt32BE(at))
          this.answered.push(bytes.readInt32BE(at + 4))
      },
      drained: () => {},
      closed: () => (this.isClosed = true),
    })
    const logger = { debug() {}, info() {}, warn() {}, error: (fields: object) => this.errors.push(fields) }
    const givenUp = { tell() {} }
    const services = { limits, bounds: this.bounds, logger, givenUp } as unknown as KafkaServices
    const table = new HandlerTable([
      row(heartbeatApi, (_session, request) => this.#begin<HeartbeatResponse>(request.memberId), {
        overlaps: true,
        refuse: (_request, errorCode) => ({ throttleTimeMs: 0, errorCode }),
      }),
      row(offsetDeleteApi, (_session, request) => this.#begin<OffsetDeleteResponse>(request.groupId)),
    ])
    const door: KafkaDoor = { services, table, ended: () => {} }
    this.connection = new KafkaConnection(ours, 0, door)
    this.connection.start()
  }

  /** Overlaps with others of its kind. */
  quick(name: string): void {
    const request: HeartbeatRequest = { groupId: 'g', generationId: 1, memberId: name, groupInstanceId: null }
    this.#client.write(requestOf(heartbeatApi, { version: 4, correlation: ++this.#correlation }, request))
  }

  exclusive(name: string): void {
    const request: OffsetDeleteRequest = { groupId: name, topics: [] }
    this.#client.write(requestOf(offsetDeleteApi, { version: 0, correlation: ++this.#correlation }, request))
  }

  async end(name: string, outcome: 'answer' | 'nothing' | Error = 'answer'): Promise<void> {
    this.#ends.get(name)!(outcome)
    await this.settle()
  }

  async settle(): Promise<void> {
    // Each way between the two ends takes one turn.
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
  }

  close(): void {
    this.#client.destroy(new Error('reset'))
  }

  #begin<Response>(name: string): Promise<Response | undefined> {
    this.begun.push(name)
    return new Promise((resolve, reject) => {
      this.#ends.set(name, (outcome) => {
        if (outcome instanceof Error) reject(outcome)
        else if (outcome === 'nothing') resolve(undefined)
        else resolve({ throttleTimeMs: 0, errorCode: 0, topics: [] } as Response)
      })
    })
  }
}

test('requests that may overlap begin at once, and are answered in their order', async () => {
  const scene = new Scene()
  for (const name of ['a', 'b', 'c']) scene.quick(name)
  await scene.settle()
  assert.deepEqual(scene.begun, ['a', 'b', 'c'])
  await scene.end('c')
  await scene.end('b')
  assert.deepEqual(scene.answered, [])
  await scene.end('a')
  assert.deepEqual(scene.answered, [1, 2, 3])
})

test('any other begins when all before it are answered, and the next when it is', async () => {
  const scene = new Scene()
  scene.quick('a')
  scene.quick('b')
  scene.exclusive('c')
  scene.quick('d')
  scene.exclusive('e')
  await scene.settle()
  assert.deepEqual(scene.begun, ['a', 'b'])
  await scene.end('b')
  assert.deepEqual(scene.begun, ['a', 'b'])
  await scene.end('a')
  assert.deepEqual(scene.begun, ['a', 'b', 'c'])
  await scene.end('c')
  assert.deepEqual(scene.begun, ['a', 'b', 'c', 'd'])
  await scene.end('d')
  await scene.end('e')
  assert.deepEqual(scene.answered, [1, 2, 3, 4, 5])
  assert.equal(scene.bounds.budget.bytes, 0)
  assert.equal(scene.bounds.room.bytes, 0)
})

test('a request without an answer leaves no gap', async () => {
  const scene = new Scene()
  scene.quick('a')
  scene.quick('b')
  await scene.settle()
  await scene.end('b')
  await scene.end('a', 'nothing')
  assert.deepEqual(scene.answered, [2])
})

test('one that fails is refused as its row says, and the others are answered', async () => {
  const scene = new Scene()
  for (const name of ['a', 'b']) scene.quick(name)
  await scene.settle()
  await scene.end('a', new BrokerError('unknown-stream', 'None'))
  await scene.end('b', new Error('nobody foresaw it'))
  assert.deepEqual(scene.answered, [1, 2])
  assert.equal(scene.errors.length, 1, 'only what was not foreseen is ours')
  scene.exclusive('c')
  await scene.settle()
  await scene.end('c', new Error('nobody foresaw it'))
  assert.equal(scene.isClosed, true, 'a row that cannot refuse ends the connection')
  assert.equal(scene.errors.length, 2)
})

test('a connection that ends gives back all that it had', async () => {
  const scene = new Scene()
  scene.quick('a')
  scene.exclusive('b')
  scene.quick('c')
  await scene.settle()
  assert.ok(scene.bounds.budget.bytes > 0)
  scene.close()
  await scene.settle()
  assert.equal(scene.connection.signal.aborted, true)
  await scene.end('a')
  assert.deepEqual(scene.begun, ['a'])
  assert.equal(scene.bounds.budget.bytes, 0)
  assert.equal(scene.bounds.room.bytes, 0)
})

test('stopping answers what has begun, and begins nothing more', async () => {
  const scene = new Scene()
  scene.quick('a')
  scene.exclusive('b')
  await scene.settle()
  let isStopped = false
  const stopped = scene.connection.stop().then(() => (isStopped = true))
  scene.quick('c')
  await scene.settle()
  assert.equal(isStopped, false)
  await scene.end('a')
  await stopped
  assert.deepEqual([scene.begun, scene.answered], [['a'], [1]])
  await scene.settle()
  assert.equal(scene.isClosed, true)
})
