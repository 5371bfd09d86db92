// A raw peer as the member of a flow consumer: what it sends as settles, and what came as deliveries.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { writeSettle, writeSubscribe } from '@sluice/protocol/native/flow-messages'
import type { SettleVerb } from '@sluice/protocol/native/flow-messages'
import { opcodes } from '@sluice/protocol/native/frame'
import { writePublish } from '@sluice/protocol/native/publish-messages'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import type { RawPeer, WriteBody } from './raw-peer.contract.ts'

export interface Delivered {
  readonly subscription: number
  readonly partition: number
  readonly slot: number
  readonly sequence: number
  readonly offset: number
  readonly attempt: number
  readonly size: number
}

export async function publishTo(peer: RawPeer, stream: string, count: number, size = 10): Promise<void> {
  const builder = new RecordBatchBuilder()
  for (let index = 0; index < count; index++) builder.add(1000, `s.${index}`, new Uint8Array(size))
  const parts = [{ partition: 0, batch: builder.take() }]
  const { error } = await peer.ask(opcodes.publish, (writer) => writePublish(writer, { stream, parts }))
  assert.equal(error, undefined)
}

export function subscribeBody(stream: string, window: number, subscription = 1, consumer = 'c'): WriteBody {
  return (writer) => writeSubscribe(writer, { subscription, stream, consumer, window })
}

export function settleBody(
  verb: SettleVerb,
  deliveries: readonly Delivered[],
  change = 0,
  subscription = 1,
): WriteBody {
  return (writer) => {
    writer.u32(subscription)
    writer.u32(deliveries.length)
    for (const { partition, slot, sequence } of deliveries) {
      writeSettle(writer, { verb, partition, slot, sequence: sequence + change, delayMs: 0, reason: 'bad' })
    }
  }
}

export function readDeliver(body: ByteReader): Delivered[] {
  body.position = 0
  const subscription = body.u32()
  const delivered = Array.from({ length: body.u32() }, () => {
    const [partition, slot, sequence, offset] = [body.u32(), body.u32(), body.i64(), body.i64()]
    body.i64()
    const attempt = body.u32()
    const size = body.u32()
    body.raw(size)
    return { subscription, partition, slot, sequence, offset, attempt, size }
  })
  body.finish()
  return delivered
}

export function deliveriesOf(peer: RawPeer): Delivered[] {
  return peer.frames
    .filter(({ opcode }) => opcode === opcodes.deliver)
    .flatMap(({ body }) => readDeliver(body))
}

export async function delivered(peer: RawPeer, count: number): Promise<Delivered[]> {
  while (deliveriesOf(peer).length < count) {
    assert.equal(peer.isClosed, false)
    await sleep(20)
  }
  return deliveriesOf(peer)
}
