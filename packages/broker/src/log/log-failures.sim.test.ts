// What a log says and keeps when the disk refuses: full, failed writes, failed syncs, no
// more files, slowness.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { ErrorCode } from '@sluice/protocol/errors/error-codes'
import { silentLogger } from '../base/logger.ts'
import { simulate } from '../testing/sim-io.ts'
import type { SimWorld } from '../testing/sim-io.ts'
import type { DiskFault } from '../testing/sim-disk-faults.ts'
import { Log } from './log.ts'
import { batchOf, logOptions, readAll } from './log.fixture.ts'

function codeIs(code: ErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof BrokerError && error.code === code
}

/** A log with three durable records. */
async function startedLog(world: SimWorld, changes = {}): Promise<Log> {
  const log = await Log.open(world.startNode('n'), '/log', logOptions(changes))
  for (const value of ['a', 'b', 'c']) log.append(batchOf([value]), 0)
  await log.durable()
  return log
}

async function valuesOf(log: Log): Promise<string> {
  return (await readAll(log)).map(({ offset, value }) => `${offset}${value}`).join(' ')
}

/** Appends that are in different stages when the disk refuses: being written, and waiting behind. */
async function refusals(log: Log): Promise<unknown[]> {
  log.append(batchOf(['x']), 0)
  const first = log.durable()
  await Promise.resolve()
  await Promise.resolve()
  log.append(batchOf(['y']), 0)
  const second = log.durable()
  assert.notEqual(first, second)
  const outcomes = await Promise.allSettled([first, second])
  return outcomes.map((outcome) =>
    outcome.status === 'rejected' ? (outcome.reason as BrokerError).code : 'kept',
  )
}

for (let seed = 0; seed < 20; seed++) {
  test(`a full disk refuses all that waits, keeps nothing of it, and is tried again (seed ${seed})`, () =>
    simulate(seed, async (world) => {
      const log = await startedLog(world)
      const disk = world.disk('n')
      disk.capacityBytes = disk.usedBytes + 30
      assert.deepEqual(await refusals(log), ['disk-full', 'disk-full'])
      assert.deepEqual([log.logEnd, log.durableEnd, log.pendingBytes, log.offline], [3, 3, 0, undefined])
      assert.equal(await valuesOf(log), '0a 1b 2c', 'reading goes on')
      disk.capacityBytes = Infinity
      assert.equal(log.append(batchOf(['d']), 0), 3, 'the refused offsets are given again')
      await log.durable()
      assert.equal(await valuesOf(log), '0a 1b 2c 3d')
      world.crash('n', 'power')
      const again = await Log.open(world.startNode('n'), '/log', logOptions())
      assert.equal(await valuesOf(again), '0a 1b 2c 3d')
      assert.deepEqual(again.quarantined, [])
    }))

  test(`what a full disk refused does not come back after a power loss (seed ${seed})`, () =>
    simulate(seed, async (world) => {
      const log = await startedLog(world)
      const disk = world.disk('n')
      disk.capacityBytes = disk.usedBytes + 100
      log.append(batchOf(['there is room for this one']), 0)
      log.append(batchOf(['but none for this one']), 0)
      await assert.rejects(log.durable(), codeIs('disk-full'))
      world.crash('n', 'power')
      const again = await Log.open(world.startNode('n'), '/log', logOptions())
      assert.equal(await valuesOf(again), '0a 1b 2c')
    }))
}

const poisons: readonly (readonly [string, DiskFault])[] = [
  ['a sync fails once with EIO', { operation: 'sync', path: /\.log$/, error: 'failed' }],
  ['a sync fails once with ENOSPC', { operation: 'sync', path: /\.log$/, error: 'full' }],
  ['a write fails once with EIO', { operation: 'write', path: /\.log$/, error: 'failed' }],
  ['the disk is read-only', { operation: 'write', path: /\.log$/, error: 'denied' }],
]

for (const [what, fault] of poisons) {
  test(`${what}: the log is offline until a restart, and says so; reading goes on`, () =>
    simulate(4, async (world) => {
      const log = await startedLog(world)
      let advances = 0
      log.onAdvance(() => advances++)
      world.disk('n').faults.add(fault)
      assert.deepEqual(await refusals(log), ['partition-offline', 'partition-offline'])
      assert.equal(log.offline?.code, 'partition-offline')
      assert.equal(advances, 1)
      assert.throws(() => log.append(batchOf(['z']), 0), codeIs('partition-offline'))
      await assert.rejects(log.durable(), codeIs('partition-offline'))
      assert.equal(log.durableEnd, 3)
      assert.equal(await valuesOf(log), '0a 1b 2c')
      await log.close()
      assert.notEqual(log.offline, undefined, 'still known after the close')
      world.crash('n', 'kill')
      const again = await Log.open(world.startNode('n'), '/log', logOptions())
      assert.equal((await valuesOf(again)).startsWith('0a 1b 2c'), true)
    }))
}

test('a full disk fills no log: one line at once, and one for all that comes in the next seconds', () =>
  simulate(1, async (world) => {
    const lines: object[] = []
    const error = (fields: object): unknown => lines.push(fields)
    const log = await startedLog(world, { logger: { ...silentLogger, error } })
    const disk = world.disk('n')
    disk.capacityBytes = disk.usedBytes + 30
    for (let round = 0; round < 20; round++) await refusals(log)
    assert.equal(lines.length, 1)
    await world.sleep(10_000)
    await refusals(log)
    assert.deepEqual(
      lines.map((fields) => ({ ...fields, error: undefined })),
      [
        { offset: 3, error: undefined },
        { offset: 3, untold: 19, error: undefined },
      ],
    )
  }))

test('a full disk that cannot go back is offline', () =>
  simulate(5, async (world) => {
    const log = await startedLog(world)
    const disk = world.disk('n')
    disk.faults.add({ operation: 'truncate', path: /\.log$/, error: 'failed' })
    disk.capacityBytes = disk.usedBytes + 30
    assert.deepEqual(await refusals(log), ['partition-offline', 'partition-offline'])
  }))

test('no space for a new segment: refused, tried again, and the log goes on in the new segment', () =>
  simulate(6, async (world) => {
    const log = await startedLog(world)
    log.roll()
    const fault = world.disk('n').faults.add({ operation: 'open', path: /3\.log$/, error: 'full' })
    assert.deepEqual(await refusals(log), ['disk-full', 'disk-full'])
    assert.equal(fault.hits, 1)
    assert.equal(log.append(batchOf(['d']), 0), 3)
    await log.durable()
    assert.equal(world.disk('n').paths().includes('/log/00000000000000000003.log'), true)
    assert.equal(await valuesOf(log), '0a 1b 2c 3d')
  }))

test('no descriptor for a new segment: refused, not offline', () =>
  simulate(7, async (world) => {
    const log = await startedLog(world)
    log.roll()
    world.disk('n').faults.add({ operation: 'open', path: /3\.log$/, error: 'too-many-open' })
    assert.deepEqual(await refusals(log), ['io-failed', 'io-failed'])
    log.append(batchOf(['d']), 0)
    await log.durable()
    assert.equal(await valuesOf(log), '0a 1b 2c 3d')
  }))

test('a new segment whose folder cannot be synced: offline', () =>
  simulate(8, async (world) => {
    const log = await startedLog(world)
    log.roll()
    world.disk('n').faults.add({ operation: 'sync-directory', path: /\/log$/, error: 'failed' })
    assert.deepEqual(await refusals(log), ['partition-offline', 'partition-offline'])
    assert.equal(await valuesOf(log), '0a 1b 2c')
  }))

test('an index that cannot be written harms nothing', () =>
  simulate(9, async (world) => {
    const log = await startedLog(world)
    world.disk('n').faults.add({ operation: 'write', path: /index$/, error: 'full', times: Infinity })
    log.roll()
    log.append(batchOf(['d']), 0)
    await log.durable()
    await log.close()
    world.crash('n', 'kill')
    world.disk('n').faults.clear()
    const again = await Log.open(world.startNode('n'), '/log', logOptions({ wasClosedCleanly: true }))
    assert.equal(await valuesOf(again), '0a 1b 2c 3d')
    assert.deepEqual(again.quarantined, [])
  }))

test('a stuck disk: nothing is confirmed, the log says how much waits, and recovers', () =>
  simulate(10, async (world) => {
    const log = await startedLog(world)
    world.disk('n').hang()
    const value = new Uint8Array(1024 * 1024)
    for (let index = 0; index < 40; index++) log.append(batchOf([value]), 0)
    let isDurable = false
    const durable = log.durable().then(() => {
      isDurable = true
    })
    await world.sleep(30_000)
    assert.deepEqual([isDurable, log.durableEnd], [false, 3])
    assert.equal(log.pendingBytes > 40 * value.length, true)
    world.disk('n').release()
    await durable
    assert.deepEqual([log.durableEnd, log.pendingBytes], [43, 0])
  }))

test('a full disk does not keep old segments from being dropped', () =>
  simulate(11, async (world) => {
    const log = await startedLog(world)
    log.roll()
    log.append(batchOf(['d']), 0)
    await log.durable()
    await world.sleep(10)
    const disk = world.disk('n')
    disk.capacityBytes = disk.usedBytes
    await log.truncateStart(3)
    assert.equal(await valuesOf(log), '3d')
    assert.equal(disk.paths().includes('/log/00000000000000000000.log'), false)
    world.crash('n', 'power')
    const again = await Log.open(world.startNode('n'), '/log', logOptions())
    assert.equal(await valuesOf(again), '3d')
    assert.deepEqual(again.quarantined, [])
  }))

test('where the log start cannot be written, nothing is dropped', () =>
  simulate(12, async (world) => {
    const log = await startedLog(world)
    log.roll()
    log.append(batchOf(['d']), 0)
    await log.durable()
    world.disk('n').faults.add({ operation: 'write', path: /log-start/, error: 'failed' })
    await assert.rejects(log.truncateStart(3), codeIs('io-failed'))
    assert.equal(await valuesOf(log), '0a 1b 2c 3d')
    await log.truncateStart(3)
    assert.equal(await valuesOf(log), '3d')
  }))

for (const isBusy of [false, true]) {
  test(`a failed sync of a log of durability os ends it${isBusy ? ', also under appends' : ''}`, () =>
    simulate(13, async (world) => {
      const log = await startedLog(world, { durability: 'os' })
      await log.sync()
      world.disk('n').faults.add({ operation: 'sync', path: /\.log$/, error: 'failed', delayMs: 20 })
      const synced = log.sync()
      if (isBusy) await world.sleep(10)
      if (isBusy) world.disk('n').faults.add({ operation: 'write', path: /\.log$/, delayMs: 20 })
      if (isBusy) log.append(batchOf(['d']), 0)
      const appended = log.durable()
      await assert.rejects(synced, codeIs('partition-offline'))
      await appended
      await world.sleep(100)
      assert.equal(log.offline?.code, 'partition-offline')
      assert.equal(await valuesOf(log), isBusy ? '0a 1b 2c 3d' : '0a 1b 2c', 'what was written is told')
      assert.throws(() => log.append(batchOf(['e']), 0), codeIs('partition-offline'))
      await assert.rejects(log.sync(), codeIs('partition-offline'))
    }))
}

test('a log that is synced in between survives a power loss, whatever its durability', async () => {
  for (let seed = 0; seed < 20; seed++) {
    await simulate(seed, async (world) => {
      const log = await startedLog(world, { durability: 'os' })
      await log.sync()
      world.crash('n', 'power')
      const again = await Log.open(world.startNode('n'), '/log', logOptions({ durability: 'os' }))
      assert.equal(await valuesOf(again), '0a 1b 2c')
    })
  }
})
