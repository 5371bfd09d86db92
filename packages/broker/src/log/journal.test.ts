// Small state that survives: replay, compaction at any crash, refusals.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { FileSystem } from '../io/io.ts'
import { simulate } from '../testing/sim-io.ts'
import type { SimWorld } from '../testing/sim-io.ts'
import { Journal } from './journal.ts'
import type { JournalOptions } from './journal.ts'
import { contentOf, listeningLogger, logOptions, memoryIo, putFile } from './log.fixture.ts'

function options(changes: Partial<JournalOptions> = {}): JournalOptions {
  return { ...logOptions(), compactBytesMin: 2000, ...changes }
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

async function replayed(journal: Journal): Promise<Map<string, string>> {
  const state = new Map<string, string>()
  await journal.replay((key, value) => {
    const name = Buffer.from(key).toString()
    if (value === null) state.delete(name)
    else state.set(name, Buffer.from(value).toString())
  })
  return state
}

function writeAll(state: ReadonlyMap<string, string>): (journal: Journal) => void {
  return (journal) => {
    for (const [key, value] of state) journal.record(bytes(key), bytes(value))
  }
}

test('puts and removals come back in order; an empty key and an empty value are what they are', async () => {
  const io = memoryIo()
  const journal = await Journal.open(io, '/journal', options())
  journal.record(bytes('a'), bytes('1'))
  journal.record(bytes('b'), bytes('2'))
  journal.record(bytes('a'), bytes('3'))
  journal.record(bytes('b'), null)
  journal.record(bytes(''), bytes('no name'))
  journal.record(bytes('c'), bytes(''))
  await journal.durable()
  await journal.close()
  const again = await Journal.open(io, '/journal', options())
  assert.deepEqual(
    await replayed(again),
    new Map([
      ['a', '3'],
      ['', 'no name'],
      ['c', ''],
    ]),
  )
})

test('the records of a turn are one batch, and one sync', () =>
  simulate(1, async (world) => {
    const journal = await Journal.open(world.startNode('n'), '/journal', options())
    const writes = world.disk('n').faults.add({ operation: 'write', path: /\.log$/, times: Infinity })
    for (let index = 0; index < 1000; index++) journal.record(bytes(`key ${index}`), bytes('value'))
    await journal.durable()
    assert.equal(writes.hits, 1)
    assert.equal(journal.sizeBytes < 25_000, true, 'one header for all of them')
  }))

test('records that nobody waits for are written too', async () => {
  const io = memoryIo()
  const journal = await Journal.open(io, '/journal', options())
  const key = bytes('a')
  journal.record(key, bytes('1'))
  key.fill(0)
  await new Promise((resolve) => setTimeout(resolve, 20))
  const again = await Journal.open(io, '/journal', options())
  assert.deepEqual(await replayed(again), new Map([['a', '1']]), 'and the bytes were copied')
})

test('it asks for a compaction when it has grown, and is small and the same after it', async () => {
  const io = memoryIo()
  let journal = await Journal.open(io, '/journal', options())
  const state = new Map<string, string>()
  let compactions = 0
  for (let round = 0; round < 300; round++) {
    state.set(`key ${round % 7}`, `value ${round}`)
    journal.record(bytes(`key ${round % 7}`), bytes(`value ${round}`))
    await journal.durable()
    if (!journal.shouldCompact) continue
    compactions++
    await journal.compact(writeAll(state))
    assert.equal(journal.sizeBytes < 500, true)
    assert.equal(journal.shouldCompact, false)
  }
  assert.equal(compactions > 5 && compactions < 30, true, `${compactions}`)
  assert.equal(journal.sizeBytes < 3000, true)
  await journal.close()
  journal = await Journal.open(io, '/journal', options())
  assert.deepEqual(await replayed(journal), state)
  assert.deepEqual(journal.quarantined, [])
})

test('after a restart it still knows how large the last snapshot was', async () => {
  const io = memoryIo()
  const state = new Map(Array.from({ length: 500 }, (_, index) => [`key ${index}`, 'v'.repeat(50)]))
  let journal = await Journal.open(io, '/journal', options())
  await journal.compact(writeAll(state))
  await journal.close()
  journal = await Journal.open(io, '/journal', options())
  await replayed(journal)
  assert.equal(journal.shouldCompact, false, 'it is all snapshot')
})

/** Keys change, compactions run, and the machine dies somewhere in between. */
async function life(
  world: SimWorld,
  state: Map<string, string>,
  unsure: Map<string, Set<string>>,
): Promise<void> {
  const { random } = world.scheduler
  const journal = await Journal.open(world.startNode('n'), '/journal', options({ compactBytesMin: 500 }))
  const found = await replayed(journal)
  for (const key of new Set([...state.keys(), ...found.keys(), ...unsure.keys()])) {
    const value = found.get(key) ?? 'removed'
    const isKnown = value === (state.get(key) ?? 'removed') || unsure.get(key)?.has(value) === true
    assert.equal(isKnown, true, `${key} is ${value}, confirmed ${state.get(key)}`)
    if (found.has(key)) state.set(key, value)
    else state.delete(key)
  }
  unsure.clear()
  const live = new Map(state)
  let compacting: Promise<void> | undefined
  let isOver = false
  world.scheduler.at(random.between(1, 80), () => (isOver = true), 'end of life')
  while (!isOver) {
    const key = `key ${Math.floor(random.between(0, 10))}`
    const value = random.chance(0.2) ? undefined : `${random.u32()}`
    if (value === undefined) live.delete(key)
    else live.set(key, value)
    unsure.set(key, (unsure.get(key) ?? new Set()).add(value ?? 'removed'))
    journal.record(bytes(key), value === undefined ? null : bytes(value))
    void journal.durable().then(() => {
      if (value === undefined) state.delete(key)
      else state.set(key, value)
    })
    if (journal.shouldCompact) compacting = journal.compact(writeAll(live))
    if (random.chance(0.5)) await world.sleep(random.between(0, 3))
  }
  if (random.chance(0.3)) await compacting
  world.crash('n', random.chance(0.5) ? 'kill' : 'power')
}

test('a crash anywhere, also in a compaction, leaves the confirmed state (150 seeds)', async () => {
  for (let seed = 0; seed < 150; seed++) {
    await simulate(seed, async (world) => {
      const state = new Map<string, string>()
      const unsure = new Map<string, Set<string>>()
      for (let number = 0; number < 6; number++) await life(world, state, unsure)
    })
  }
})

test('a full disk refuses what was recorded; the next record is tried again; a compaction is asked for', () =>
  simulate(2, async (world) => {
    const journal = await Journal.open(world.startNode('n'), '/journal', options())
    journal.record(bytes('a'), bytes('1'))
    await journal.durable()
    const disk = world.disk('n')
    disk.capacityBytes = disk.usedBytes
    journal.record(bytes('b'), bytes('2'))
    await assert.rejects(
      journal.durable(),
      (error) => error instanceof BrokerError && error.code === 'disk-full',
    )
    assert.equal(journal.shouldCompact, true)
    await assert.rejects(journal.compact(writeAll(new Map([['a', '1']]))), /No space/)
    disk.capacityBytes = Infinity
    await journal.compact(
      writeAll(
        new Map([
          ['a', '1'],
          ['b', '2'],
        ]),
      ),
    )
    assert.equal(journal.shouldCompact, false)
    world.crash('n', 'power')
    const again = await Journal.open(world.startNode('n'), '/journal', options())
    assert.deepEqual(
      await replayed(again),
      new Map([
        ['a', '1'],
        ['b', '2'],
      ]),
    )
  }))

test('a snapshot that lost a piece in the middle replaces nothing', () =>
  simulate(3, async (world) => {
    const state = new Map(Array.from({ length: 40 }, (_, index) => [`key ${index}`, `${index}`]))
    const journal = await Journal.open(world.startNode('n'), '/journal', options())
    writeAll(state)(journal)
    await journal.durable()
    const disk = world.disk('n')
    const compacted = journal.compact(async (snapshot) => {
      for (const [key, value] of state) {
        disk.capacityBytes = key === 'key 20' ? disk.usedBytes : Infinity
        snapshot.record(bytes(key), bytes(value))
        await snapshot.durable().catch(() => {})
      }
    })
    await assert.rejects(compacted, /No space/)
    world.crash('n', 'power')
    disk.capacityBytes = Infinity
    const again = await Journal.open(world.startNode('n'), '/journal', options())
    assert.deepEqual(await replayed(again), state)
  }))

test('a failed sync ends it: records are refused, loudly', () =>
  simulate(4, async (world) => {
    const journal = await Journal.open(world.startNode('n'), '/journal', options())
    world.disk('n').faults.add({ operation: 'sync', path: /\.log$/, error: 'failed' })
    journal.record(bytes('a'), bytes('1'))
    await assert.rejects(journal.durable(), /takes no more records/)
    assert.equal(journal.offline?.code, 'partition-offline')
    assert.throws(() => journal.record(bytes('b'), bytes('2')), /takes no more records/)
    await assert.rejects(journal.durable(), /takes no more records/)
  }))

test('damage is told and named, and the rest is replayed', async () => {
  const io = memoryIo()
  const journal = await Journal.open(io, '/journal', options())
  for (const key of ['a', 'b', 'c']) {
    journal.record(bytes(key), bytes('value'))
    await journal.durable()
  }
  await journal.close()
  await flipMiddle(io.files, '/journal/00000000000000000000.log')
  for (const wasClosedCleanly of [true, false]) {
    const logger = listeningLogger()
    const again = await Journal.open(io, '/journal', options({ logger, wasClosedCleanly }))
    assert.deepEqual([...(await replayed(again)).keys()], ['a', 'c'])
    assert.equal(again.quarantined.length, 1)
    assert.equal(
      logger.lines.some(({ level }) => level === 'error'),
      true,
    )
    await again.close()
  }
})

async function flipMiddle(files: FileSystem, path: string): Promise<void> {
  const content = await contentOf(files, path)
  content[content.length >> 1] ^= 1
  await putFile(files, path, content)
}
