// The simulated disk: the common contract, what survives a crash, and the faults that a test can plan.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contentOf, fileSystemContract, rejectsWith } from '../io/file-system.contract.ts'
import { changingOperations } from './sim-disk-faults.ts'
import { SimWorld, simulate } from './sim-io.ts'
import type { SimIo } from './sim-io.ts'

for (const seed of [1, 2, 3]) {
  fileSystemContract(`simulated, seed ${seed}`, (body) =>
    simulate(seed, async (world) => {
      const { files } = world.startNode('n')
      await files.makeDirectory('/root')
      await body(files, '/root')
    }),
  )
}

/** What the model allows one byte of a file to be. */
class ByteModel {
  readonly allowed: Set<number>[] = []

  write(position: number, length: number, value: number): void {
    while (this.allowed.length < position + length) this.allowed.push(new Set())
    for (let at = position; at < position + length; at += 1) this.allowed[at].add(value)
  }

  sync(values: Uint8Array): void {
    for (const [at, value] of values.entries()) this.allowed[at] = new Set([value])
  }
}

interface LossSeen {
  lost: number
  kept: number
  torn: number
}

async function writesAndPowerLoss(world: SimWorld, seen: LossSeen): Promise<void> {
  const { random } = world.scheduler
  const { files } = world.startNode('n')
  const file = await files.open('/f', { create: true })
  await files.syncDirectory('/')
  const model = new ByteModel()
  let syncedSize = 0
  let unsynced = 0
  for (let round = random.int(1, 12); round > 0; round -= 1) {
    const position = random.int(0, await file.size())
    const length = random.int(1, 2000)
    await file.write([Buffer.alloc(length, round)], position)
    model.write(position, length, round)
    unsynced += 1
    if (!random.chance(0.3)) continue
    await file.sync()
    const synced = world.disk('n').contentOf('/f')
    model.sync(synced)
    syncedSize = synced.length
    unsynced = 0
  }
  const before = world.disk('n').contentOf('/f')
  world.crash('n', 'power')
  const after = world.disk('n').contentOf('/f')
  assert.ok(after.length >= syncedSize, `size ${after.length}, synced ${syncedSize}`)
  for (let at = 0; at < syncedSize; at += 1) {
    assert.ok(
      model.allowed[at].has(after[at]),
      `byte ${at} is ${after[at]}, allowed ${[...model.allowed[at]].join()}`,
    )
  }
  if (unsynced === 0) assert.ok(after.equals(before))
  else if (after.equals(before)) seen.kept += 1
  else if (after.length === syncedSize) seen.lost += 1
  else seen.torn += 1
}

test('a power loss leaves what was synced, and anything of the rest', async () => {
  const seen: LossSeen = { lost: 0, kept: 0, torn: 0 }
  for (let seed = 0; seed < 600; seed += 1) await simulate(seed, (world) => writesAndPowerLoss(world, seen))
  for (const [outcome, count] of Object.entries(seen)) assert.ok(count > 30, `${outcome}: ${count} of 600`)
})

test('a sync covers what was written before it began, not what comes while it runs', async () => {
  let lost = 0
  for (let seed = 0; seed < 100; seed += 1) {
    const world = await afterPowerLoss(seed, async ({ files }) => {
      files.disk.latency.sync = [50, 100]
      const file = await files.open('/f', { create: true })
      await files.syncDirectory('/')
      await file.write([Buffer.from('before')], 0)
      const synced = file.sync()
      await file.write([Buffer.from(' while')], 6)
      await synced
    })
    const content = world.disk('n').contentOf('/f').toString()
    assert.ok(content.startsWith('before'), `seed ${seed}: ${content}`)
    if (content === 'before') lost += 1
  }
  assert.ok(lost > 10, `${lost} of 100`)
})

test('an earlier write may be lost where a later one was kept, leaving zeros or garbage', async () => {
  const found = { zeros: 0, garbage: 0 }
  for (let seed = 0; seed < 300; seed += 1) {
    const after = await afterPowerLoss(seed, async ({ files }) => {
      const file = await files.open('/f', { create: true })
      await files.syncDirectory('/')
      await file.write([Buffer.alloc(512, 1)], 0)
      await file.write([Buffer.alloc(512, 2)], 512)
    })
    const content = after.disk('n').contentOf('/f')
    if (content.length !== 1024 || content[512] !== 2 || content[0] === 1) continue
    if (content.subarray(0, 512).every((byte) => byte === 0)) found.zeros += 1
    else found.garbage += 1
  }
  assert.ok(found.zeros > 5 && found.garbage > 2, JSON.stringify(found))
})

test('names not synced with their folder survive a power loss or not, each on its own', async () => {
  const outcomes = new Set<string>()
  for (let seed = 0; seed < 200; seed += 1) {
    const world = await afterPowerLoss(seed, async ({ files }) => {
      await files.makeDirectory('/d')
      for (const name of ['synced', 'removed'])
        await (await files.open(`/d/${name}`, { create: true })).close()
      await files.syncDirectory('/d')
      await files.open('/d/one', { create: true })
      await files.open('/d/two', { create: true })
      await files.remove('/d/removed')
    })
    const paths = world.disk('n').paths().toSorted()
    assert.ok(paths.includes('/d/synced'), `seed ${seed}: ${paths.join()}`)
    outcomes.add(paths.join())
  }
  assert.equal(outcomes.size, 8, [...outcomes].join(' | '))
})

test('a rename survives a power loss as the old name, the new one, or both', async () => {
  const outcomes = new Set<string>()
  for (let seed = 0; seed < 200; seed += 1) {
    const world = await afterPowerLoss(seed, async ({ files }) => {
      for (const name of ['a', 'b']) {
        const file = await files.open(`/${name}`, { create: true })
        await file.write([Buffer.from(`was ${name}`)], 0)
        await file.sync()
      }
      await files.syncDirectory('/')
      await files.rename('/a', '/b')
    })
    const disk = world.disk('n')
    outcomes.add(
      disk
        .paths()
        .toSorted()
        .map((path) => `${path} ${disk.contentOf(path).toString()}`)
        .join(', '),
    )
  }
  assert.deepEqual([...outcomes].toSorted(), ['/a was a, /b was a', '/a was a, /b was b', '/b was a'])
})

test('a killed process leaves everything it wrote, and a write under way torn at any byte', async () => {
  const lengths = new Set<number>()
  for (let seed = 0; seed < 300; seed += 1) {
    await simulate(seed, async (world) => {
      const { files } = world.startNode('n')
      const file = await files.open('/f', { create: true })
      await file.write([Buffer.alloc(1000, 1)], 0)
      void file.write([Buffer.alloc(40, 2), Buffer.alloc(60, 3)], 1000)
      world.crash('n', 'kill')
      const content = world.disk('n').contentOf('/f')
      const whole = Buffer.concat([Buffer.alloc(1000, 1), Buffer.alloc(40, 2), Buffer.alloc(60, 3)])
      assert.ok(content.length >= 1000 && content.equals(whole.subarray(0, content.length)))
      lengths.add(content.length)
    })
  }
  assert.ok(lengths.size > 60, `${lengths.size} lengths`)
})

test('after a failed sync later syncs succeed, but what it should have covered may be gone', async () => {
  let lost = 0
  for (let seed = 0; seed < 200; seed += 1) {
    const world = await afterPowerLoss(seed, async ({ files }) => {
      files.disk.faults.add({ operation: 'sync', path: /^\/f$/, error: 'failed' })
      const file = await files.open('/f', { create: true })
      await files.syncDirectory('/')
      await file.write([Buffer.from('first ')], 0)
      await rejectsWith('failed', file.sync())
      assert.equal((await contentOf(files, '/f')).toString(), 'first ')
      await file.write([Buffer.from('second')], 6)
      await file.sync()
    })
    const content = world.disk('n').contentOf('/f').toString()
    assert.ok(content === 'first second' || content === '\0\0\0\0\0\0second', `seed ${seed}: ${content}`)
    if (content !== 'first second') lost += 1
  }
  assert.ok(lost > 50 && lost < 150, `${lost} of 200`)
})

test('a full disk takes the front of a write, and goes on when there is space again', () =>
  simulate(1, async (world) => {
    const { files } = world.startNode('n')
    files.disk.capacityBytes = 1000
    const file = await files.open('/f', { create: true })
    await file.write([Buffer.alloc(800, 1)], 0)
    await rejectsWith('full', file.write([Buffer.alloc(300, 2)], 800))
    assert.equal(await file.size(), 1000)
    await file.write([Buffer.alloc(500, 3)], 0)
    files.disk.capacityBytes = 2000
    await file.write([Buffer.alloc(300, 2)], 800)
    assert.equal(await file.size(), 1100)
  }))

test('planned faults hit the nth operation, are slow, or make the disk read-only', () =>
  simulate(2, async (world) => {
    const { files, clock } = world.startNode('n')
    const { disk } = files
    const file = await files.open('/f', { create: true })
    const reads = disk.faults.add({ operation: 'read', skip: 2, times: 2, error: 'failed' })
    const target = Buffer.alloc(1)
    for (const isFine of [true, true, false, false, true]) {
      if (isFine) await file.read(target, 0)
      else await rejectsWith('failed', file.read(target, 0))
    }
    assert.equal(reads.hits, 2)
    disk.faults.add({ operation: 'sync', delayMs: 30_000 })
    const startedMs = clock.monotonicMs()
    await file.sync()
    assert.ok(clock.monotonicMs() - startedMs >= 30_000)
    const readOnly = disk.faults.add({ operation: changingOperations, times: Infinity, error: 'denied' })
    await rejectsWith('denied', file.write([Buffer.alloc(1)], 0))
    await rejectsWith('denied', files.rename('/f', '/g'))
    readOnly.remove()
    await files.rename('/f', '/g')
  }))

test('a hung disk answers when it is released', () =>
  simulate(3, async (world) => {
    const { files } = world.startNode('n')
    files.disk.hang()
    let isOpen = false
    const opened = files.open('/f', { create: true }).then(() => {
      isOpen = true
    })
    await world.sleep(60_000)
    assert.equal(isOpen, false)
    files.disk.release()
    await opened
  }))

test('damage: flipped bits, lost files, files put back', () =>
  simulate(4, async (world) => {
    const { files } = world.startNode('n')
    files.disk.putFile('/f', Buffer.from([1, 2, 3]))
    files.disk.flipBit('/f', 1, 7)
    assert.deepEqual([...(await contentOf(files, '/f'))], [1, 130, 3])
    world.crash('n', 'power')
    assert.deepEqual([...world.disk('n').contentOf('/f')], [1, 130, 3])
    world.disk('n').loseFile('/f')
    assert.deepEqual(await world.startNode('n').files.list('/'), [])
  }))

test('bytes that change while they are being written fail the run', async () => {
  await assert.rejects(
    simulate(5, async (world) => {
      const file = await world.startNode('n').files.open('/f', { create: true })
      const bytes = Buffer.from('lent')
      const written = file.write([bytes], 0)
      bytes[0] = 0
      await written
    }),
    /bytes were changed.*seed 5/,
  )
})

test('a lock is free after the crash of its holder, and only then', () =>
  simulate(6, async (world) => {
    const one = world.startNode('one')
    const two = world.startNode('two', { diskOf: 'one' })
    await one.files.lock('/LOCK')
    await rejectsWith('locked', two.files.lock('/LOCK'))
    await rejectsWith('locked', one.files.lock('/LOCK'))
    world.crash('one', 'kill')
    await two.files.lock('/LOCK')
    await rejectsWith('locked', world.startNode('one').files.lock('/LOCK'))
  }))

async function afterPowerLoss(seed: number, body: (node: SimIo) => Promise<void>): Promise<SimWorld> {
  const world = new SimWorld(seed)
  await world.runUntil(body(world.startNode('n')))
  world.crash('n', 'power')
  return world
}
