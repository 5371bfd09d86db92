// `consumer.fetch` and consumers that settle by delivering: messages that are pulled, against a scripted
// broker that has some and delivers as many as it is asked for.

import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { readSubscribe, settleVerbs } from '@sluice/protocol/native/flow-messages'
import { opcodes } from '@sluice/protocol/native/frame'
import type { Client } from '../client.ts'
import { connect } from '../connect.ts'
import { ScriptedBroker, until } from '../testing/scripted-broker.contract.ts'
import type { Peer, ReceivedRequest } from '../testing/scripted-broker.contract.ts'
import type { Consumer } from './consumer.ts'
import type { ConsumerSettings } from './consumers.ts'
import type { Message } from './message.ts'

/** What the broker knows of the member: records that it has for it, and how many it may deliver. */
class Shelf {
  readonly pulls: number[] = []
  readonly windows: number[] = []
  /** Whether PULL is answered. */
  isAnswering = true
  #peer: Peer | undefined
  #subscription = 0
  #available = 0
  #credit = 0
  #nextOffset = 0

  take(request: ReceivedRequest): boolean {
    if (request.opcode === opcodes.subscribe) {
      const { subscription, window } = readSubscribe(new ByteReader(request.body))
      this.windows.push(window)
      this.#peer = request.peer
      this.#subscription = subscription
      this.#credit = 0
    }
    if (request.opcode === opcodes.unsubscribe) this.left()
    if (request.opcode !== opcodes.pull) return false
    const count = new ByteReader(request.body, 4).u32()
    this.pulls.push(count)
    this.#credit = count === 0 ? 0 : this.#credit + count
    if (this.isAnswering) request.peer.answer(request)
    this.#deliver()
    return true
  }

  /** The member is gone, and nothing is pulled any more. */
  left(): void {
    this.#credit = 0
  }

  put(count: number): void {
    this.#available += count
    this.#deliver()
  }

  #deliver(): void {
    const count = Math.min(this.#available, this.#credit)
    if (count === 0) return
    this.#available -= count
    this.#credit -= count
    const deliveries = Array.from({ length: count }, () => {
      const offset = this.#nextOffset++
      return { subject: 's', offset, slot: offset }
    })
    this.#peer!.deliver(this.#subscription, deliveries)
  }
}

interface Scene {
  readonly broker: ScriptedBroker
  readonly shelf: Shelf
  readonly client: Client
  readonly consumer: Consumer
}

async function scene(t: TestContext, config: ConsumerSettings = {}): Promise<Scene> {
  const shelf = new Shelf()
  const broker = await ScriptedBroker.start((request) => shelf.take(request))
  t.after(() => broker.close())
  const client = await connect({ servers: [broker.address], reconnect: { minMs: 1, maxMs: 20 } })
  t.after(() => client.close())
  const consumer = await client.consumers.create('S', { name: 'C', ...config })
  return { broker, shelf, client, consumer }
}

function offsetsOf(messages: readonly Message[]): number[] {
  return messages.map(({ offset }) => offset)
}

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof BrokerError && error.code === expected
}

test('fetch resolves as soon as as many are there as were asked for', async (t) => {
  const { shelf, broker, consumer } = await scene(t)
  shelf.put(5)
  const startedMs = Date.now()
  assert.deepEqual(offsetsOf(await consumer.fetch(3)), [0, 1, 2])
  const rest = consumer.fetch(3)
  await delay(30)
  shelf.put(1)
  const messages = await rest
  assert.deepEqual(offsetsOf(messages), [3, 4, 5])
  assert.ok(Date.now() - startedMs < 2_000)
  await Promise.all(messages.map((message) => message.ack()))
  assert.deepEqual(
    broker.settles.map(({ slot }) => slot),
    [3, 4, 5],
  )
  assert.deepEqual([shelf.pulls, shelf.windows], [[3, 3], [0]])
})

test('when the time is over there are fewer, and nothing more is asked for', async (t) => {
  const { shelf, consumer } = await scene(t)
  shelf.put(2)
  assert.deepEqual(offsetsOf(await consumer.fetch(10, { timeoutMs: 40 })), [0, 1])
  assert.deepEqual(shelf.pulls, [10, 0])
  shelf.put(3)
  assert.deepEqual(offsetsOf(await consumer.fetch(2)), [2, 3])
  assert.deepEqual(await consumer.fetch(5, { timeoutMs: 0 }).then(offsetsOf), [4])
  assert.deepEqual(await consumer.fetch(5, { timeoutMs: 0 }), [])
  assert.deepEqual(shelf.pulls, [10, 0, 2, 5, 0, 5, 0])
})

test('a fetch ends without the answer of a broker; what comes late is for the next one', async (t) => {
  const { shelf, consumer } = await scene(t)
  shelf.isAnswering = false
  const startedMs = Date.now()
  assert.deepEqual(await consumer.fetch(2, { timeoutMs: 20 }), [])
  assert.ok(Date.now() - startedMs < 3_000)
  shelf.isAnswering = true
  shelf.put(4)
  assert.deepEqual(offsetsOf(await consumer.fetch(2)), [0, 1])
  assert.deepEqual(offsetsOf(await consumer.fetch(2)), [2, 3])
})

test('fetches are served one after the other, in the order of the calls', async (t) => {
  const { shelf, consumer } = await scene(t)
  const fetches = [consumer.fetch(2), consumer.fetch(1), consumer.fetch(3)]
  await until(() => shelf.pulls.length === 1)
  shelf.put(6)
  assert.deepEqual((await Promise.all(fetches)).map(offsetsOf), [[0, 1], [2], [3, 4, 5]])
  assert.deepEqual(shelf.pulls, [2, 1, 3])
})

test('a signal ends a fetch, waiting or being served; what has come is for the next one', async (t) => {
  const { shelf, consumer } = await scene(t)
  const [one, two] = [new AbortController(), new AbortController()]
  const first = consumer.fetch(3, { signal: one.signal })
  const second = consumer.fetch(3, { signal: two.signal })
  await until(() => shelf.pulls.length === 1)
  shelf.put(2)
  await delay(20)
  two.abort()
  await assert.rejects(second, code('aborted'))
  one.abort()
  await assert.rejects(first, code('aborted'))
  await assert.rejects(consumer.fetch(1, { signal: one.signal }), code('aborted'))
  assert.deepEqual(offsetsOf(await consumer.fetch(2)), [0, 1])
  await until(() => shelf.pulls.length === 2)
  assert.deepEqual(shelf.pulls, [3, 0])
})

test('after a break a fetch goes on, and asks for all of it again', async (t) => {
  const { shelf, broker, consumer } = await scene(t)
  shelf.put(1)
  const fetching = consumer.fetch(2)
  await until(() => shelf.pulls.length === 1)
  await delay(20)
  broker.peer.socket.destroy()
  await until(() => shelf.pulls.length === 2)
  shelf.put(2)
  assert.deepEqual(offsetsOf(await fetching), [1, 2])
  assert.deepEqual(shelf.pulls, [2, 2])
})

test('close gives back what is held and ends what waits; a later fetch begins anew', async (t) => {
  const { shelf, broker, consumer } = await scene(t)
  shelf.put(1)
  const [kept] = await consumer.fetch(1)
  const waiting = consumer.fetch(2)
  await until(() => shelf.pulls.length === 2)
  await consumer.close()
  assert.deepEqual(await waiting, [])
  assert.equal(broker.count(opcodes.unsubscribe), 1)
  await assert.rejects(kept!.ack(), code('stale-delivery'))
  shelf.put(1)
  assert.deepEqual(offsetsOf(await consumer.fetch(1)), [1])
  assert.equal(broker.count(opcodes.subscribe), 2)
  await consumer.close()
  await consumer.close()
  assert.equal(broker.count(opcodes.unsubscribe), 2)
})

test('the broker ends the subscription: all fetches say why, the next one asks again', async (t) => {
  const { shelf, broker, consumer } = await scene(t)
  const fetches = [consumer.fetch(1), consumer.fetch(1)]
  await until(() => shelf.pulls.length === 1)
  shelf.left()
  broker.peer.end(1, new BrokerError('consumer-deleted', 'C of S was deleted'))
  for (const fetch of fetches) await assert.rejects(fetch, code('consumer-deleted'))
  shelf.put(1)
  assert.equal((await consumer.fetch(1)).length, 1)
})

test('closing the client ends a fetch with what is there, and refuses later ones', async (t) => {
  const { shelf, client, consumer } = await scene(t)
  const fetching = consumer.fetch(1)
  await until(() => shelf.pulls.length === 1)
  await client.close()
  assert.deepEqual(await fetching, [])
  await assert.rejects(consumer.fetch(1), code('client-closed'))
})

test('bounds of a fetch are checked', async (t) => {
  const { consumer } = await scene(t)
  for (const count of [0, -1, 1.5, 2 ** 20 + 1, Number.NaN])
    await assert.rejects(consumer.fetch(count), code('invalid-option'))
  for (const timeoutMs of [-1, 0.5, Infinity])
    await assert.rejects(consumer.fetch(1, { timeoutMs }), code('invalid-option'))
})

const none = { ackPolicy: 'none' } as const

test('settled by delivery: a window of messages is pulled, and more as they are taken', async (t) => {
  const { shelf, broker, consumer } = await scene(t, none)
  shelf.put(1_000)
  const offsets: number[] = []
  for await (const message of consumer.messages({ window: 10 })) {
    offsets.push(message.offset)
    await message.ack()
    await message.working()
    await assert.rejects(message.nack(), code('invalid-request'))
    assert.ok(shelf.pulls.reduce((sum, count) => sum + count) <= offsets.length + 10, 'bounded')
    if (offsets.length === 100) break
  }
  assert.deepEqual(
    offsets,
    Array.from({ length: 100 }, (_, index) => index),
  )
  assert.deepEqual(shelf.windows, [0])
  assert.equal(broker.count(opcodes.settle), 0)
})

test('settled by delivery: what has come is handed out after a break, and before the end', async (t) => {
  const { shelf, broker, client, consumer } = await scene(t, none)
  shelf.put(4)
  const stream = consumer.messages({ window: 4 })
  assert.equal((await stream.next()).value!.offset, 0)
  broker.peer.socket.destroy()
  await until(() => broker.peers.length === 2 && shelf.windows.length === 2)
  assert.equal((await stream.next()).value!.offset, 1)
  await client.close()
  assert.equal((await stream.next()).value!.offset, 2)
  await (await stream.next()).value!.ack()
  assert.equal((await stream.next()).done, true)
})

test('settled by delivery: handlers get all that came before drain or the client ends', async (t) => {
  const { shelf, broker, client, consumer } = await scene(t, none)
  shelf.put(6)
  const handled: number[] = []
  const handler = async ({ offset }: Message): Promise<void> => {
    await delay(2)
    handled.push(offset)
    if (offset === 1) throw new Error('told, and nothing else')
  }
  const errors: unknown[] = []
  const first = consumer.subscribe(handler, {
    concurrency: 1,
    window: 4,
    onError: (error) => errors.push((error as Error).message),
  })
  await until(() => handled.length === 1)
  await first.drain()
  assert.equal(errors.length, 1)
  assert.equal(broker.count(opcodes.settle), 0)
  const drainedCount = handled.length
  assert.ok(drainedCount >= 4, `${drainedCount}`)
  shelf.put(4)
  const second = consumer.subscribe(handler, { concurrency: 1, window: 4 })
  await until(() => handled.length > drainedCount)
  await client.close()
  await second.closed
  assert.ok(handled.length >= drainedCount + 4, `${handled.length}`)
  assert.deepEqual(handled, [...handled.keys()])
})

test('other consumers settle what was fetched, in all ways', async (t) => {
  const { shelf, broker, consumer } = await scene(t)
  shelf.put(2)
  const [one, two] = await consumer.fetch(2)
  await Promise.all([one!.nack({ delayMs: 5 }), two!.reject('no')])
  assert.deepEqual(
    broker.settles.map(({ verb }) => verb),
    [settleVerbs.nack, settleVerbs.reject],
  )
})
