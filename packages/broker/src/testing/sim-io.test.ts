// The whole simulated world: one seed, one history; and the dead do not act.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ByteConnection } from '@sluice/protocol/bytes/byte-connection'
import { SimWorld, simulate } from './sim-io.ts'
import type { SimIo } from './sim-io.ts'

/** Keeps what it is sent in a file, answers each chunk once it is synced. */
async function echoStore(node: SimIo): Promise<void> {
  const file = await node.files.open('/store', { create: true })
  await node.files.syncDirectory('/')
  await node.network.listen({ host: 'n', port: 9000 }, (connection) => {
    const store = async (chunk: Uint8Array): Promise<void> => {
      await file.write([chunk], await file.size())
      await file.sync()
      connection.write(Buffer.from([chunk.length & 0xff]))
    }
    connection.start({
      received: (chunk) => void store(Uint8Array.from(chunk)),
      drained: () => {},
      closed: () => {},
    })
  })
}

async function connectWhenUp(world: SimWorld): Promise<ByteConnection> {
  for (;;) {
    try {
      return await world.host('c').network.connect({ host: 'n', port: 9000 })
    } catch {
      await world.sleep(5)
    }
  }
}

/** A history with everything in it: files, connections, timers, crashes of both kinds. */
async function history(world: SimWorld): Promise<string> {
  const host = world.host('c')
  let answers = 0
  for (let life = 0; life < 4; life += 1) {
    void echoStore(world.startNode('n'))
    const connection = await connectWhenUp(world)
    connection.start({ received: (chunk) => (answers += chunk.length), drained: () => {}, closed: () => {} })
    for (let index = 0; index < 10; index += 1) {
      connection.write(Buffer.alloc(host.random.u32() % 300, index))
      await world.sleep(1)
    }
    world.crash('n', life % 2 === 0 ? 'power' : 'kill')
  }
  const content = world.disk('n').contentOf('/store').toString('hex')
  return `${world.scheduler.traceHash} ${world.scheduler.eventCount} ${answers} ${content}`
}

test('the same seed gives the same history, event by event; another seed another one', async () => {
  const histories = new Set<string>()
  for (let seed = 0; seed < 30; seed += 1) {
    const first = await simulate(seed, history)
    const second = await simulate(seed, history)
    assert.equal(second, first, `seed ${seed}`)
    histories.add(first)
  }
  assert.equal(histories.size, 30)
})

test('real time does not matter', async () => {
  const first = await simulate(7, history)
  const busy = setInterval(() => {
    for (const end = performance.now() + 0.2; performance.now() < end;);
  }, 1)
  const second = await simulate(7, history)
  clearInterval(busy)
  assert.equal(second, first)
})

test('nothing that a dead incarnation waits for ever comes, and nothing that it does has an effect', () =>
  simulate(8, async (world) => {
    const dead = world.startNode('n')
    let sign = 0
    const alive = (): void => {
      sign += 1
    }
    const file = await dead.files.open('/f', { create: true })
    dead.timers.after(10, alive)
    void dead.network.connect({ host: 'nowhere', port: 1 }).catch(alive)
    void dead.files.list('/').then(alive)
    world.crash('n', 'kill')
    void file.write([Buffer.from('ghost')], 0).then(alive)
    void dead.files.list('/none').catch(alive)
    dead.timers.after(1, alive)
    dead.timers.soon(alive)
    await world.sleep(120_000)
    assert.equal(sign, 0)
    assert.equal(world.disk('n').contentOf('/f').length, 0)
  }))

test('timers of a node never fire early, and its two clocks start elsewhere in each life', () =>
  simulate(9, async (world) => {
    const starts = new Set<number>()
    for (let life = 0; life < 5; life += 1) {
      const { clock, timers } = world.startNode('n')
      const startMs = clock.monotonicMs()
      starts.add(startMs)
      await new Promise<void>((resolve) => {
        timers.after(100, resolve)
      })
      assert.ok(clock.monotonicMs() - startMs >= 100)
      world.crash('n', 'kill')
    }
    assert.equal(starts.size, 5)
  }))

test('a failure in the body of a run names the seed', async () => {
  await assert.rejects(
    simulate(4711, async () => assert.fail('wrong')),
    /seed 4711.*wrong/,
  )
  const world = new SimWorld(1)
  assert.throws(() => world.crash('n', 'kill'), /not running/)
})
