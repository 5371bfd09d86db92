import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../base/logger.ts'
import { memoryFiles } from '../io/memory-files.ts'
import type { Io } from '../io/io.ts'
import { realIo } from '../io/real-io.ts'
import { TailCache } from '../log/tail-cache.ts'
import { nextBootEpoch } from './boot-epoch.ts'
import { EmbeddedMetadata } from './embedded-metadata.ts'
import type { MetadataChange } from './metadata.ts'

function memoryIo(): Io {
  return { ...realIo(), files: memoryFiles() }
}

function openOn(io: Io): Promise<EmbeddedMetadata> {
  return EmbeddedMetadata.open({
    io,
    directory: '/data/catalog',
    tail: new TailCache(0),
    logger: silentLogger,
    wasClosedCleanly: false,
    durability: 'fsync',
  })
}

test('what was confirmed is there after a restart, with its revisions', async () => {
  const io = memoryIo()
  const first = await openOn(io)
  assert.deepEqual(await first.commit({ puts: [{ key: 'a', value: '1' }] }), { succeeded: true, revision: 1 })
  await first.commit({ puts: [{ key: 'b', value: '2' }], deletes: ['a'] })
  await first.close()
  const second = await openOn(io)
  assert.deepEqual(await second.list(''), [{ key: 'b', value: '2', revision: 2 }])
  assert.equal((await second.commit({ compares: [{ key: 'b', revision: 2 }], deletes: ['b'] })).revision, 3)
  await second.close()
})

test('of two transactions on the same compare one succeeds', async () => {
  const metadata = await openOn(memoryIo())
  const compares = [{ key: 'a', revision: 0 }]
  const results = await Promise.all(
    ['1', '2', '3'].map((value) => metadata.commit({ compares, puts: [{ key: 'a', value }] })),
  )
  assert.deepEqual(
    results.map(({ succeeded }) => succeeded),
    [true, false, false],
  )
  assert.equal((await metadata.get('a'))?.value, '1')
  await metadata.close()
})

test('a watch hears of its prefix only, in order, until it stops', async () => {
  const metadata = await openOn(memoryIo())
  const heard: MetadataChange[] = []
  const stop = metadata.watch('s/', (change) => heard.push(change))
  await metadata.commit({
    puts: [
      { key: 's/1', value: 'x' },
      { key: 't/1', value: 'y' },
    ],
  })
  await metadata.commit({ puts: [{ key: 't/2', value: 'y' }] })
  await metadata.commit({ deletes: ['s/1', 't/1'] })
  stop()
  await metadata.commit({ puts: [{ key: 's/2', value: 'x' }] })
  assert.deepEqual(heard, [
    { revision: 1, puts: [{ key: 's/1', value: 'x', revision: 1 }], deletes: [] },
    { revision: 3, puts: [], deletes: ['s/1'] },
  ])
  await metadata.close()
})

test('a lease ends by itself, unless it is kept alive', async () => {
  const metadata = await openOn(memoryIo())
  const [short, kept] = [await metadata.grantLease(30), await metadata.grantLease(60_000)]
  await metadata.commit({
    puts: [
      { key: 'a', value: '1', lease: short },
      { key: 'b', value: '2', lease: kept },
    ],
  })
  const gone = new Promise<void>((resolve) => metadata.watch('a', () => resolve()))
  await metadata.keepAlive(kept)
  await gone
  assert.equal(await metadata.get('a'), undefined)
  assert.equal((await metadata.get('b'))?.value, '2')
  await assert.rejects(metadata.keepAlive(short), { code: 'invalid-request' })
  await metadata.revoke(kept)
  assert.equal(await metadata.get('b'), undefined)
  await metadata.close()
})

test('the boot epoch grows with every start', async () => {
  const io = memoryIo()
  for (const epoch of [1, 2, 3]) {
    const metadata = await openOn(io)
    assert.equal(await nextBootEpoch(metadata), epoch)
    await metadata.close()
  }
})

test('a catalog that was written again and again stays small and whole', async () => {
  const io = memoryIo()
  const metadata = await openOn(io)
  const value = JSON.stringify('x'.repeat(20_000))
  for (let round = 0; round < 200; round++) await metadata.commit({ puts: [{ key: `k${round % 3}`, value }] })
  await metadata.close()
  const names = await io.files.list('/data/catalog')
  const sizes = await Promise.all(names.map(({ name }) => sizeOf(io, `/data/catalog/${name}`)))
  assert.ok(
    sizes.reduce((sum, size) => sum + size, 0) < 3_000_000,
    `${sizes.join(' ')} bytes for 60 kB of state and 4 MB of history`,
  )
  const again = await openOn(io)
  assert.equal((await again.list('')).length, 3)
  assert.equal((await again.commit({})).revision, 201)
  await again.close()
})

async function sizeOf(io: Io, path: string): Promise<number> {
  const file = await io.files.open(path, { create: false })
  const size = await file.size()
  await file.close()
  return size
}
