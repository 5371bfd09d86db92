// Reading logs, against a scripted broker on a real socket.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { opcodes } from '@sluice/protocol/native/frame'
import { readFrom, readRead } from '@sluice/protocol/native/publish-messages'
import type { ReadRequest } from '@sluice/protocol/native/publish-messages'
import { placeBatch } from '@sluice/protocol/record/record-batch'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { connect } from '../connect.ts'
import { ScriptedBroker } from '../testing/scripted-broker.contract.ts'
import type { LogReadOptions } from './log-reader.ts'

/** A batch of records `base`, `base + 1`, … whose timestamps are ten times their offsets. */
function batchOf(base: number, count: number): Buffer {
  const builder = new RecordBatchBuilder()
  for (let offset = base; offset < base + count; offset++)
    builder.add(offset * 10, `s.${offset}`, `${offset}`, { o: `${offset}` })
  const batch = builder.take()
  placeBatch(batch, 0, base, 0)
  return Buffer.from(batch)
}

interface Answer {
  readonly batches: readonly Buffer[]
  readonly nextOffset: number
  readonly highWatermark: number
}

async function read(
  t: TestContext,
  options: LogReadOptions,
  answers: (request: ReadRequest, index: number) => Answer | 'break',
): Promise<{ offsets: number[]; requests: ReadRequest[] }> {
  const requests: ReadRequest[] = []
  const broker = await ScriptedBroker.start(({ opcode, correlation, body, peer }) => {
    if (opcode !== opcodes.read) return false
    const request = readRead(new ByteReader(body))
    requests.push(request)
    const answer = answers(request, requests.length - 1)
    if (answer === 'break') peer.socket.destroy()
    else peer.sendRead(correlation, { logStart: 0, ...answer, batches: Buffer.concat(answer.batches) })
    return true
  })
  t.after(() => broker.close())
  const client = await connect({ servers: [broker.address], reconnect: { minMs: 1, maxMs: 10 } })
  t.after(() => client.close())
  const offsets: number[] = []
  for await (const batch of client.log('S').read(options)) {
    for (const { offset, timestamp, subject, data, headers } of batch.records) {
      assert.deepEqual([timestamp, subject, data?.toString()], [offset * 10, `s.${offset}`, `${offset}`])
      assert.deepEqual(headers, { o: `${offset}` })
      offsets.push(offset)
    }
    if (offsets.length >= 20) break
  }
  return { offsets, requests }
}

test('from an offset to the end; what the first batch has before it is skipped', async (t) => {
  const { offsets, requests } = await read(t, { from: { offset: 3 } }, (_, index) =>
    index === 0
      ? { batches: [batchOf(0, 5), batchOf(5, 2)], nextOffset: 7, highWatermark: 9 }
      : { batches: [batchOf(7, 2)], nextOffset: 9, highWatermark: 9 },
  )
  assert.deepEqual(offsets, [3, 4, 5, 6, 7, 8])
  assert.deepEqual(
    requests.map(({ value, waitMs }) => [value, waitMs]),
    [
      [3, 0],
      [7, 0],
    ],
  )
})

test('from a time: records that are older are skipped', async (t) => {
  const answer = { batches: [batchOf(0, 5)], nextOffset: 5, highWatermark: 5 }
  assert.deepEqual((await read(t, { from: { time: 25 } }, () => answer)).offsets, [3, 4])
  assert.deepEqual((await read(t, { from: { time: new Date(25) } }, () => answer)).offsets, [3, 4])
})

test('the last record alone', async (t) => {
  const answer = { batches: [batchOf(0, 5)], nextOffset: 5, highWatermark: 5 }
  assert.deepEqual((await read(t, { from: 'last' }, () => answer)).offsets, [4])
})

test('an empty log ends at once', async (t) => {
  const { offsets, requests } = await read(t, {}, () => ({ batches: [], nextOffset: 0, highWatermark: 0 }))
  assert.deepEqual(offsets, [])
  assert.equal(requests.length, 1)
})

test('follow goes on at the end; offsets that are missing are stepped over', async (t) => {
  const { offsets, requests } = await read(t, { follow: true, from: 'next' }, ({ from, value }) =>
    from === 4
      ? { batches: [], nextOffset: 5, highWatermark: 5 }
      : { batches: [batchOf(value + 2, 10)], nextOffset: value + 12, highWatermark: value + 12 },
  )
  assert.deepEqual(offsets, [
    ...Array.from({ length: 10 }, (_, i) => 7 + i),
    ...Array.from({ length: 10 }, (_, i) => 19 + i),
  ])
  assert.ok(requests.every(({ waitMs }) => waitMs > 0))
})

test('a break in the middle is not noticed', async (t) => {
  const { offsets } = await read(t, { from: 'first' }, (_, index) =>
    index === 0 ? 'break' : { batches: [batchOf(0, 2)], nextOffset: 2, highWatermark: 2 },
  )
  assert.deepEqual(offsets, [0, 1])
})

test('while an answer is in use one more is asked for, and no third', { timeout: 10_000 }, async (t) => {
  const values: number[] = []
  let heard = Promise.withResolvers<void>()
  const broker = await ScriptedBroker.start(({ opcode, correlation, body, peer }) => {
    if (opcode !== opcodes.read) return false
    const { value } = readRead(new ByteReader(body))
    values.push(value)
    const batches = batchOf(value, 5)
    peer.sendRead(correlation, { logStart: 0, nextOffset: value + 5, highWatermark: 1000, batches })
    heard.resolve()
    heard = Promise.withResolvers<void>()
    return true
  })
  t.after(() => broker.close())
  const client = await connect({ servers: [broker.address] })
  t.after(() => client.close())
  let handedOut = 0
  for await (const { nextOffset } of client.log('S').read({ from: { offset: 0 } })) {
    handedOut++
    while (values.length < handedOut + 1) await heard.promise
    await new Promise((resolve) => {
      setTimeout(resolve, 5)
    })
    assert.equal(values.length, handedOut + 1)
    if (nextOffset >= 20) break
  }
  assert.deepEqual(values, [0, 5, 10, 15, 20])
})

test('the next answer is asked for as soon as a large one has begun', async (t) => {
  const asked = Promise.withResolvers<void>()
  const broker = await ScriptedBroker.start(({ opcode, correlation, body, peer }) => {
    if (opcode !== opcodes.read) return false
    const { value } = readRead(new ByteReader(body))
    if (value > 0) asked.resolve()
    const isFirst = value === 0
    const builder = new RecordBatchBuilder()
    builder.add(0, 'a', Buffer.alloc(200_000, 7))
    const batches = builder.take()
    placeBatch(batches, 0, value, 0)
    const { socket } = peer
    const write = socket.write.bind(socket)
    // The end of the first answer waits until the second is asked for.
    if (isFirst) {
      socket.write = ((bytes: Uint8Array) => {
        write(bytes.subarray(0, 100_000))
        void asked.promise.then(() => write(bytes.subarray(100_000)))
        return true
      }) as typeof socket.write
    }
    peer.sendRead(correlation, { logStart: 0, nextOffset: value + 1, highWatermark: 2, batches })
    socket.write = write
    return true
  })
  t.after(() => broker.close())
  const client = await connect({ servers: [broker.address] })
  t.after(() => client.close())
  const seen: unknown[] = []
  for await (const { records } of client.log('S').read({ from: { offset: 0 } }))
    seen.push(...records.map(({ offset, data }) => [offset, data!.length, data!.at(-1)]))
  assert.deepEqual(seen, [
    [0, 200_000, 7],
    [1, 200_000, 7],
  ])
})

test('bytes that come damaged are doubted once, and reading goes on where that answer ends', async (t) => {
  const flipped = batchOf(3, 3)
  flipped[80]! ^= 1
  const { offsets, requests } = await read(t, { from: 'first' }, ({ from }) => {
    if (from === readFrom.first) return { batches: [batchOf(0, 3), flipped], nextOffset: 6, highWatermark: 9 }
    if (from === readFrom.doubtedOffset) return { batches: [batchOf(0, 3)], nextOffset: 3, highWatermark: 9 }
    return { batches: [batchOf(6, 3)], nextOffset: 9, highWatermark: 9 }
  })
  assert.deepEqual(offsets, [0, 1, 2, 6, 7, 8])
  assert.deepEqual(
    requests.map(({ from, value }) => [from, value]).filter(([from]) => from === readFrom.doubtedOffset),
    [[readFrom.doubtedOffset, 0]],
  )
  assert.ok(requests.some(({ from, value }) => from === readFrom.offset && value === 3))
})

test('a flipped bit is noticed, and so is what is no batch', async (t) => {
  const flipped = batchOf(0, 3)
  flipped[80]! ^= 1
  const corrupt = read(t, {}, () => ({ batches: [flipped], nextOffset: 3, highWatermark: 3 }))
  await assert.rejects(corrupt, { code: 'corrupt-batch' })
  const cut = read(t, {}, () => ({
    batches: [batchOf(0, 3).subarray(0, 70)],
    nextOffset: 3,
    highWatermark: 3,
  }))
  await assert.rejects(cut, { code: 'invalid-batch' })
})

test('a broker that does not get on is not asked for ever', async (t) => {
  const stuck = read(t, { from: { offset: 5 } }, () => ({ batches: [], nextOffset: 5, highWatermark: 9 }))
  await assert.rejects(stuck, { code: 'internal' })
})

test('a signal ends a reader that waits', async (t) => {
  const broker = await ScriptedBroker.start(({ opcode }) => opcode === opcodes.read)
  t.after(() => broker.close())
  const client = await connect({ servers: [broker.address] })
  t.after(() => client.close())
  const signal = AbortSignal.timeout(20)
  for await (const _ of client.log('S').read({ follow: true, signal })) assert.fail('nothing was sent')
})

test('what cannot be read from is refused by name', async (t) => {
  const never = (): never => assert.fail('nothing is asked')
  await assert.rejects(read(t, { from: 'middle' as 'last' }, never), { code: 'invalid-option' })
  await assert.rejects(read(t, { from: { offset: -1 } }, never), /offset is -1/)
  await assert.rejects(read(t, { partition: -1 }, never), (error) => error instanceof BrokerError)
})
