// What is remembered of deliveries, over power losses of streams that are not synced.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settleVerbs } from '@sluice/protocol/native/flow-messages'
import { decodeRecords } from '@sluice/protocol/record/log-record'
import { batchSizeOf } from '@sluice/protocol/record/record-batch'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { simulate } from '../../../testing/sim-io.ts'
import type { SimWorld } from '../../../testing/sim-io.ts'
import { publish } from '../../streams/publish.ts'
import type { Delivery, Membership } from '../flow-consumers.ts'
import { startFlowIn } from '../flow-life.fixture.ts'
import type { FlowLife } from '../flow-life.fixture.ts'

async function publishMany({ streams }: FlowLife, count: number): Promise<void> {
  const stream = streams.require('S')
  for (let index = 0; index < count; index++) {
    const builder = new RecordBatchBuilder()
    builder.add(1000, 's', 'value')
    await publish(stream, [{ partition: 0, batch: builder.take() }])
  }
}

interface Received {
  readonly membership: Membership
  readonly deliveries: Delivery[]
}

function join({ flow }: FlowLife): Received {
  const deliveries: Delivery[] = []
  const port = {
    name: 'test',
    isWritable: true,
    deliver: (delivery: Delivery) => deliveries.push({ ...delivery }),
    flush: () => {},
    ended: () => {},
  }
  return { membership: flow.join('S', 'c', port, 1000), deliveries }
}

async function ackAll({ membership, deliveries }: Received): Promise<void> {
  for (const { partition, slot, sequence } of deliveries) {
    membership.settle({ verb: settleVerbs.ack, partition, slot, sequence, delayMs: 0, reason: '' })
  }
  await membership.durable()
}

/** What a power loss has left of the records from an offset on; it may have torn holes. */
async function readable({ streams }: FlowLife, from: number): Promise<number[]> {
  const partition = streams.require('S').partitions[0]!
  const offsets: number[] = []
  for (let offset = from; offset < partition.highWatermark;) {
    const slice = await partition.read(offset, 1000)
    for (let at = slice.start; at < slice.end; at += batchSizeOf(slice.bytes, at)) {
      offsets.push(...decodeRecords(slice.bytes, at).map((record) => record.offset))
    }
    offset = slice.nextOffset
  }
  return offsets.filter((offset) => offset >= from)
}

/**
 * The first loss takes records that were settled; the second may take what was remembered of that, while
 * new records have come to their offsets.
 */
async function losePowerTwice(world: SimWorld): Promise<{ unsettled: number[]; delivered: number[] }> {
  const first = await startFlowIn(world)
  await first.streams.create('S', { durability: 'os' })
  await first.flow.create('S', 'c', {})
  await publishMany(first, 20)
  const received = join(first)
  await world.sleep(10)
  assert.equal(received.deliveries.length, 20)
  await ackAll(received)
  world.crash('n', 'power')

  const second = await startFlowIn(world)
  const cutEnd = second.streams.require('S').partitions[0]!.highWatermark
  await publishMany(second, 20)
  world.crash('n', 'power')

  const third = await startFlowIn(world)
  const { deliveries } = join(third)
  await world.sleep(1000)
  const { highWatermark } = third.streams.require('S').partitions[0]!
  const unsettled = highWatermark > cutEnd ? await readable(third, cutEnd) : []
  world.crash('n', 'kill')
  return { unsettled, delivered: deliveries.map(({ offset }) => offset) }
}

test('after two power losses every record that came between them is delivered (60 seeds)', async () => {
  let cutCount = 0
  for (let seed = 0; seed < 60; seed++) {
    await simulate(seed, async (world) => {
      const { unsettled, delivered } = await losePowerTwice(world)
      if (unsettled.length > 0 && unsettled[0]! < 20) cutCount++
      for (const offset of unsettled)
        assert.ok(delivered.includes(offset), `offset ${offset} of seed ${seed}`)
    })
  }
  assert.ok(cutCount > 5, 'in some of them settled records were lost, and others came to their offsets')
})
