import assert from 'node:assert/strict'
import test from 'node:test'
import { silentLogger } from '../base/logger.ts'
import type { Io } from '../io/io.ts'
import { TailCache } from '../log/tail-cache.ts'
import { simulate } from '../testing/sim-io.ts'
import { EmbeddedMetadata } from './embedded-metadata.ts'

function openOn(io: Io): Promise<EmbeddedMetadata> {
  return EmbeddedMetadata.open({
    io,
    directory: '/catalog',
    tail: new TailCache(0),
    logger: silentLogger,
    wasClosedCleanly: false,
    durability: 'fsync',
  })
}

// Found by `npm run sim -- --seed 3008`: the torn end was named as damage, and the catalog would not open.
test('a torn end on a full disk waits for space, and is then cut', () =>
  simulate(1, async (world) => {
    const metadata = await openOn(world.startNode('n'))
    await metadata.commit({ puts: [{ key: 'streams/S', value: '{}' }] })
    world.crash('n', 'kill')
    const disk = world.disk('n')
    const path = disk.paths().find((one) => one.endsWith('.log'))!
    disk.putFile(path, Buffer.concat([disk.contentOf(path), Buffer.from('torn by a power loss')]))
    disk.capacityBytes = disk.usedBytes
    await assert.rejects(openOn(world.startNode('n')), { code: 'disk-full' })
    world.crash('n', 'kill')
    disk.capacityBytes = Infinity
    const again = await openOn(world.startNode('n'))
    assert.equal((await again.get('streams/S'))?.value, '{}')
  }))
