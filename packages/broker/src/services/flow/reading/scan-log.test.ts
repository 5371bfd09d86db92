import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import type { Partition } from '../../../cluster/partition.ts'
import { TailCache } from '../../../log/tail-cache.ts'
import { memoryWorld, openStreams } from '../../streams/open-streams.contract.ts'
import { publish } from '../../streams/publish.ts'
import { scanLog } from './scan-log.ts'
import type { ScanContext } from './scan-log.ts'

const io = memoryWorld()
const goingOn: ScanContext = { timers: io.timers, check: () => {} }

/** Batches of ten records, read from disk. */
async function logOf(batches: number): Promise<{ partition: Partition; close: () => Promise<void> }> {
  const { streams, close } = await openStreams(memoryWorld(), { tail: new TailCache(0) })
  await streams.create('S', {})
  const stream = streams.require('S')
  for (let batch = 0; batch < batches; batch++) {
    const builder = new RecordBatchBuilder()
    for (let index = 0; index < 10; index++) builder.add(1000, 's', new Uint8Array(4000))
    await publish(stream, [{ partition: 0, batch: builder.take() }])
  }
  return { partition: stream.partitions[0]!, close }
}

function range(from: number, end: number): number[] {
  return Array.from({ length: end - from }, (_, index) => from + index)
}

test('every record of the stretch is visited once, in order, in pieces', async () => {
  const { partition, close } = await logOf(30)
  const visited: number[] = []
  const pieces: number[] = []
  const visit = ({ offset }: { offset: number }): void => void visited.push(offset)
  const pieceDone = (next: number): boolean => pieces.push(next) > 0
  await scanLog(partition, { from: 7, end: 263, visit, pieceDone }, goingOn)
  assert.deepEqual(visited, range(7, 263))
  assert.ok(pieces.length > 2)
  assert.equal(pieces.at(-1), 263)
  await close()
})

test('a piece may end it, and so may the reason not to go on', async () => {
  const { partition, close } = await logOf(30)
  let count = 0
  const visit = (): void => void count++
  await scanLog(partition, { from: 0, end: 300, visit, pieceDone: () => false }, goingOn)
  assert.ok(count > 0 && count < 300)
  let asked = 0
  const check = (): void => {
    if (++asked === 3) throw new BrokerError('stopping', 'enough')
  }
  const scan = scanLog(partition, { from: 0, end: 300, visit }, { ...goingOn, check })
  await assert.rejects(scan, { code: 'stopping' })
  await close()
})

test('what is removed from the start meanwhile is passed over', async () => {
  const { partition, close } = await logOf(30)
  const visited: number[] = []
  const visit = ({ offset }: { offset: number }): void => void visited.push(offset)
  let isRemoved = false
  const pieceDone = async (): Promise<boolean> => {
    if (!isRemoved) await partition.removeBelow(205)
    isRemoved = true
    return true
  }
  await scanLog(partition, { from: 0, end: 300, visit, pieceDone }, goingOn)
  const later = visited.filter((offset) => offset >= 205)
  assert.deepEqual(later, range(205, 300))
  assert.ok(visited.length < 200)
  await close()
})
