// What the tests of flow consumers stand on: real streams and consumers in the simulator, and members.

import { partitionOfKey } from '@sluice/protocol/bytes/murmur2'
import { settleVerbs } from '@sluice/protocol/native/flow-messages'
import type { SettleVerb } from '@sluice/protocol/native/flow-messages'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import type { HeaderValues } from '@sluice/protocol/record/record-batch-builder'
import { silentLogger } from '../../base/logger.ts'
import type { Logger } from '../../base/logger.ts'
import type { Io } from '../../io/io.ts'
import { TailCache } from '../../log/tail-cache.ts'
import { simulate } from '../../testing/sim-io.ts'
import type { SimWorld } from '../../testing/sim-io.ts'
import { openStreams, testLimits } from '../streams/open-streams.contract.ts'
import { publish } from '../streams/publish.ts'
import type { Streams } from '../streams/streams.ts'
import { FlowConsumers } from './flow-consumers.ts'
import type { Delivery, Membership } from './flow-consumers.ts'

export interface FlowLife {
  readonly world: SimWorld
  readonly io: Io
  readonly streams: Streams
  readonly flow: FlowConsumers
  sleep(ms: number): Promise<void>
  crash(): void
}

/** One life of a broker, in a world of its own. */
export function startFlow(seed: number, run: (life: FlowLife) => Promise<void>): Promise<void> {
  return simulate(seed, async (world) => {
    const life = await startFlowIn(world)
    await run(life)
    life.crash()
  })
}

export async function startFlowIn(world: SimWorld, logger: Logger = silentLogger): Promise<FlowLife> {
  const io = world.startNode('n')
  const tail = new TailCache(100_000)
  const { streams, metadata } = await openStreams(io, { tail })
  const { segmentBytes, segmentMs, indexIntervalBytes } = testLimits
  const bounds = { segmentBytes, segmentMs, indexIntervalBytes, compactBytesMin: 1024 * 1024 }
  const flow = await FlowConsumers.open({
    io,
    directory: '/data/progress',
    metadata,
    streams,
    logger,
    journal: { ...bounds, tail: new TailCache(0), logger, wasClosedCleanly: false },
    isInMemory: false,
    limits: { parkedMax: 1000, recordCacheBytes: 100_000, consumersMax: 20 },
    areInvariantsChecked: true,
  })
  const sleep = (ms: number): Promise<void> => world.sleep(ms)
  return { world, io, streams, flow, sleep, crash: () => world.crash('n', 'kill') }
}

export interface PublishedAs {
  readonly stream?: string
  readonly timestamp?: number
  readonly partition?: number
  readonly headers?: HeaderValues
}

/** One record each, in one batch for each partition, unless all are to go to one. */
export async function publishSubjects(
  { streams }: FlowLife,
  subjects: readonly string[],
  { stream = 'S', timestamp = 1000, partition, headers }: PublishedAs = {},
): Promise<void> {
  const target = streams.require(stream)
  const builders = target.partitions.map(() => new RecordBatchBuilder())
  for (const subject of subjects) {
    const index = partition ?? partitionOfKey(Buffer.from(subject), builders.length)
    builders[index]!.add(timestamp, subject, `of ${subject}`, headers)
  }
  const parts = builders.flatMap((builder, index) =>
    builder.recordCount === 0 ? [] : [{ partition: index, batch: builder.take() }],
  )
  await publish(target, parts)
}

export interface Received {
  readonly membership: Membership
  readonly deliveries: Delivery[]
  /** Why the membership ended, by its code. */
  readonly endings: string[]
  readonly port: { isWritable: boolean }
}

export function join({ flow }: FlowLife, name: string, window = 100_000, stream = 'S'): Received {
  const deliveries: Delivery[] = []
  const endings: string[] = []
  const port = {
    name: `test of ${name}`,
    isWritable: true,
    deliver: (delivery: Delivery) => deliveries.push({ ...delivery }),
    flush: () => {},
    ended: ({ code }: { code: string }) => endings.push(code),
  }
  return { membership: flow.join(stream, name, port, window), deliveries, endings, port }
}

export function settle(
  { membership }: Received,
  { partition, slot, sequence }: Delivery,
  verb: SettleVerb = settleVerbs.ack,
  { delayMs = 0, reason = 'why' } = {},
): string | undefined {
  return membership.settle({ verb, partition, slot, sequence, delayMs, reason })
}

/** Acks what fits, and waits until that is durable. */
export async function acked(
  received: Received,
  fits: (offset: number) => boolean = () => true,
): Promise<void> {
  for (const delivery of received.deliveries) if (fits(delivery.offset)) settle(received, delivery)
  await received.membership.durable()
}
