import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ByteConnection } from '@sluice/protocol/bytes/byte-connection'
import { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { opcodes } from '@sluice/protocol/native/frame'
import { FrameSplitter } from '@sluice/protocol/native/frame-splitter'
import type { Delivery, Membership } from '../../services/flow/flow-consumers.ts'
import { FrameOutbox } from './frame-outbox.ts'
import { Subscription } from './subscription.ts'

/** A peer that keeps what it gets, and reads no further once `isFull`. */
class Sink implements Pick<ByteConnection, 'write'> {
  readonly frames: { opcode: number; body: Uint8Array }[] = []
  writes = 0
  isFull = false
  readonly #splitter = new FrameSplitter(64 * 1024 * 1024)

  write(bytes: Uint8Array): boolean {
    this.writes++
    this.#splitter.push(bytes, (frame, start, end) => {
      this.frames.push({ opcode: frame[start + 4]!, body: frame.slice(start + 10, end) })
    })
    return !this.isFull
  }
}

class Member implements Membership {
  readonly calls: string[] = []
  isHeldUntilFlush = false
  going = (): Promise<void> | undefined => undefined
  setWindow = (window: number): void => void this.calls.push(`window ${window}`)
  pull = (count: number): void => void this.calls.push(`pull ${count}`)
  resume = (): void => void this.calls.push('resume')
  settle = (): undefined => undefined
  durable = (): Promise<void> => Promise.resolve()
  leave = (how: string): void => void this.calls.push(`leave ${how}`)
}

function delivery(size: number): Delivery {
  const at = { partition: 1, slot: 2, sequence: 3, offset: 4, timestamp: 5, attempt: 1 }
  return { ...at, bytes: new Uint8Array(size + 2).fill(7), recordStart: 1, recordEnd: size + 1 }
}

function subscribed(): {
  sink: Sink
  outbox: FrameOutbox
  member: Member
  subscription: Subscription
  ended: unknown[]
} {
  const sink = new Sink()
  const outbox = new FrameOutbox(sink as unknown as ByteConnection)
  const member = new Member()
  const ended: unknown[] = []
  const subscription = new Subscription(9, 'peer #9', outbox, (which) => ended.push(which))
  return { sink, outbox, member, subscription, ended }
}

test('while it joins it takes nothing; then the answer goes, and then it asks for deliveries', () => {
  const { subscription, member, sink, outbox } = subscribed()
  const seen: boolean[] = []
  subscription.start(
    (port) => {
      seen.push(port.isWritable)
      return member
    },
    () => outbox.empty(opcodes.subscribe, 1),
  )
  seen.push(subscription.isWritable)
  assert.deepEqual(seen, [false, true])
  assert.deepEqual(member.calls, ['resume'])
  outbox.flush()
  assert.deepEqual(
    sink.frames.map(({ opcode }) => opcode),
    [opcodes.subscribe],
  )
})

test('a round is one frame and one write, with its count', async () => {
  const { subscription, member, sink } = subscribed()
  subscription.start(
    () => member,
    () => {},
  )
  for (let count = 0; count < 3; count++) subscription.deliver(delivery(10))
  subscription.flush()
  subscription.flush()
  assert.equal(sink.writes, 0)
  await Promise.resolve()
  assert.equal(sink.writes, 1)
  const [frame, ...others] = sink.frames
  assert.deepEqual(others, [])
  const reader = new ByteReader(frame!.body)
  assert.deepEqual([reader.u32(), reader.u32()], [9, 3])
  assert.equal(reader.remaining, 3 * (40 + 10))
})

test('large rounds are cut into frames, and a full peer shows at once', () => {
  const { subscription, member, sink } = subscribed()
  subscription.start(
    () => member,
    () => {},
  )
  sink.isFull = true
  let count = 0
  while (subscription.isWritable && count < 1000) {
    subscription.deliver(delivery(50_000))
    count++
  }
  assert.ok(count < 10, `${count} records of 50 kB were taken for a peer that is full`)
  subscription.flush()
  const records = sink.frames.map(({ body }) => new ByteReader(body, 4).u32())
  assert.equal(
    records.reduce((sum, each) => sum + each, 0),
    count,
  )
  assert.ok(sink.frames.every(({ body }) => body.length <= 256 * 1024))
})

test('once it has left or ended it takes nothing, and says so once', async () => {
  const { subscription, member, sink, ended } = subscribed()
  subscription.start(
    () => member,
    () => {},
  )
  subscription.ended(new BrokerError('consumer-deleted', 'gone'))
  subscription.ended(new BrokerError('consumer-deleted', 'gone'))
  subscription.leave('lost')
  subscription.deliver(delivery(10))
  subscription.flush()
  await Promise.resolve()
  assert.deepEqual(ended, [subscription])
  assert.deepEqual(member.calls, ['resume'])
  assert.deepEqual(
    sink.frames.map(({ opcode }) => opcode),
    [opcodes.subscriptionEnded],
  )
  assert.equal(subscription.isWritable, false)
})

test('what is held until the flush goes out with it, in frames, and room ends at a megabyte', async () => {
  const { subscription, member, sink, outbox } = subscribed()
  member.isHeldUntilFlush = true
  let goes = (): void => {}
  const going = new Promise<void>((resolve) => {
    goes = resolve
  })
  member.going = () => going
  subscription.start(
    () => member,
    () => {},
  )
  for (let count = 0; count < 12; count++) {
    assert.equal(subscription.isWritable, count < 11)
    subscription.deliver(delivery(100_000))
  }
  outbox.flush()
  assert.equal(sink.frames.length, 0)
  const order: string[] = []
  const answered = subscription.afterFlush(() => order.push('answer'))
  subscription.flush()
  order.push('flush')
  goes()
  await answered
  outbox.flush()
  assert.deepEqual(order, ['flush', 'answer'])
  assert.ok(sink.frames.length > 1)
  assert.ok(sink.frames.every(({ body }) => body.length < 300_000))
  assert.equal(subscription.isWritable, true)
})
