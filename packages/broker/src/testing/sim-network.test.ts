// The simulated network: the common contract of connections, order, and everything that can break.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ByteConnection } from '@sluice/protocol/bytes/byte-connection'
import { RecordingHandler, byteConnectionContract } from '../io/byte-connection.contract.ts'
import { rejectsWith } from '../io/file-system.contract.ts'
import { simulate } from './sim-io.ts'
import type { SimWorld } from './sim-io.ts'

interface Connected {
  readonly client: ByteConnection
  readonly server: ByteConnection
  readonly hears: { readonly client: RecordingHandler; readonly server: RecordingHandler }
}

async function connected(world: SimWorld): Promise<Connected> {
  const node = world.startNode('n')
  const accepted = Promise.withResolvers<ByteConnection>()
  const listener = await node.network.listen({ host: '0.0.0.0', port: 0 }, accepted.resolve)
  const client = await world.host('c').network.connect({ host: 'n', port: listener.port })
  const server = await accepted.promise
  return { client, server, hears: { client: new RecordingHandler(), server: new RecordingHandler() } }
}

function started(all: Connected): Connected {
  all.client.start(all.hears.client)
  all.server.start(all.hears.server)
  return all
}

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
  byteConnectionContract(`simulated, seed ${seed}`, (body) =>
    simulate(seed, async (world) => {
      const { client, server } = await connected(world)
      await (seed % 2 === 0 ? body(client, server) : body(server, client))
    }),
  )
}

test('chunks are split and merged in many ways, the bytes stay in order', async () => {
  const shapes = new Set<string>()
  for (let seed = 0; seed < 200; seed += 1) {
    await simulate(seed, async (world) => {
      const { client, hears } = started(await connected(world))
      const sent = Array.from({ length: 20 }, (_, index) => Buffer.alloc(10, index))
      for (const bytes of sent) {
        client.write(bytes)
        if (world.scheduler.random.chance(0.3)) await world.sleep(1)
      }
      await hears.server.until(() => hears.server.bytes === 200)
      assert.ok(hears.server.content().equals(Buffer.concat(sent)))
      shapes.add(hears.server.chunks.map((chunk) => chunk.length).join())
    })
  }
  assert.ok(shapes.size > 100, `${shapes.size} shapes`)
})

test('lent bytes are made unreadable after the call', () =>
  simulate(1, async (world) => {
    const { client, server } = await connected(world)
    const kept = await new Promise<Uint8Array>((resolve) => {
      server.start({ received: resolve, drained: () => {}, closed: () => {} })
      client.write(Buffer.from('lent'))
    })
    assert.ok(kept.every((byte) => byte === 0xdd))
  }))

test('a killed node resets its connections, and its port is free for the next', async () => {
  for (let seed = 0; seed < 50; seed += 1) {
    await simulate(seed, async (world) => {
      const { client, hears } = started(await connected(world))
      client.write(Buffer.alloc(1000))
      const crashedMs = world.scheduler.nowMs
      world.crash('n', 'kill')
      await hears.client.until(() => hears.client.closedCount > 0)
      assert.ok(hears.client.reason instanceof Error)
      assert.ok(world.scheduler.nowMs - crashedMs < 100)
      assert.equal(hears.server.bytes + hears.server.closedCount, 0)
      assert.equal(world.network.openEnds(), 0)
      const node = world.startNode('n')
      await rejectsWith('unreachable', world.host('c').network.connect({ host: 'n', port: 9092 }))
      await node.network.listen({ host: '127.0.0.1', port: 9092 }, () => {})
      await rejectsWith(
        'in-use',
        node.network.listen({ host: 'n', port: 9092 }, () => {}),
      )
      await world.host('c').network.connect({ host: 'n', port: 9092 })
    })
  }
})

test('peers of a machine without power notice only after seconds', () =>
  simulate(9, async (world) => {
    const { hears } = started(await connected(world))
    world.crash('n', 'power')
    await world.sleep(4_000)
    assert.equal(hears.client.closedCount, 0)
    await hears.client.until(() => hears.client.closedCount > 0)
  }))

test('cut links hold bytes back until they heal; a cut one-way lets the other way through', () =>
  simulate(10, async (world) => {
    const { client, server, hears } = started(await connected(world))
    world.network.cut('c', 'n')
    client.write(Buffer.from('held'))
    server.write(Buffer.from('through'))
    await hears.client.until(() => hears.client.bytes === 7)
    await world.sleep(60_000)
    assert.equal(hears.server.bytes, 0)
    await rejectsWith('unreachable', world.host('c').network.connect({ host: 'n', port: 1 }))
    world.network.heal('c', 'n')
    await hears.server.until(() => hears.server.bytes === 4)
    world.network.partition(['c'], ['n'])
    client.close()
    await world.sleep(100)
    assert.equal(hears.server.closedCount, 0)
    world.network.healAll()
    await hears.server.until(() => hears.server.closedCount === 1)
  }))

test('a reset is heard by both ends, a half-open connection by none', () =>
  simulate(11, async (world) => {
    const { client, hears } = started(await connected(world))
    world.network.vanish('n')
    client.write(Buffer.from('into the void'))
    await world.sleep(600_000)
    assert.equal(hears.server.bytes + hears.server.closedCount + hears.client.closedCount, 0)
    client.close()
    await hears.client.until(() => hears.client.closedCount === 1)
    assert.ok(hears.client.reason instanceof Error)
  }))

test('reset connections end for both', () =>
  simulate(12, async (world) => {
    const { hears } = started(await connected(world))
    world.network.reset('n', 'c')
    await hears.client.until(() => hears.client.closedCount === 1)
    await hears.server.until(() => hears.server.closedCount === 1)
    assert.ok(hears.client.reason !== undefined && hears.server.reason !== undefined)
  }))

test('a host that does not read holds its peers back', () =>
  simulate(13, async (world) => {
    const { client, hears } = started(await connected(world))
    world.network.stall('n')
    while (client.write(Buffer.alloc(50_000))) await world.sleep(10)
    await world.sleep(10_000)
    assert.equal(hears.server.bytes, 0)
    assert.equal(hears.client.drainedCount, 0)
    world.network.unstall('n')
    await hears.client.until(() => hears.client.drainedCount === 1)
  }))

test('a paused node does nothing, and everything that was due when it resumes', () =>
  simulate(14, async (world) => {
    const node = world.startNode('p')
    let fired = 0
    for (const delayMs of [10, 20, 30]) node.timers.after(delayMs, () => (fired += 1))
    world.pause('p')
    await world.sleep(1000)
    assert.equal(fired, 0)
    const beforeMs = node.clock.monotonicMs()
    world.resume('p')
    await world.sleep(1)
    assert.equal(fired, 3)
    assert.ok(beforeMs >= 1000)
  }))
