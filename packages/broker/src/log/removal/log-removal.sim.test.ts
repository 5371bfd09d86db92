// Whole lives of a log from which records are removed, from seeds: deletions, purges and retention among
// appends, on disks that fill up and fail, with kills and power losses at any moment. After each start: what
// was removed and answered is gone, from the disk too; what nobody asked to be removed is there; offsets go
// on.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import type { Io } from '../../io/io.ts'
import type { DiskFault } from '../../testing/sim-disk-faults.ts'
import { simulate } from '../../testing/sim-io.ts'
import type { SimWorld } from '../../testing/sim-io.ts'
import { LogLife, liveAndCrash, mendDisk } from '../log-lives.fixture.ts'
import type { Crashes } from '../log-lives.fixture.ts'
import { Log } from '../log.ts'
import { batchOf, contentOf, logOptions, readAll } from '../log.fixture.ts'
import { keepsAll } from './retention-plan.ts'

const directory = '/data/streams/1/0'
/** What a removal may end with when the disk refuses, or the log is closed before its turn. */
const refusals = new Set(['disk-full', 'io-failed', 'partition-offline', 'stopping'])

/** Faults of what only removals touch: appending must go on. */
const removalFaults: readonly DiskFault[] = [
  { operation: ['open', 'write', 'sync', 'rename'], path: /\.tmp$/, error: 'failed' },
  { operation: ['open', 'write', 'sync'], path: /\.tmp$/, error: 'full' },
  { operation: 'remove', path: /index$|\.log$/, error: 'failed' },
  { operation: 'sync-directory', error: 'failed' },
  { operation: ['rename', 'sync', 'remove', 'sync-directory'], delayMs: 3, times: 5 },
]

class Model {
  /** All values that were ever appended at an offset: a refused one is given again. */
  readonly appended = new Map<number, Set<string>>()
  readonly confirmed = new Map<number, string>()
  readonly times = new Map<number, number>()
  /** Somebody asked for the removal, which may or may not have happened. */
  readonly asked = new Set<number>()
  readonly gone = new Set<number>()
  /** Deleted one by one: their bytes must not be anywhere. */
  readonly erased = new Set<number>()
  askedStart = 0
  goneStart = 0
  values = 0

  /** What a log that was just opened shows is so from now on. */
  async check(log: Log): Promise<void> {
    const served = new Map(
      (await readAll(log, log.logStart, 3000)).map(({ offset, value }) => [offset, value]),
    )
    for (const [offset, value] of served) {
      assert.equal(this.appended.get(offset)?.has(value), true, `offset ${offset} has a foreign value`)
      assert.equal(this.gone.has(offset), false, `offset ${offset} was removed and is back`)
    }
    assert.equal(log.logStart >= this.goneStart, true, `${log.logStart} is below ${this.goneStart}`)
    assert.equal(log.logEnd >= this.goneStart, true, 'an offset is given again')
    for (const [offset, value] of this.confirmed) {
      // Below the log start too: it moves only over what somebody asked to be removed.
      if (this.asked.has(offset)) continue
      assert.equal(served.get(offset) === value, true, `confirmed offset ${offset} is lost`)
    }
    // Why not none at all: of a group that nobody was confirmed, a power loss may keep a later batch alone.
    for (const { baseOffset, nextOffset } of log.quarantined)
      for (let offset = baseOffset; offset < nextOffset; offset++)
        assert.equal(this.confirmed.has(offset) && !this.asked.has(offset), false, `${offset} is damaged`)
    this.goneStart = log.logStart
    for (const offset of this.asked) {
      if (!served.has(offset) && this.confirmed.has(offset)) this.gone.add(offset)
    }
  }

  ask(offsets: Iterable<number>): void {
    for (const offset of offsets) this.asked.add(offset)
  }

  below(offset: number): number[] {
    return [...this.appended.keys()].filter((one) => one < offset)
  }
}

class Life extends LogLife {
  readonly #model: Model

  constructor(world: SimWorld, log: Log, model: Model) {
    super(world, log)
    this.#model = model
  }

  async step(): Promise<void> {
    const { random } = this.world.scheduler
    const choice = random.between(0, 100)
    if (choice < 45) this.#append()
    else if (choice < 65) await this.world.sleep(random.between(0, 2))
    else if (choice < 72) this.log.roll()
    else if (choice < 84) await this.#remove(() => this.#delete())
    else if (choice < 88) await this.#remove(() => this.#purge())
    else if (choice < 91) await this.#remove(() => this.#retain())
    else if (choice < 94) await this.#read()
    else if (choice < 96) this.fillDisk(1500)
    else this.world.disk('n').faults.add(random.pick(removalFaults))
  }

  #append(): void {
    const { random } = this.world.scheduler
    const model = this.#model
    const builder = new RecordBatchBuilder()
    const values: string[] = []
    const base = this.log.logEnd
    const nowMs = this.log.logEnd
    for (let index = random.int(0, 4); index >= 0; index--) {
      const value = `<${model.values++}>${'.'.repeat(random.between(0, 200))}`
      const timeMs = nowMs + random.int(0, 20)
      model.times.set(base + values.length, timeMs)
      builder.add(timeMs, 'key', value)
      values.push(value)
    }
    try {
      assert.equal(this.log.append(builder.take(), 0), base)
    } catch (error) {
      assert.equal((error as BrokerError).code, 'partition-offline')
      return
    }
    values.forEach((value, index) => {
      model.appended.set(base + index, (model.appended.get(base + index) ?? new Set()).add(value))
    })
    const confirm = (): void => values.forEach((value, index) => model.confirmed.set(base + index, value))
    this.whenDurable(confirm)
  }

  async #remove(removal: () => Promise<void>): Promise<void> {
    try {
      await removal()
    } catch (error) {
      assert.equal(refusals.has((error as BrokerError).code), true, String(error))
    }
  }

  async #delete(): Promise<void> {
    const { random } = this.world.scheduler
    const model = this.#model
    const { durableEnd } = this.log
    if (durableEnd === 0) return
    const offsets = Array.from({ length: random.int(1, 5) }, () => random.int(0, durableEnd - 1))
    const from = random.int(0, durableEnd - 1)
    if (random.chance(0.3)) for (let at = from; at < Math.min(from + 10, durableEnd); at++) offsets.push(at)
    model.ask(offsets)
    await this.log.deleteRecords(offsets)
    for (const offset of offsets) {
      model.gone.add(offset)
      if (offset >= model.askedStart) model.erased.add(offset)
    }
  }

  async #purge(): Promise<void> {
    const { random } = this.world.scheduler
    const { durableEnd, logStart } = this.log
    const offset = random.chance(0.3) ? durableEnd : random.int(logStart, durableEnd)
    await this.#moveStart(offset, () => this.log.removeBelow(offset))
  }

  /** All that is older may go, and nothing else. */
  async #retain(): Promise<void> {
    const model = this.#model
    const { durableEnd, logStart } = this.log
    const nowMs = durableEnd + 10
    const maxAgeMs = this.world.scheduler.random.int(10, 80)
    const isYoung = (offset: number): boolean => (model.times.get(offset) ?? 0) >= nowMs - maxAgeMs
    let offset = logStart
    while (offset < durableEnd && (!isYoung(offset) || model.asked.has(offset))) offset++
    await this.#moveStart(offset, () => this.log.retain({ ...keepsAll, maxAgeMs }, nowMs), false)
  }

  async #moveStart(offset: number, move: () => Promise<unknown>, isExact = true): Promise<void> {
    const model = this.#model
    model.askedStart = Math.max(model.askedStart, offset)
    model.ask(model.below(offset))
    await move()
    if (isExact) assert.equal(this.log.logStart >= offset, true)
    model.goneStart = Math.max(model.goneStart, this.log.logStart)
    for (const one of model.below(model.goneStart)) model.gone.add(one)
  }

  /** Reads go on beside removals: they get whole batches, or hear that the log start has moved. */
  async #read(): Promise<void> {
    const { logStart, durableEnd } = this.log
    const offset = Math.floor(this.world.scheduler.random.between(logStart, durableEnd))
    const slice = await this.log.read(offset, 4000).catch((error: BrokerError) => {
      assert.equal(error.code === 'offset-out-of-range' || error.code === 'stopping', true, String(error))
    })
    assert.equal(slice === undefined || slice.nextOffset > offset || offset === durableEnd, true)
  }
}

/** Nothing that was deleted record by record stands in any file. */
async function checkErased({ files }: Io, model: Model): Promise<void> {
  let all = ''
  for (const { name } of await files.list(directory)) {
    if (name.endsWith('.log'))
      all += Buffer.from(await contentOf(files, `${directory}/${name}`)).toString('latin1')
  }
  for (const offset of model.erased) {
    for (const value of model.appended.get(offset) ?? []) {
      const isThere = all.includes(value.slice(0, value.indexOf('>') + 1))
      assert.equal(isThere && model.confirmed.get(offset) === value, false, `${value} is on the disk`)
    }
  }
}

async function history(world: SimWorld, crashes: Crashes): Promise<void> {
  const { random } = world.scheduler
  const model = new Model()
  await liveAndCrash(world, {
    ...crashes,
    directory,
    segmentBytes: 1500,
    lifeMsMax: 150,
    isDirect: () => random.chance(0.3),
    beforeStart: () => mendDisk(world),
    begin: async (log, { io }) => {
      await model.check(log)
      await checkErased(io, model)
      return new Life(world, log, model)
    },
  })
}

const seeds = 60

test(`removals that were answered survive kills and power losses (${seeds} seeds)`, async () => {
  for (let seed = 0; seed < seeds; seed++) {
    await simulate(seed, (world) => history(world, { durability: 'fsync', modes: ['kill', 'power'] })).catch(
      (error: unknown) => {
        throw new Error(`seed ${seed}`, { cause: error })
      },
    )
  }
})

test('removals from a log of durability os survive kills (20 seeds)', async () => {
  for (let seed = 0; seed < 20; seed++) {
    await simulate(seed, (world) => history(world, { durability: 'os', modes: ['kill'] })).catch(
      (error: unknown) => {
        throw new Error(`seed ${seed}`, { cause: error })
      },
    )
  }
})

async function offsetsOf(log: Log): Promise<number[]> {
  return (await readAll(log)).map(({ offset }) => offset)
}

test('a purge holds where the power loss has taken what it purged: offsets go on behind it', async () => {
  for (let seed = 0; seed < 20; seed++) {
    await simulate(seed, async (world) => {
      const options = logOptions({ durability: 'os' })
      let log = await Log.open(world.startNode('n'), directory, options)
      for (let index = 0; index < 10; index++) log.append(batchOf(['x', 'y']), 0)
      await log.durable()
      await log.removeBelow(15)
      world.crash('n', 'power')
      for (const life of ['first', 'second']) {
        log = await Log.open(world.startNode('n'), directory, options)
        assert.equal(log.logStart, 15, life)
        assert.equal(log.logEnd >= 15, true, `${log.logEnd}`)
        assert.deepEqual(log.quarantined, [])
        const base = log.append(batchOf(['z']), 0)
        await log.durable()
        assert.equal((await offsetsOf(log)).at(-1), base)
        await log.close()
        world.crash('n', 'kill')
      }
    })
  }
})

test('a crash before the damage of a segment that was written anew is named: it is found again', () =>
  simulate(1, async (world) => {
    let io = world.startNode('n')
    let log = await Log.open(io, directory, logOptions())
    for (let batch = 0; batch < 6; batch++) log.append(batchOf([`${batch}`]), 0)
    await log.durable()
    await log.close()
    const path = `${directory}/00000000000000000000.log`
    const file = await io.files.open(path, { create: false })
    await file.write([Uint8Array.of(0xff)], (await file.size()) / 2 + 70)
    await file.sync()
    await file.close()
    log = await Log.open(io, directory, logOptions())
    assert.deepEqual(await offsetsOf(log), [0, 1, 2, 4, 5])
    const { faults } = world.disk('n')
    faults.add({ operation: ['write', 'rename'], path: /quarantine|index/, error: 'failed', times: Infinity })
    assert.equal(await log.deleteRecords([0, 1]), 2)
    world.crash('n', 'power')
    faults.clear()
    io = world.startNode('n')
    log = await Log.open(io, directory, logOptions())
    assert.deepEqual(await offsetsOf(log), [2, 4, 5])
    const ranges = log.quarantined.map(({ baseOffset, nextOffset }) => [baseOffset, nextOffset])
    assert.deepEqual(ranges, [[3, 4]])
  }))

test('a deletion that finds no space, or a disk that fails, leaves every record and says so', () =>
  simulate(2, async (world) => {
    const log = await Log.open(world.startNode('n'), directory, logOptions())
    const disk = world.disk('n')
    for (let batch = 0; batch < 6; batch++) log.append(batchOf([`${batch}`]), 0)
    await log.durable()
    const heard: unknown[] = []
    log.onRemoved((removed) => heard.push(removed))
    for (const operation of ['open', 'write', 'sync', 'rename'] as const) {
      for (const [error, code] of [
        ['full', 'disk-full'],
        ['failed', 'io-failed'],
      ] as const) {
        disk.faults.add({ operation, path: /\.tmp$/, error })
        await assert.rejects(log.deleteRecords([2]), { code }, operation)
        assert.deepEqual(await offsetsOf(log), [0, 1, 2, 3, 4, 5])
      }
    }
    assert.deepEqual(heard, [])
    assert.equal(
      disk.paths().some((path) => path.endsWith('.log.tmp')),
      false,
    )
    assert.equal(await log.deleteRecords([2]), 1)
    assert.deepEqual([heard, await offsetsOf(log)], [[{ offsets: [2] }], [0, 1, 3, 4, 5]])
  }))

test('a deletion of which the folder cannot be synced is told with the next one', () =>
  simulate(3, async (world) => {
    const log = await Log.open(world.startNode('n'), directory, logOptions())
    for (let batch = 0; batch < 6; batch++) log.append(batchOf([`${batch}`]), 0)
    await log.durable()
    log.roll()
    log.append(batchOf(['6']), 0)
    await log.durable()
    await world.sleep(50)
    const heard: unknown[] = []
    log.onRemoved((removed) => heard.push(removed))
    // The first syncs are of the count of records and of the removed indexes.
    world.disk('n').faults.add({ operation: 'sync-directory', skip: 2, error: 'failed' })
    await assert.rejects(log.deleteRecords([2]), { code: 'io-failed' })
    assert.deepEqual([heard, await offsetsOf(log)], [[], [0, 1, 3, 4, 5, 6]])
    assert.equal(await log.deleteRecords([2]), 0)
    assert.deepEqual(heard, [{ offsets: [2] }])
    world.crash('n', 'power')
    const again = await Log.open(world.startNode('n'), directory, logOptions())
    assert.deepEqual(await offsetsOf(again), [0, 1, 3, 4, 5, 6])
  }))
