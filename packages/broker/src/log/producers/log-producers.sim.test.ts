// Idempotent producers over kills, power losses, full disks and clean ends, from seeds: they send again what
// was not confirmed, as their clients do, and everything is there once, in order.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from '../../testing/sim-io.ts'
import type { CrashMode, SimWorld } from '../../testing/sim-io.ts'
import { wrapMethod } from '../../testing/wrapped-method.ts'
import { Log } from '../log.ts'
import { logOptions, readAll } from '../log.fixture.ts'
import { storageFor } from '../storage.ts'
import { producerBatch } from './producer-batches.fixture.ts'
import { ProducerSnapshots } from './producer-snapshots.ts'
import { ProducerTable } from './producer-table.ts'

const inFlightMax = 5

interface Sent {
  readonly sequence: number
  readonly count: number
}

/** A client: what it has sent and not heard of, oldest first. */
class Producer {
  readonly id: number
  unconfirmed: Sent[] = []
  nextSequence = 0
  confirmedBelow = 0
  /** Of the unconfirmed ones, those that the present log was given. */
  given = 0

  constructor(id: number) {
    this.id = id
  }

  /** Sends what is due: first again what may be lost, then something new. */
  send(log: Log, newCount: number): void {
    if (this.given === this.unconfirmed.length) {
      if (this.unconfirmed.length === inFlightMax) return
      this.unconfirmed.push({ sequence: this.nextSequence, count: newCount })
      this.nextSequence += newCount
    }
    const sent = this.unconfirmed[this.given]!
    const batch = producerBatch({ id: this.id, ...sent }, `${this.id}`)
    const { kind } = log.producers!.judge(batch, 0)
    if (kind === 'out-of-order') {
      assert.ok(this.given > 0, `producer ${this.id} is refused its oldest, ${sent.sequence}`)
      this.given = 0
      return
    }
    assert.notEqual(kind, 'stale-epoch')
    if (kind === 'next') log.append(batch, 0)
    this.given++
    const isHeard = (): boolean => this.unconfirmed.includes(sent)
    log.durable().then(
      () => {
        if (!isHeard()) return
        const upTo = this.unconfirmed.indexOf(sent) + 1
        this.unconfirmed.splice(0, upTo)
        this.given = Math.max(0, this.given - upTo)
        this.confirmedBelow = sent.sequence + sent.count
      },
      () => {
        this.given = 0
      },
    )
  }
}

async function check(log: Log, producers: readonly Producer[]): Promise<void> {
  const records = await readAll(log, log.logStart, 3000)
  for (const { id, confirmedBelow, nextSequence } of producers) {
    const sequences = records
      .map(({ value }) => value.split(' ').map(Number))
      .filter(([of]) => of === id)
      .map(([, sequence]) => sequence!)
    sequences.forEach((sequence, index) =>
      assert.equal(sequence, index, `producer ${id}: ${sequence} is at the place of ${index}`),
    )
    const isWithin = sequences.length >= confirmedBelow && sequences.length <= nextSequence
    assert.ok(
      isWithin,
      `producer ${id}: ${sequences.length} of ${confirmedBelow} to ${nextSequence} are stored`,
    )
  }
}

interface LifePlan {
  readonly durability: 'fsync' | 'os'
  readonly modes: readonly CrashMode[]
  readonly isDirect?: boolean
}

async function history(world: SimWorld, { durability, modes, isDirect = false }: LifePlan): Promise<number> {
  const { random } = world.scheduler
  const producers = [7, 8, 900].map((id) => new Producer(id))
  let wasClosedCleanly = false
  for (let life = 0; life < 6; life++) {
    const storage = storageFor(world.startNode('n'), { directIo: isDirect ? 'on' : 'off' })
    const facts = { durability, segmentBytes: 2000, producerExpirationMs: 1e9, wasClosedCleanly }
    const log = await Log.open(storage, '/log', logOptions(facts))
    const disk = world.disk('n')
    disk.capacityBytes = Infinity
    await check(log, producers)
    for (const producer of producers) producer.given = 0
    let isOver = false
    const end = new Promise<void>((resolve) => {
      world.scheduler.at(random.between(1, 60), resolve, 'end of life')
    })
    let failure: unknown
    const work = (async (): Promise<void> => {
      while (!isOver) {
        const choice = random.between(0, 100)
        const producer = producers[Math.floor(random.between(0, producers.length))]!
        if (choice < 70) producer.send(log, 1 + Math.floor(random.between(0, 3)))
        else if (choice < 92) await world.sleep(random.between(0, 2))
        else if (choice < 96) log.roll()
        else {
          disk.capacityBytes = disk.usedBytes + random.between(0, 800)
          void world.sleep(3).then(() => (disk.capacityBytes = Infinity))
        }
      }
    })().catch((error: unknown) => {
      failure = error
    })
    await end
    isOver = true
    if (failure !== undefined) throw failure
    wasClosedCleanly = random.chance(0.3)
    if (wasClosedCleanly) {
      await work
      disk.capacityBytes = Infinity
      wasClosedCleanly = await log.close().then(
        () => log.offline === undefined,
        () => false,
      )
    }
    world.crash('n', modes[Math.floor(random.between(0, modes.length))]!)
  }
  const log = await Log.open(
    world.startNode('n'),
    '/log',
    logOptions({ producerExpirationMs: 1e9, wasClosedCleanly }),
  )
  for (const producer of producers) {
    producer.given = 0
    while (producer.given < producer.unconfirmed.length) producer.send(log, 1)
  }
  await log.durable()
  await world.sleep(10)
  await check(log, producers)
  for (const { id, unconfirmed } of producers) assert.equal(unconfirmed.length, 0, `producer ${id} hangs`)
  return log.logEnd
}

for (const [name, plan] of [
  ['fsync, kills and power losses', { durability: 'fsync', modes: ['kill', 'power'] }],
  ['fsync past the page cache', { durability: 'fsync', modes: ['kill', 'power'], isDirect: true }],
  ['os, kills', { durability: 'os', modes: ['kill'] }],
] as const)
  test(`a producer that sends again through every end stores nothing twice: ${name} (40 seeds)`, async () => {
    let records = 0
    for (let seed = 0; seed < 40; seed++) {
      await simulate(seed, async (world) => {
        records += await history(world, plan)
      })
    }
    assert.ok(records > 2000, `${records} records are not enough to say so`)
  })

const plan: LifePlan = { durability: 'fsync', modes: ['kill', 'power'] }
const mistakes: readonly [name: string, make: () => () => void][] = [
  ['what is refused is not taken back', () => wrapped(ProducerTable, 'cut', () => () => {})],
  ['what was kept is not read', () => wrapped(ProducerSnapshots, 'read', () => async () => [])],
  ['nothing is kept before a segment', () => wrapped(ProducerSnapshots, 'write', () => async () => {})],
  ['one batch is remembered', () => wrapped(ProducerTable, 'entriesBelow', lastOnly)],
]

for (const [name, make] of mistakes)
  test(`the check is not blind: ${name}`, async () => {
    const mend = make()
    let seen = 0
    try {
      for (let seed = 0; seed < 12 && seen === 0; seed++) {
        await simulate(seed, (world) => history(world, plan)).catch(() => seen++)
      }
    } finally {
      mend()
    }
    assert.ok(seen > 0)
  })

function lastOnly(original: ProducerTable['entriesBelow']): ProducerTable['entriesBelow'] {
  return function (this: ProducerTable, endOffset) {
    return original.call(this, endOffset).map((entry) => ({ ...entry, batches: entry.batches.slice(-1) }))
  }
}

/** Returns how to undo it. */
function wrapped<T extends object, K extends keyof T>(
  { prototype }: { readonly prototype: T },
  name: K,
  wrap: (original: T[K]) => T[K],
): () => void {
  const original = prototype[name]
  wrapMethod(prototype, name, wrap)
  return () => {
    prototype[name] = original
  }
}
