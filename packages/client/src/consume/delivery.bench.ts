// What a delivered message costs in the client, without sockets. Run it with node.
// Frames of 100 messages with a subject of 20 bytes, a header and 100 bytes of data; nanoseconds per message.

import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { writeSettleFailures } from '@sluice/protocol/native/flow-messages'
import { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import type { Link } from '../link/link.ts'
import type { RequestSpec } from '../link/pending-request.ts'
import type { Session } from '../link/session.ts'
import { writeDeliveries } from '../testing/scripted-broker.contract.ts'
import type { Membership } from './membership.ts'
import { MessageQueue } from './message-queue.ts'
import { MessageStream } from './message-stream.ts'
import { readDeliveries } from './delivery-reader.ts'
import { Tenure } from './tenure.ts'

const perFrame = 100
const frames = 1_000
const session = {} as Session

/** Confirms every frame of settles as soon as it is written. */
const link = {
  requestOn<T>(_session: Session, spec: RequestSpec<T>): Promise<T> {
    const writer = new ByteWriter()
    writeSettleFailures(writer, [])
    return Promise.resolve(spec.decode(new ByteReader(writer.take()), true))
  },
} as unknown as Link

const tenure = new Tenure(link, session, { stream: 'ORDERS', subscription: 1, isSettledByDelivery: false })
const frame = makeFrame()

function makeFrame(): Uint8Array {
  const writer = new ByteWriter()
  const deliveries = Array.from({ length: perFrame }, (_, offset) => {
    return {
      subject: `orders.premium.u${1000 + offset}`,
      data: 'x'.repeat(100),
      headers: { trace: 'abc' },
      offset,
    }
  })
  writeDeliveries(writer, 1, deliveries)
  return writer.take()
}

function fill(queue: MessageQueue): void {
  readDeliveries({ bytes: frame, start: 4, end: frame.length }, tenure, queue)
}

/** A loop over a queue that is filled again whenever it is empty. */
function streamOf(queue: MessageQueue, left: number): MessageStream {
  const stream = new MessageStream((listener) => {
    const membership = {
      shift: () => queue.shift(),
      take: () => queue.take(),
      leave: () => Promise.resolve(),
      get waitingCount() {
        return queue.size
      },
    } as unknown as Membership
    const pump = (): void => {
      if (left-- <= 0) return listener.ended(undefined)
      fill(queue)
      listener.arrived()
      process.nextTick(pump)
    }
    process.nextTick(pump)
    return membership
  }, undefined)
  return stream
}

/** The best of several runs: the others were disturbed. */
async function measure(name: string, run: () => Promise<void> | void): Promise<void> {
  let bestNs = Infinity
  for (let round = 0; round < 6; round++) {
    const startedNs = process.hrtime.bigint()
    await run()
    bestNs = Math.min(bestNs, Number(process.hrtime.bigint() - startedNs))
  }
  console.log(`${name.padEnd(44)} ${(bestNs / (frames * perFrame)).toFixed(0).padStart(6)} ns`)
}

let sink = 0

await measure('decode', () => {
  const queue = new MessageQueue()
  for (let index = 0; index < frames; index++) {
    fill(queue)
    queue.clear()
  }
})

await measure('decode, read subject and data', () => {
  const queue = new MessageQueue()
  for (let index = 0; index < frames; index++) {
    fill(queue)
    for (const message of queue.take()) sink += message.subject.length + message.data!.length
  }
})

await measure('decode, read subject, data and headers', () => {
  const queue = new MessageQueue()
  for (let index = 0; index < frames; index++) {
    fill(queue)
    for (const { subject, data, headers } of queue.take()) {
      sink += subject.length + data!.length + headers['trace']!.length
    }
  }
})

await measure('decode, for await', async () => {
  for await (const message of streamOf(new MessageQueue(), frames)) sink += message.offset
})

await measure('decode, batches()', async () => {
  for await (const batch of streamOf(new MessageQueue(), frames).batches()) sink += batch.length
})

await measure('decode, for await, ack not awaited', async () => {
  for await (const message of streamOf(new MessageQueue(), frames)) void message.ack()
})

await measure('decode, batches(), no ack awaited', async () => {
  for await (const batch of streamOf(new MessageQueue(), frames).batches()) {
    for (const message of batch) void message.ack()
  }
})

await measure('decode, batches(), all acks awaited', async () => {
  for await (const batch of streamOf(new MessageQueue(), frames).batches()) {
    await Promise.all(batch.map((message) => message.ack()))
  }
})

if (sink === 0) throw new Error('nothing was read')
