// Loops and handlers over messages, against a scripted broker on a real socket.

import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { delayByBackoff, settleVerbs } from '@sluice/protocol/native/flow-messages'
import { opcodes } from '@sluice/protocol/native/frame'
import type { Client } from '../client.ts'
import type { ClientOptions } from '../client-options.ts'
import { connect } from '../connect.ts'
import { ScriptedBroker, readSettles, subscriptionOf, until } from '../testing/scripted-broker.contract.ts'
import type { ReceivedRequest, Script, TestDelivery } from '../testing/scripted-broker.contract.ts'
import type { Consumer } from './consumer.ts'
import type { Message } from './message.ts'

interface Scene {
  readonly broker: ScriptedBroker
  readonly client: Client
  readonly consumer: Consumer
}

async function scene(t: TestContext, script?: Script, options: ClientOptions = {}): Promise<Scene> {
  const broker = await ScriptedBroker.start(script)
  t.after(() => broker.close())
  const client = await connect({ servers: [broker.address], reconnect: { minMs: 1, maxMs: 20 }, ...options })
  t.after(() => client.close())
  const consumer = await client.consumers.create('S', { name: 'C' })
  Object.assign(consumer.info, { stream: 'S', name: 'C' })
  return { broker, client, consumer }
}

/** Delivers as soon as somebody subscribes, on every connection. */
function delivering(...deliveries: TestDelivery[]): Script {
  return (request) => {
    if (request.opcode !== opcodes.subscribe) return false
    request.peer.answer(request)
    request.peer.deliver(subscriptionOf(request), deliveries)
    return true
  }
}

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof BrokerError && error.code === expected
}

const three: TestDelivery[] = [1, 2, 3].map((offset) => ({ subject: `s.${offset}`, offset, slot: offset }))

test('a message has all its parts', async (t) => {
  const headers = { trace: 'abc', binary: new Uint8Array([0xff, 0]), none: null, ['__proto__']: 'own' }
  const { consumer } = await scene(
    t,
    delivering({ subject: 'a.ü', data: 'hällo', headers, offset: 5, attempt: 3 }),
  )
  for await (const message of consumer.messages()) {
    assert.equal(message.subject, 'a.ü')
    assert.deepEqual(message.key, Buffer.from('a.ü'))
    assert.equal(message.data!.toString(), 'hällo')
    assert.equal(Buffer.isBuffer(message.data), true)
    assert.equal(message.headers['trace'], 'abc')
    assert.deepEqual(Object.entries(message.headers), [
      ['trace', 'abc'],
      ['binary', '\ufffd\0'],
      ['none', ''],
      ['__proto__', 'own'],
    ])
    assert.deepEqual(message.headerBytes('binary'), Buffer.from([0xff, 0]))
    assert.equal(message.headerBytes('none'), null)
    assert.equal(message.headerBytes('other'), undefined)
    const { stream, partition, offset, timestamp, attempt } = message
    assert.deepEqual(
      { stream, partition, offset, timestamp, attempt },
      {
        stream: 'S',
        partition: 0,
        offset: 5,
        timestamp: 1_700_000_000_005,
        attempt: 3,
      },
    )
    break
  }
})

test('a tombstone, a message without a key and headers that compare with plain objects', async (t) => {
  const { consumer } = await scene(
    t,
    delivering(
      { subject: null, data: null, offset: 0 },
      { subject: 'a', data: '', offset: 1, headers: { trace: 'abc' } },
    ),
  )
  const messages: Message[] = []
  for await (const message of consumer.messages()) if (messages.push(message) === 2) break
  assert.equal(messages[0]!.data, null)
  assert.equal(messages[0]!.subject, '')
  assert.equal(messages[0]!.key, null)
  assert.deepEqual(messages[0]!.headers, {})
  assert.equal(messages[1]!.data!.length, 0)
  assert.deepEqual(messages[1]!.headers, { trace: 'abc' })
})

test('settles say what they mean, with the token of their delivery', async (t) => {
  const deliveries = [1, 2, 3, 4, 5, 6].map((offset) => ({ subject: 's', offset, slot: 10 + offset }))
  const { broker, consumer } = await scene(t, delivering(...deliveries))
  const messages: Message[] = []
  const stream = consumer.messages()
  for await (const message of stream) {
    messages.push(message)
    if (messages.length < 6) continue
    await messages[5]!.working()
    await Promise.all([
      messages[0]!.ack(),
      messages[1]!.nack(),
      messages[2]!.nack({ delayMs: 1500, reason: 'later' }),
      messages[3]!.release(),
      messages[4]!.reject('x'.repeat(5_000)),
      messages[5]!.ack(),
    ])
    break
  }
  const settled = broker.settles.map(({ verb, slot, sequence, delayMs, reason }) => [
    verb,
    slot,
    sequence,
    delayMs,
    reason,
  ])
  assert.deepEqual(settled, [
    [settleVerbs.working, 16, 1006, 0, ''],
    [settleVerbs.ack, 11, 1001, 0, ''],
    [settleVerbs.nack, 12, 1002, delayByBackoff, ''],
    [settleVerbs.nack, 13, 1003, 1500, 'later'],
    [settleVerbs.release, 14, 1004, 0, ''],
    [settleVerbs.reject, 15, 1005, 0, 'x'.repeat(1_000)],
    [settleVerbs.ack, 16, 1006, 0, ''],
  ])
})

test('settles of one turn travel in one frame, also out of a loop that awaits other things', async (t) => {
  const deliveries = Array.from({ length: 200 }, (_, offset) => ({ subject: 's', offset }))
  const { broker, consumer } = await scene(t, delivering(...deliveries))
  let count = 0
  for await (const message of consumer.messages()) {
    await Promise.resolve()
    void message.ack()
    if (++count === 200) break
  }
  await until(() => broker.settles.length === 200)
  assert.ok(broker.count(opcodes.settle) <= 4, `${broker.count(opcodes.settle)} frames`)
})

test('only the refused settles of a frame reject, settling twice tells of the first time', async (t) => {
  const { broker, consumer } = await scene(t, delivering(...three))
  const onSubscribe = broker.script
  broker.script = (request) => {
    if (request.opcode !== opcodes.settle) return onSubscribe(request)
    request.peer.confirmSettles(request.correlation, [{ index: 1, code: 'stale-delivery' }])
    return true
  }
  const messages: Message[] = []
  for await (const message of consumer.messages()) {
    if (messages.push(message) < 3) continue
    const [one, two, again] = [messages[0]!.ack(), messages[1]!.ack(), messages[1]!.nack()]
    await one
    for (const told of [two, again, messages[1]!.ack(), messages[1]!.settled!]) {
      await assert.rejects(told, (error: BrokerError) => {
        assert.equal(error.code, 'stale-delivery')
        assert.match(error.message, /offset 2 of S, partition 0/)
        return true
      })
    }
    assert.equal(messages[2]!.settled, undefined)
    await messages[2]!.ack()
    break
  }
})

test('working may be repeated, and one at a time is under way', async (t) => {
  const { broker, consumer } = await scene(t, delivering(three[0]!))
  for await (const message of consumer.messages()) {
    const first = message.working()
    assert.equal(message.working(), first)
    await first
    await message.working()
    await message.ack()
    break
  }
  assert.deepEqual(
    broker.settles.map(({ verb }) => verb),
    [4, 4, 0],
  )
})

test('what cannot be sent is refused here, and the message can still be settled', async (t) => {
  const { broker, consumer } = await scene(t, delivering(three[0]!))
  const noText = Object.create(null) as string
  for await (const message of consumer.messages()) {
    await assert.rejects(message.nack({ delayMs: -1 }), code('invalid-request'))
    await assert.rejects(message.reject(noText), code('invalid-request'))
    assert.equal(message.settled, undefined)
    await message.nack({ delayMs: 0.5, reason: 'later' })
    break
  }
  assert.deepEqual(
    broker.settles.map(({ verb, slot, delayMs, reason }) => [verb, slot, delayMs, reason]),
    [[settleVerbs.nack, 1, 1, 'later']],
  )
})

test('a settle is a promise to whoever asks, at any time', async (t) => {
  const { broker, consumer } = await scene(t, delivering(...three))
  const onSubscribe = broker.script
  broker.script = (request) => {
    if (request.opcode !== opcodes.settle) return onSubscribe(request)
    request.peer.confirmSettles(request.correlation, [{ index: 1, code: 'stale-delivery' }])
    return true
  }
  const stream = consumer.messages()
  const messages = [(await stream.next()).value!, (await stream.next()).value!, (await stream.next()).value!]
  const acks = messages.map((message) => message.ack())
  const results = await Promise.allSettled(acks)
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  let steps = ''
  await acks[0]!.then(() => (steps += 'then')).finally(() => (steps += ' finally'))
  await acks[1]!.catch((error: BrokerError) => (steps += ` ${error.code}`))
  assert.equal(await Promise.race([acks[2]!, delay(1_000, 'late')]), undefined)
  assert.equal(steps, 'then finally stale-delivery')
  assert.deepEqual(await Promise.allSettled(messages.map((message) => message.settled)), results)
  await stream.return()
})

test('many settles in one turn are cut into frames, and each has its own outcome', async (t) => {
  const deliveries = Array.from({ length: 5_000 }, (_, offset) => ({ subject: 's', offset, slot: offset }))
  const { broker, consumer } = await scene(t)
  broker.script = (request) => {
    if (request.opcode === opcodes.subscribe) return delivering(...deliveries)(request)
    if (request.opcode !== opcodes.settle) return false
    const { settles } = readSettles(request.body)
    broker.settles.push(...settles)
    const failures = settles.flatMap(({ slot }, index) =>
      slot % 1000 === 7 ? [{ index, code: 'stale-delivery' as const }] : [],
    )
    request.peer.confirmSettles(request.correlation, failures)
    return true
  }
  const messages: Message[] = []
  for await (const batch of consumer.messages({ window: 5_000 }).batches()) {
    messages.push(...batch)
    if (messages.length < 5_000) continue
    const results = await Promise.allSettled(messages.map((message) => message.ack()))
    const refused = results.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))
    assert.deepEqual(refused, [7, 1007, 2007, 3007, 4007])
    break
  }
  assert.deepEqual(
    broker.settles.map(({ slot }) => slot),
    deliveries.map(({ slot }) => slot),
  )
  assert.equal(broker.count(opcodes.settle), 2)
})

test('leaving the loop unsubscribes, after the settles that were not awaited', async (t) => {
  const { broker, consumer } = await scene(t, delivering(...three))
  let kept: Message | undefined
  for await (const message of consumer.messages({ window: 3 })) {
    if (message.offset === 1) void message.ack()
    if (message.offset === 2) kept = message
    if (kept !== undefined) break
  }
  const opcodesSeen = broker.requests.map(({ opcode }) => opcode).slice(-2)
  assert.deepEqual(opcodesSeen, [opcodes.settle, opcodes.unsubscribe])
  await assert.rejects(kept!.ack(), (error: BrokerError) => {
    assert.equal(error.code, 'stale-delivery')
    assert.match(error.message, /delivered again/)
    return true
  })
  assert.equal(broker.settles.length, 1)
})

test('an error thrown in the loop unsubscribes too', async (t) => {
  const { broker, consumer } = await scene(t, delivering(...three))
  const loop = async (): Promise<void> => {
    for await (const message of consumer.messages()) throw new Error(`at ${message.offset}`)
  }
  await assert.rejects(loop(), /at 1/)
  assert.equal(broker.count(opcodes.unsubscribe), 1)
})

test('a signal ends the loop without an error, also one that is aborted already', async (t) => {
  const { broker, consumer } = await scene(t)
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 20)
  for await (const _ of consumer.messages({ signal: controller.signal })) assert.fail('nothing was delivered')
  await until(() => broker.count(opcodes.unsubscribe) === 1)
  for await (const _ of consumer.messages({ signal: controller.signal })) assert.fail('nothing was delivered')
  assert.equal(broker.count(opcodes.subscribe), 1)
})

test('closing the client ends the loop without an error; a loop that starts later throws', async (t) => {
  const { client, consumer } = await scene(t)
  const stream = consumer.messages()
  const next = stream.next()
  await client.close()
  assert.equal((await next).done, true)
  assert.equal((await stream.next()).done, true)
  await assert.rejects(consumer.messages().next(), code('client-closed'))
})

test('the broker ends a subscription: the loop throws what it said, once', async (t) => {
  const { broker, consumer } = await scene(t)
  const stream = consumer.messages()
  const next = stream.next()
  await until(() => broker.count(opcodes.subscribe) === 1)
  broker.peer.end(1, new BrokerError('consumer-deleted', 'Consumer C of S was deleted'))
  await assert.rejects(next, code('consumer-deleted'))
  assert.equal((await stream.next()).done, true)
})

test('a subscription that is refused throws at the first message', async (t) => {
  const { consumer } = await scene(t, (request) => {
    if (request.opcode !== opcodes.subscribe) return false
    request.peer.refuse(request, new BrokerError('unknown-consumer', 'There is no C'))
    return true
  })
  await assert.rejects(consumer.messages().next(), code('unknown-consumer'))
})

test('a subscription that is refused for now is asked for again', async (t) => {
  let refusals = 0
  const { broker, consumer } = await scene(t)
  broker.script = (request) => {
    if (request.opcode !== opcodes.subscribe) return false
    if (refusals++ === 0) request.peer.refuse(request, new BrokerError('stopping', 'Not now'))
    else delivering(three[0]!)(request)
    return true
  }
  const { value } = await consumer.messages().next()
  assert.equal(value?.offset, 1)
})

test('after a break deliveries go on by themselves, and what was queued is dropped', async (t) => {
  const { broker, consumer } = await scene(t, delivering(...three))
  const seen: [number, number][] = []
  let stale: Message | undefined
  for await (const message of consumer.messages()) {
    seen.push([broker.peers.length, message.offset])
    if (seen.length === 1) {
      stale = message
      broker.peer.socket.destroy()
      await until(() => broker.peers.length === 2 && broker.count(opcodes.subscribe) === 2)
      await delay(20)
    } else await message.ack()
    if (message.offset === 3) break
  }
  assert.deepEqual(seen, [
    [1, 1],
    [2, 1],
    [2, 2],
    [2, 3],
  ])
  await assert.rejects(stale!.ack(), code('stale-delivery'))
  assert.equal(broker.settles.length, 3)
})

test('an ack that is not awaited on a broken connection harms nobody', async (t) => {
  const unhandled: unknown[] = []
  const listener = (reason: unknown): unknown => unhandled.push(reason)
  process.on('unhandledRejection', listener)
  t.after(() => process.off('unhandledRejection', listener))
  const held: ReceivedRequest[] = []
  const { broker, consumer } = await scene(t, delivering(...three))
  const onSubscribe = broker.script
  broker.script = (request) =>
    request.opcode === opcodes.settle ? held.push(request) > 0 : onSubscribe(request)
  const stream = consumer.messages()
  const messages = [(await stream.next()).value!, (await stream.next()).value!, (await stream.next()).value!]
  void messages[0]!.ack()
  await until(() => held.length === 1)
  void messages[1]!.ack()
  broker.peer.socket.destroy()
  await until(() => broker.peers.length === 2)
  void messages[2]!.reject('too late')
  await delay(30)
  assert.deepEqual(unhandled, [])
  await assert.rejects(messages[0]!.ack(), code('outcome-unknown'))
  await assert.rejects(messages[2]!.ack(), code('stale-delivery'))
})

test('beyond the window the oldest are dropped: the broker has taken them back', async (t) => {
  const { broker, consumer } = await scene(t)
  const stream = consumer.messages({ window: 2 })
  const first = stream.next()
  await until(() => broker.count(opcodes.subscribe) === 1)
  broker.peer.deliver(1, [{ subject: 's', offset: 0 }])
  assert.equal((await first).value!.offset, 0)
  broker.peer.deliver(1, three)
  broker.peer.deliver(1, [{ subject: 's', offset: 3, attempt: 2 }])
  await delay(30)
  assert.deepEqual([(await stream.next()).value!.offset, (await stream.next()).value!.attempt], [3, 2])
  await stream.return()
})

test('batches give all that waits at a time', async (t) => {
  const { broker, consumer } = await scene(t, delivering(...three))
  for await (const batch of consumer.messages().batches()) {
    assert.deepEqual(
      batch.map(({ offset }) => offset),
      [1, 2, 3],
    )
    await Promise.all(batch.map((message) => message.ack()))
    break
  }
  assert.equal(broker.count(opcodes.settle), 1)
  assert.equal(broker.count(opcodes.unsubscribe), 1)
})

test('messages that are kept pin little: a frame is cut into blocks', async (t) => {
  const deliveries = Array.from({ length: 100 }, (_, offset) => ({
    subject: 's',
    data: 'x'.repeat(2_000),
    offset,
  }))
  const large = { subject: 's', data: 'y'.repeat(50_000), offset: 100 }
  const { consumer } = await scene(t, delivering(...deliveries, large))
  const pinned = new Set<ArrayBufferLike>()
  let count = 0
  for await (const message of consumer.messages()) {
    const { buffer, length } = message.data!
    assert.ok(buffer.byteLength <= Math.max(16 * 1024, length + 1024), `${buffer.byteLength} for ${length}`)
    pinned.add(buffer)
    if (++count === 101) break
  }
  assert.ok(pinned.size >= 12, `${pinned.size} blocks`)
})

test('handlers: returning acks, throwing nacks with the reason, own settles are left alone', async (t) => {
  const { broker, consumer } = await scene(t, delivering(...three))
  const errors: [string, number][] = []
  const subscription = consumer.subscribe(
    async (message) => {
      if (message.offset === 2) throw new Error('no such account')
      if (message.offset === 3) await message.reject('never')
    },
    {
      concurrency: 2,
      window: 3,
      onError: (error, { offset }) => errors.push([(error as Error).message, offset]),
    },
  )
  await until(() => broker.settles.length === 3)
  await subscription.close()
  await subscription.closed
  const settles = broker.settles.toSorted((a, b) => a.slot - b.slot).map(({ verb, reason }) => [verb, reason])
  assert.deepEqual(settles, [
    [settleVerbs.ack, ''],
    [settleVerbs.nack, 'no such account'],
    [settleVerbs.reject, 'never'],
  ])
  assert.deepEqual(errors, [['no such account', 2]])
})

test('a handler may throw anything, and the message is given back', async (t) => {
  const { broker, consumer } = await scene(t, delivering(three[0]!))
  const subscription = consumer.subscribe(() => {
    throw Object.create(null)
  })
  await until(() => broker.settles.length === 1)
  assert.deepEqual([broker.settles[0]!.verb, broker.settles[0]!.reason.length > 0], [settleVerbs.nack, true])
  await subscription.close()
})

test('handlers run so many at a time and not more', async (t) => {
  const deliveries = Array.from({ length: 20 }, (_, offset) => ({ subject: 's', offset }))
  const { broker, consumer } = await scene(t, delivering(...deliveries))
  let [running, most] = [0, 0]
  const subscription = consumer.subscribe(
    async () => {
      most = Math.max(most, ++running)
      await delay(1)
      running--
    },
    { concurrency: 3, window: 20 },
  )
  await until(() => broker.settles.length === 20)
  assert.equal(most, 3)
  await subscription.drain()
})

test('drain: nothing new, what was not begun goes back, the running finish and are confirmed', async (t) => {
  const held: ReceivedRequest[] = []
  const { broker, consumer } = await scene(t, delivering(...three))
  const onSubscribe = broker.script
  broker.script = (request) => {
    if (request.opcode !== opcodes.settle) return onSubscribe(request)
    held.push(request)
    return true
  }
  const gate = Promise.withResolvers<void>()
  const begun: number[] = []
  const subscription = consumer.subscribe(
    async ({ offset }) => {
      begun.push(offset)
      await gate.promise
    },
    { concurrency: 1, window: 3 },
  )
  await until(() => begun.length === 1)
  let isDrained = false
  const drained = subscription.drain().then(() => (isDrained = true))
  await until(() => held.length === 1)
  const { settles } = readSettles(held[0]!.body)
  assert.deepEqual(
    settles.map(({ verb, slot }) => [verb, slot]),
    [
      [settleVerbs.release, 2],
      [settleVerbs.release, 3],
    ],
  )
  held[0]!.peer.answer(held[0]!)
  gate.resolve()
  await until(() => held.length === 2)
  await delay(20)
  assert.equal(isDrained, false)
  assert.equal(broker.count(opcodes.unsubscribe), 0)
  held[1]!.peer.answer(held[1]!)
  await drained
  await subscription.closed
  assert.deepEqual(begun, [1])
  const window = broker.requests.find(({ opcode }) => opcode === opcodes.setWindow)!
  assert.equal(new ByteReader(window.body, 4).u32(), 0)
  assert.equal(broker.requests.at(-1)!.opcode, opcodes.unsubscribe)
})

test('drain while the connection is gone ends with its handlers', async (t) => {
  const { broker, consumer } = await scene(t, delivering(three[0]!))
  const gate = Promise.withResolvers<void>()
  const errors: unknown[] = []
  const subscription = consumer.subscribe(() => gate.promise, { onError: (error) => errors.push(error) })
  await until(() => broker.count(opcodes.subscribe) === 1)
  await delay(20)
  await broker.close()
  await delay(20)
  const drained = subscription.drain()
  gate.resolve()
  await drained
  assert.equal((errors[0] as BrokerError).code, 'stale-delivery')
})

test('handlers go on after a break; an end by the broker rejects `closed` alone', async (t) => {
  const { broker, consumer } = await scene(t, delivering(...three))
  const subscription = consumer.subscribe(() => undefined)
  await until(() => broker.settles.length === 3)
  broker.peer.socket.destroy()
  await until(() => broker.settles.length === 6)
  broker.peer.end(1, new BrokerError('stream-deleted', 'S was deleted'))
  await assert.rejects(subscription.closed, code('stream-deleted'))
  await subscription.drain()
})

test('bounds of windows and concurrency are checked', async (t) => {
  const { consumer } = await scene(t)
  assert.throws(() => consumer.messages({ window: 0 }), /window is 0/)
  assert.throws(() => consumer.subscribe(() => 0, { concurrency: 1.5 }), /concurrency is 1.5/)
})
