// A sync that fails, on a real disk: what it was to make safe is refused, the partition goes offline by name
// and for good, what was acknowledged is served on, and the next start has all of it.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import type { Client } from '@sluice/client'
import { brokerFor } from '../support/broker-process.ts'
import { assertRefusal, refused } from '../support/failing.ts'
import { noThinDisks, thinDiskFor } from '../support/thin-disk.ts'

async function offsetsIn(client: Client): Promise<number[]> {
  const offsets: number[] = []
  for await (const { records } of client.log('S').read({}))
    offsets.push(...records.map(({ offset }) => offset))
  return offsets
}

test('fdatasync fails under a publisher', { skip: noThinDisks, timeout: 60_000 }, async (t) => {
  const disk = thinDiskFor(t, 16)
  const broker = await brokerFor(t, { dataDir: join(disk.path, 'data') })
  const client = await broker.connect()
  t.after(() => client.close())
  await client.streams.create('S')
  const confirmed: number[] = []
  let failure: unknown
  while (failure === undefined && confirmed.length < 500) {
    try {
      confirmed.push((await client.publish('S', 'a', Buffer.alloc(200_000, confirmed.length))).offset)
    } catch (error) {
      failure = error
    }
  }
  assertRefusal(failure, 'partition-offline', 'fdatasync')
  await refused(client.publish('S', 'a', 'x'), 'partition-offline', '.log')
  const [partition] = (await client.streams.get('S')).partitions
  assert.match(partition!.offline!, /fdatasync/)
  assert.equal(partition!.highWatermark, confirmed.length)
  assert.deepEqual(await offsetsIn(client), confirmed, 'what is confirmed is read on, and nothing else is')
  assert.match(broker.errorText, /takes no more records.*fdatasync/)
  // Room alone brings nothing back: what the kernel dropped it has dropped. A start looks at what is there.
  disk.grow(128)
  await refused(client.publish('S', 'a', 'x'), 'partition-offline')
  await broker.stop()
  await broker.start()
  assert.deepEqual((await offsetsIn(client)).slice(0, confirmed.length), confirmed)
  assert.equal((await client.streams.get('S')).partitions[0]!.offline, undefined)
  const { offset } = await client.publish('S', 'a', 'x')
  assert.ok(offset >= confirmed.length)
  t.diagnostic(`${confirmed.length} confirmed before the failure; the next offset is ${offset}`)
})
