// A broker with two shards without threads: what must hold when a disk refuses or a shard cannot carry out a
// change. With real threads: tests/e2e/shards.test.ts and shard-restart.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Client } from '@sluice/client'
import { IoError } from './io/io.ts'
import type { FileSystem } from './io/io.ts'
import { memoryFiles } from './io/memory-files.ts'
import { realIo } from './io/real-io.ts'
import { shardedFor, startSharded } from './sharded-broker.fixture.ts'
import type { ShardedBroker } from './sharded-broker.ts'
import { Broker } from './broker.ts'

/** Files in memory that refuse to make folders whose path matches. */
class RefusingFiles {
  refused: RegExp | undefined
  readonly files: FileSystem
  readonly made = memoryFiles()

  constructor() {
    const { made } = this
    const makeDirectory = (path: string): Promise<void> => {
      if (this.refused?.test(path) !== true) return made.makeDirectory(path)
      return Promise.reject(new IoError('full', path, `no space for ${path}`))
    }
    this.files = new Proxy(made, {
      get: (target, name) =>
        name === 'makeDirectory' ? makeDirectory : (Reflect.get(target, name) as () => void).bind(target),
    })
  }

  async folders(path: string): Promise<string[]> {
    const entries = await this.made.list(path).catch(() => [])
    return entries.map(({ name }) => name).toSorted()
  }
}

function start(
  t: TestContext,
  { files }: RefusingFiles,
  shards = 2,
): Promise<{ broker: ShardedBroker; client: Client }> {
  return shardedFor(t, { shards, files })
}

test('a stream that one shard cannot make is made at none, and can be made later', async (t) => {
  const disk = new RefusingFiles()
  const { client } = await start(t, disk)
  disk.refused = /streams\/\d+\/3$/
  await assert.rejects(client.streams.create('S', { partitions: 4 }), { code: 'disk-full' })
  assert.deepEqual(await disk.folders('/data/streams'), [])
  assert.deepEqual(await client.streams.list(), [])
  disk.refused = undefined
  await client.streams.create('S', { partitions: 2 })
  disk.refused = /streams\/\d+\/3$/
  await assert.rejects(client.streams.alter('S', { partitions: 4 }), { code: 'disk-full' })
  const [id] = await disk.folders('/data/streams')
  assert.deepEqual(await disk.folders(`/data/streams/${id}`), ['0', '1'])
  disk.refused = undefined
  const { partitions } = await client.streams.alter('S', { partitions: 4 })
  assert.equal(partitions.length, 4)
  for (let index = 0; index < 40; index++) await client.publish('S', `s.${index}`, '')
  const after = await client.streams.get('S')
  assert.ok(after.partitions.every(({ highWatermark }) => highWatermark > 0))
})

test('a stream does not grow while a consumer at any shard has rules', async (t) => {
  const { client } = await start(t, new RefusingFiles())
  await client.streams.create('S', { partitions: 4 })
  const names = Array.from({ length: 8 }, (_, index) => `c${index}`)
  for (const name of names) {
    await client.consumers.create('S', { name, rules: [{ match: '>', limit: 1 }] })
    await assert.rejects(client.streams.alter('S', { partitions: 6 }), { code: 'invalid-stream-config' })
    await client.consumers.delete('S', name)
  }
  assert.equal((await client.streams.alter('S', { partitions: 6 })).partitions.length, 6)
})

test('a live limit is explained by whichever shard is asked', async (t) => {
  const { client } = await start(t, new RefusingFiles())
  await client.streams.create('LIMITS')
  await client.streams.create('WORK', { partitions: 2 })
  const rules = [{ match: 'w.{t}.>', limit: { bucket: 'LIMITS', key: 'l.{t}', default: 5 } }]
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
    const consumer = await client.consumers.create('WORK', { name, rules })
    const { shared } = await consumer.explain('w.acme.x')
    assert.deepEqual(
      shared.map(({ rule, limit }) => ({ rule, limit })),
      [{ rule: rules[0], limit: 5 }],
    )
  }
})

test('dead letters that would go round between two shards are refused, also when made at once', async (t) => {
  const { client } = await start(t, new RefusingFiles())
  for (let round = 0; round < 8; round++) {
    const [one, other] = [`ONE-${round}`, `OTHER-${round}`]
    await client.streams.create(one)
    await client.streams.create(other)
    const made = await Promise.allSettled([
      client.consumers.create(one, { name: 'c', deadLetterStream: other }),
      client.consumers.create(other, { name: 'c', deadLetterStream: one }),
    ])
    const refused = made.filter((outcome) => outcome.status === 'rejected')
    assert.deepEqual(
      refused.map(({ reason }) => (reason as { code: string }).code),
      ['dead-letter-loop'],
    )
    await client.consumers.create(made[0].status === 'rejected' ? one : other, { name: 'c' })
    for (const stream of [one, other])
      await client.consumers.alter(stream, 'c', { deadLetterStream: `${stream}.dlq` })
    const altered = await Promise.allSettled([
      client.consumers.alter(one, 'c', { deadLetterStream: other }),
      client.consumers.alter(other, 'c', { deadLetterStream: one }),
    ])
    assert.deepEqual(altered.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
  }
})

test('a deleted stream ends its members at every shard, and its name begins anew', async (t) => {
  const disk = new RefusingFiles()
  const { client } = await start(t, disk)
  await client.streams.create('S', { partitions: 4 })
  await client.publish('S', 'a', '')
  const names = ['one', 'two', 'three', 'four']
  const ended = await Promise.all(
    names.map(async (name) => {
      const consumer = await client.consumers.create('S', { name })
      const reading = (async () => {
        for await (const message of consumer.messages({ window: 1 })) await message.ack()
      })()
      return {
        reading: reading.then(
          () => undefined,
          (error: unknown) => (error as { code: string }).code,
        ),
      }
    }),
  )
  await client.streams.delete('S')
  assert.deepEqual(
    await Promise.all(ended.map(({ reading }) => reading)),
    names.map(() => 'stream-deleted'),
  )
  assert.deepEqual(await disk.folders('/data/streams'), [])
  await client.streams.create('S', { partitions: 4 })
  assert.deepEqual(await client.consumers.list('S'), [])
  const { partitions } = await client.streams.get('S')
  assert.ok(partitions.every(({ highWatermark }) => highWatermark === 0))
})

test('its end is clean, and a broker without shards goes on with its streams and progress', async (t) => {
  const disk = new RefusingFiles()
  const { broker, client } = await start(t, disk, 3)
  await client.streams.create('S', { partitions: 3 })
  for (let index = 0; index < 9; index++) await client.publish('S', `s.${index}`, '')
  const consumer = await client.consumers.create('S', { name: 'c' })
  let left = 4
  for await (const message of consumer.messages({ window: 1 })) {
    await message.ack()
    if (--left === 0) break
  }
  await client.close()
  await broker.close()
  assert.ok((await disk.folders('/data')).includes('clean-shutdown'))
  assert.deepEqual(await disk.folders('/data/progress'), ['shards-3'])
  const single = await Broker.start({ dataDir: '/data', io: { ...realIo(), files: disk.files } })
  const again = await single.connect()
  const stats = await (await again.consumers.get('S', 'c')).stats()
  assert.equal(stats.partitions.length, 3)
  let rest = 0
  for await (const message of (await again.consumers.get('S', 'c')).messages({ window: 10 })) {
    await message.ack()
    if (++rest === 5) break
  }
  assert.equal((await (await again.consumers.get('S', 'c')).stats()).redelivered, 0)
  await single.close()
  assert.deepEqual(await disk.folders('/data/progress'), ['fsync', 'os'])
})

test('a port that is taken is told as what it is, and nothing is left open', async () => {
  const taken = await realIo().network.listen({ host: '127.0.0.1', port: 0 }, () => {})
  const disk = new RefusingFiles()
  const refused = startSharded({ shards: 2, files: disk.files, port: taken.port })
  await assert.rejects(refused, { code: 'io-failed', message: /EADDRINUSE|in use/ })
  await taken.close()
  const broker = await startSharded({ shards: 2, files: disk.files })
  await broker.close()
  assert.ok((await disk.folders('/data')).includes('clean-shutdown'))
})
