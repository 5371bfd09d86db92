import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { PublishPart } from '@sluice/protocol/native/publish-messages'
import { crc32c } from '@sluice/protocol/bytes/crc32c'
import type { StreamConfig } from '@sluice/protocol/model/stream'
import { decodeRecords } from '@sluice/protocol/record/log-record'
import { isChecksumRight, leaderEpochOf } from '@sluice/protocol/record/record-batch'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { TailCache } from '../../log/tail-cache.ts'
import type { DiskFault } from '../../testing/sim-disk-faults.ts'
import { simulate } from '../../testing/sim-io.ts'
import { memoryWorld, openStreams, testLimits } from './open-streams.contract.ts'
import type { OpenedStreams } from './open-streams.contract.ts'
import { publish } from './publish.ts'
import type { Stream } from './stream.ts'

const encoder = new TextEncoder()

function batchOf(...keys: (string | Uint8Array | null)[]): Uint8Array {
  const builder = new RecordBatchBuilder()
  for (const key of keys) builder.add(1000, key, 'value')
  return builder.take()
}

async function withStream(
  config: Partial<StreamConfig>,
  body: (stream: Stream, opened: OpenedStreams) => Promise<void>,
): Promise<void> {
  const opened = await openStreams(memoryWorld(), { tail: new TailCache(0) })
  await opened.streams.create('S', config)
  try {
    await body(opened.streams.require('S'), opened)
  } finally {
    await opened.close()
  }
}

/** Changes a batch after it was sealed, and seals it again. */
function changed(batch: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const copy = batch.slice()
  const view = new DataView(copy.buffer)
  change(view)
  view.setUint32(17, crc32c(copy, 21, copy.length))
  return copy
}

test('offsets follow each other, over batches and within them', async () => {
  await withStream({ partitions: 2 }, async (stream) => {
    const parts = [
      { partition: 1, batch: batchOf('a', 'b') },
      { partition: 0, batch: batchOf('c') },
      { partition: 1, batch: batchOf('d', 'e', 'f') },
    ]
    assert.deepEqual(await publish(stream, parts), [
      { partition: 1, baseOffset: 0 },
      { partition: 0, baseOffset: 0 },
      { partition: 1, baseOffset: 2 },
    ])
    const { bytes, start, end } = await stream.partitions[1]!.read(2, 1000)
    assert.equal(leaderEpochOf(bytes, start), 7)
    assert.deepEqual(
      decodeRecords(bytes.subarray(start, end), 0).map(({ offset, subject }) => [offset, subject]),
      [
        [2, 'd'],
        [3, 'e'],
        [4, 'f'],
      ],
    )
  })
})

test('publishes without waiting keep their order', async () => {
  await withStream({}, async (stream) => {
    const results = await Promise.all(
      Array.from({ length: 50 }, () => publish(stream, [{ partition: 0, batch: batchOf('a', 'b') }])),
    )
    assert.deepEqual(
      results.map(([part]) => part!.baseOffset),
      Array.from({ length: 50 }, (_, index) => index * 2),
    )
  })
})

test('the bytes are copied before publish returns', async () => {
  await withStream({}, async (stream) => {
    // Why a Buffer: it is what sockets give, and its slices share its bytes.
    const batch = Buffer.from(batchOf('a'))
    const published = publish(stream, [{ partition: 0, batch }])
    batch.fill(0xff)
    await published
    const { bytes, start, end } = await stream.partitions[0]!.read(0, 1000)
    assert.equal(decodeRecords(bytes.subarray(start, end), 0)[0]!.subject, 'a')
  })
})

test('bytes that are given away are stored as they are, without a copy', async () => {
  await withStream({}, async (stream) => {
    const batch = batchOf('a')
    await publish(stream, [{ partition: 0, batch }], { areOwned: true })
    assert.equal(leaderEpochOf(batch, 0), stream.partitions[0]!.leaderEpoch)
  })
})

const good = batchOf('a.b')

const refusals: readonly [what: string, code: string, batch: Uint8Array, config?: Partial<StreamConfig>][] = [
  ['a key that is no subject', 'invalid-subject', batchOf('a.b', 'a..b')],
  ['a key that is a pattern', 'invalid-subject', batchOf('a.*')],
  ['a key that is no UTF-8', 'invalid-subject', batchOf(Uint8Array.of(0xff, 0xfe))],
  ['no key', 'invalid-subject', batchOf('a', null)],
  ['a subject of 256 bytes', 'invalid-subject', batchOf('x'.repeat(256))],
  [
    'a subject of another stream',
    'subject-not-in-stream',
    batchOf('orders.1', 'other.1'),
    { subjects: ['orders.>'] },
  ],
  ['an empty batch', 'invalid-batch', new Uint8Array(0)],
  ['half a batch', 'invalid-batch', good.subarray(0, good.length - 1)],
  ['two batches as one', 'invalid-batch', Uint8Array.of(...good, ...good)],
  ['a flipped bit', 'corrupt-batch', good.map((byte, at) => (at === good.length - 1 ? byte ^ 1 : byte))],
  ['an old format', 'invalid-batch', changed(good, (view) => view.setUint8(16, 1))],
  ['a producer', 'invalid-batch', changed(good, (view) => view.setBigInt64(43, 5n))],
  ['compression', 'compression-not-accepted', changed(good, (view) => view.setInt16(21, 4))],
  ['broker time', 'invalid-batch', changed(good, (view) => view.setInt16(21, 8))],
  ['a transaction', 'invalid-batch', changed(good, (view) => view.setInt16(21, 16))],
  ['a control batch', 'invalid-batch', changed(good, (view) => view.setInt16(21, 32))],
  ['an offset that is not ours to know', 'invalid-batch', changed(good, (view) => view.setBigInt64(0, 5n))],
  ['an offset beyond all numbers', 'invalid-batch', changed(good, (view) => view.setBigInt64(0, 2n ** 62n))],
  [
    'more records than there are',
    'invalid-batch',
    changed(good, (view) => {
      view.setInt32(23, 1)
      view.setInt32(57, 2)
    }),
  ],
  [
    'fewer records than there are',
    'invalid-batch',
    changed(batchOf('a', 'b'), (view) => {
      view.setInt32(23, 0)
      view.setInt32(57, 1)
    }),
  ],
  ['a latest time that is none', 'invalid-batch', changed(good, (view) => view.setBigInt64(35, 10n ** 15n))],
  [
    'a time beyond all dates',
    'invalid-batch',
    changed(good, (view) => {
      view.setBigInt64(27, 2n ** 60n)
      view.setBigInt64(35, 2n ** 60n)
    }),
  ],
  ['a time before 1970', 'invalid-batch', changed(good, (view) => view.setBigInt64(27, -5n))],
  ['a header count that lies', 'invalid-batch', changed(good, (view) => view.setUint8(good.length - 1, 2))],
]

for (const [what, code, batch, config] of refusals) {
  test(`refuses ${what} as ${code}, and keeps nothing of the request`, async () => {
    await withStream({ partitions: 2, ...config }, async (stream) => {
      const first = config === undefined ? good : batchOf('orders.0')
      const parts: PublishPart[] = [
        { partition: 0, batch: first },
        { partition: 1, batch },
      ]
      await assert.rejects(publish(stream, parts), { code })
      assert.deepEqual(
        stream.partitions.map(({ highWatermark }) => highWatermark),
        [0, 0],
      )
      assert.equal(stream.admission.unflushedBytes, 0)
      assert.deepEqual(await publish(stream, [{ partition: 0, batch: first }]), [
        { partition: 0, baseOffset: 0 },
      ])
    })
  })
}

test('an unknown partition is refused', async () => {
  await withStream({}, async (stream) => {
    await assert.rejects(publish(stream, [{ partition: 1, batch: good }]), { code: 'unknown-partition' })
  })
})

test('a message may have as many bytes as the stream says, and not one more', async () => {
  await withStream({ messageBytesMax: 100 }, async (stream) => {
    const messageOf = (size: number, headers?: Record<string, string>): PublishPart[] => {
      const builder = new RecordBatchBuilder()
      builder.add(1000, 'abc', 'x'.repeat(size), headers)
      return [{ partition: 0, batch: builder.take() }]
    }
    await publish(stream, messageOf(97))
    await assert.rejects(publish(stream, messageOf(98)), {
      code: 'message-too-large',
      message: /101 bytes.* 100/,
    })
    // A header of 1 + 2 bytes is encoded in 5.
    await publish(stream, messageOf(92, { h: 'vv' }))
    await assert.rejects(publish(stream, messageOf(93, { h: 'vv' })), { code: 'message-too-large' })
  })
})

test('bytes that wait for the disk are bounded, and counted back', async () => {
  const opened = await openStreams(memoryWorld(), { limits: { ...testLimits, unflushedBytesMax: 1000 } })
  await opened.streams.create('S', {})
  const stream = opened.streams.require('S')
  const builder = new RecordBatchBuilder()
  builder.add(1000, 'a', encoder.encode('x'.repeat(600)))
  const batch = builder.take()
  const first = publish(stream, [{ partition: 0, batch }])
  await assert.rejects(publish(stream, [{ partition: 0, batch }]), { code: 'publish-overloaded' })
  await first
  assert.equal(stream.admission.unflushedBytes, 0)
  builder.add(1000, 'a', encoder.encode('x'.repeat(5000)))
  await publish(stream, [{ partition: 0, batch: builder.take() }])
  await opened.close()
})

/** The same three parts each time: two for partition 0, one for partition 1. */
function threeParts(): PublishPart[] {
  return [
    { partition: 0, batch: batchOf('a') },
    { partition: 1, batch: batchOf('b') },
    { partition: 0, batch: batchOf('c') },
  ]
}

/** Publishes `threeParts` on a disk with these faults: how it ended, and the high watermarks then. */
async function publishOn(...faults: DiskFault[]): Promise<{ failure: unknown; watermarks: number[] }> {
  return await simulate(1, async (world) => {
    const { streams } = await openStreams(world.startNode('n'))
    await streams.create('S', { partitions: 2 })
    const stream = streams.require('S')
    await publish(stream, threeParts())
    for (const fault of faults) world.disk('n').faults.add(fault)
    const failure = await publish(stream, threeParts()).then(
      () => assert.fail('it was stored'),
      (error: unknown) => error,
    )
    assert.equal(stream.admission.unflushedBytes, 0)
    return { failure, watermarks: stream.partitions.map(({ highWatermark }) => highWatermark) }
  })
}

const [full0, full1]: DiskFault[] = [0, 1].map((partition) => ({
  operation: 'write',
  path: new RegExp(`/${partition}/[0-9]+\\.log$`),
  error: 'full',
}))

test('what is stored in one partition and not in another is said to be', async () => {
  const { failure, watermarks } = await publishOn(full1!)
  assert.deepEqual(watermarks, [4, 1])
  assert.ok(failure instanceof BrokerError && failure.code === 'partly-stored')
  assert.equal(failure.isRetryable, true)
  assert.match(
    failure.message,
    /^Of a publish to S only .*, in partition 0 from offset 2; not confirmed is partition 1: No /,
  )
  const other = await publishOn(full0!)
  assert.deepEqual(other.watermarks, [2, 2])
  assert.match(
    (other.failure as Error).message,
    /in partition 1 from offset 1; not confirmed is partition 0:/,
  )
})

test('a refusal that is waited for does not hide what is stored later', async () => {
  const late: DiskFault = { operation: 'write', path: /\/0\/[0-9]+\.log$/, delayMs: 5000 }
  const { failure, watermarks } = await publishOn(late, full1!)
  assert.deepEqual(watermarks, [4, 1])
  assert.equal((failure as { code: string }).code, 'partly-stored')
})

test('where no partition stores its share the error says only that', async () => {
  const { failure, watermarks } = await publishOn(full0!, full1!)
  assert.deepEqual(watermarks, [2, 1])
  assert.equal((failure as { code: string }).code, 'disk-full')
  const broken = await publishOn(full0!, { ...full1!, error: 'failed' })
  assert.equal((broken.failure as { code: string }).code, 'partition-offline', 'what may be kept comes first')
})

for (const [what, limits] of [
  ['a segment is full', { ...testLimits, segmentBytes: 4096 }],
  ['a group is full', { ...testLimits, segmentBytes: 64 * 1024 * 1024 }],
] as const) {
  test(`the parts of one partition are stored together, also where ${what} between them`, () =>
    simulate(2, async (world) => {
      const { streams } = await openStreams(world.startNode('n'), { limits })
      await streams.create('S', { messageBytesMax: 8 * 1024 * 1024 })
      const stream = streams.require('S')
      const size = what === 'a group is full' ? 5 * 1024 * 1024 : 3000
      const parts = ['a', 'b'].map((key) => {
        const builder = new RecordBatchBuilder()
        builder.add(1000, key, 'x'.repeat(size))
        return { partition: 0, batch: builder.take() }
      })
      const writes = world
        .disk('n')
        .faults.add({ operation: 'write', path: /streams.*\.log$/, skip: 1, error: 'full' })
      const answers = [await publish(stream, parts)]
      assert.equal(writes.hits, 0, 'one write for both')
      await assert.rejects(publish(stream, parts), { code: 'disk-full' })
      assert.equal(stream.partitions[0]!.highWatermark, 2)
      answers.push(await publish(stream, parts))
      assert.deepEqual(
        answers.flat().map(({ baseOffset }) => baseOffset),
        [0, 1, 2, 3],
      )
    }))
}

test('a stream that takes the time of the broker gives it to all records', async () => {
  const { streams, io, close } = await openStreams()
  await streams.create('S', { timestampType: 'append', timestampBeforeMaxMs: 1 })
  const stream = streams.require('S')
  const before = Math.floor(io.clock.wallMs())
  const builder = new RecordBatchBuilder()
  for (const timeMs of [1, 1_000_000_000_000_000]) builder.add(timeMs, 'a', 'x')
  await publish(stream, [{ partition: 0, batch: builder.take() }])
  const { bytes, start } = await stream.partitions[0]!.read(0, 1000)
  for (const { timestamp } of decodeRecords(bytes, start)) {
    assert.equal(timestamp >= before && timestamp <= io.clock.wallMs() + 1, true, `${timestamp}`)
  }
  assert.equal(isChecksumRight(bytes, start), true)
  await close()
})

test('records that are too old or too young are refused, all of their request', async () => {
  const { streams, io, close } = await openStreams()
  await streams.create('S', { timestampBeforeMaxMs: 1000, timestampAfterMaxMs: 2000 })
  const stream = streams.require('S')
  const nowMs = io.clock.wallMs()
  const publishAt = (...times: number[]): Promise<unknown> => {
    const builder = new RecordBatchBuilder()
    for (const timeMs of times) builder.add(Math.round(timeMs), 'a', 'x')
    return publish(stream, [{ partition: 0, batch: builder.take() }])
  }
  await publishAt(nowMs, nowMs - 500, nowMs + 1000)
  for (const timeMs of [nowMs - 1500, nowMs + 60_000]) {
    await assert.rejects(publishAt(nowMs, timeMs), { code: 'invalid-timestamp' })
  }
  assert.equal(stream.partitions[0]!.highWatermark, 3)
  await close()
})
