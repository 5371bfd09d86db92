// Whole lives of a compacted log, from seeds: appends, compactions and merges on disks that fill up and fail,
// with kills and power losses at any moment. After each start the newest confirmed record of each key is
// there, what a compaction took away stays away, nothing is quarantined, and no key that was removed is back.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { DiskFault } from '../../testing/sim-disk-faults.ts'
import { simulate } from '../../testing/sim-io.ts'
import type { SimWorld } from '../../testing/sim-io.ts'
import { LogLife, liveAndCrash, mendDisk } from '../log-lives.fixture.ts'
import type { Crashes } from '../log-lives.fixture.ts'
import type { Log } from '../log.ts'
import { compactionAt, keyedBatch, readKeyed } from './compaction.fixture.ts'
import type { KeyedRecord } from './compaction.fixture.ts'

const directory = '/data/streams/1/0'
const refusals = new Set(['disk-full', 'io-failed', 'partition-offline', 'stopping'])

/** Faults of what only compaction touches. */
const compactionFaults: readonly DiskFault[] = [
  { operation: ['open', 'write', 'sync', 'rename'], path: /\.tmp$/, error: 'failed' },
  { operation: ['open', 'write', 'sync'], path: /\.tmp$/, error: 'full' },
  { operation: 'rename', path: /merg/, error: 'failed' },
  { operation: 'remove', path: /index$|\.log$|merging$/, error: 'failed' },
  { operation: 'sync-directory', error: 'failed' },
  { operation: 'sync-directory', skip: 3, error: 'failed' },
  { operation: ['rename', 'sync', 'remove', 'sync-directory'], delayMs: 3, times: 5 },
]

class Model {
  /** By offset, all that was ever appended there: a refused one is given again. */
  readonly appended = new Map<number, KeyedRecord[]>()
  readonly confirmed = new Map<number, KeyedRecord>()
  readonly gone = new Set<number>()
  values = 0
  wallMs = 10_000
  compactions = 0
  merges = 0

  check(served: readonly KeyedRecord[]): void {
    const at = new Map(served.map((record) => [record.offset, record]))
    const newestServed = new Map(served.map(({ key, offset }) => [key, offset]))
    for (const { offset, key, value } of served) {
      const isOurs = this.appended.get(offset)?.some((one) => one.key === key && one.value === value)
      assert.equal(isOurs, true, `offset ${offset} has a foreign record`)
      assert.equal(this.gone.has(offset), false, `offset ${offset} is back`)
    }
    const known = [...this.confirmed.values()].sort((one, other) => one.offset - other.offset)
    const newest = new Map(known.map((record) => [record.key, record]))
    for (const { offset, key, value } of newest.values()) {
      const last = newestServed.get(key) ?? -1
      if (value !== null) assert.equal(last >= offset, true, `the newest of ${key}, at ${offset}, is lost`)
      else if (!at.has(offset)) assert.equal(last < 0 || last > offset, true, `${key} is back at ${last}`)
    }
    // What a start shows is so from now on, whether it was ever confirmed or not.
    for (const record of served) this.confirmed.set(record.offset, record)
    for (const offset of this.confirmed.keys()) if (!at.has(offset)) this.gone.add(offset)
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
    if (choice < 50) this.#append()
    else if (choice < 68) await this.world.sleep(random.between(0, 2))
    else if (choice < 76) this.log.roll()
    else if (choice < 92) await this.#compact()
    else if (choice < 94) this.fillDisk(1500)
    else this.world.disk('n').faults.add(random.pick(compactionFaults))
  }

  #append(): void {
    const { random } = this.world.scheduler
    const model = this.#model
    const base = this.log.logEnd
    const records = Array.from({ length: random.int(1, 5) }, (_, index) => ({
      offset: base + index,
      key: `k${random.int(0, 20)}`,
      value: random.chance(0.2) ? null : `<${model.values++}>${'.'.repeat(random.int(0, 150))}`,
    }))
    try {
      assert.equal(this.log.append(keyedBatch(records), 0), base)
    } catch (error) {
      assert.equal((error as BrokerError).code, 'partition-offline')
      return
    }
    for (const record of records) {
      model.appended.set(record.offset, [...(model.appended.get(record.offset) ?? []), record])
    }
    const confirm = (): void => records.forEach((record) => model.confirmed.set(record.offset, record))
    this.whenDurable(confirm)
  }

  async #compact(): Promise<void> {
    const { random } = this.world.scheduler
    this.#model.wallMs += random.pick([1, 500, 1500])
    const mapBytes = random.pick([1, 100_000])
    try {
      if (await this.log.compact(compactionAt(this.#model.wallMs, {}, mapBytes))) this.#model.compactions++
    } catch (error) {
      assert.equal(refusals.has((error as BrokerError).code), true, String(error))
    }
  }
}

async function history(world: SimWorld, model: Model, crashes: Crashes): Promise<void> {
  const { random } = world.scheduler
  const disk = world.disk('n')
  await liveAndCrash(world, {
    ...crashes,
    directory,
    segmentBytes: 1500,
    lifeMsMax: 200,
    isDirect: () => random.chance(0.3),
    beforeStart: () => {
      mendDisk(world)
      if (disk.paths().some((path) => path.endsWith('/merging'))) model.merges++
    },
    begin: async (log) => {
      assert.deepEqual(log.quarantined, [])
      model.check(await readKeyed(log))
      return new Life(world, log, model)
    },
  })
}

async function play(seeds: number, crashes: Crashes): Promise<void> {
  let compactions = 0
  let merges = 0
  for (let seed = 0; seed < seeds; seed++) {
    const model = new Model()
    await simulate(seed, (world) => history(world, model, crashes)).catch((error: unknown) => {
      throw new Error(`seed ${seed}`, { cause: error })
    })
    compactions += model.compactions
    merges += model.merges
  }
  assert.equal(compactions > seeds, true, `${compactions} compactions`)
  assert.equal(merges > 0, true, 'no merge was interrupted')
}

test('compactions survive kills and power losses (50 seeds)', () =>
  play(50, { durability: 'fsync', modes: ['kill', 'power'] }))

test('compactions of a log of durability os survive kills (20 seeds)', () =>
  play(20, { durability: 'os', modes: ['kill'] }))
