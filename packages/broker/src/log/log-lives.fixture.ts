// What histories of logs share: one life between a start and a crash, and lives that follow each other on the
// same disk.

import type { Io } from '../io/io.ts'
import type { CrashMode, SimWorld } from '../testing/sim-io.ts'
import { logOptions } from './log.fixture.ts'
import { Log } from './log.ts'
import type { LogOptions } from './log.ts'
import { storageFor } from './storage.ts'
import { TailCache } from './tail-cache.ts'

export abstract class LogLife {
  protected readonly world: SimWorld
  protected readonly log: Log
  readonly #waits: Promise<void>[] = []

  constructor(world: SimWorld, log: Log) {
    this.world = world
    this.log = log
  }

  /** One thing that can happen to a log. */
  abstract step(): Promise<void>

  /** Calls back when all that was appended so far is durable, and never if it fails. */
  protected whenDurable(confirm: () => void): void {
    this.#waits.push(this.log.durable().then(confirm, () => {}))
  }

  /** For a while no more than these bytes go onto the disk. */
  protected fillDisk(bytesMax: number): void {
    const disk = this.world.disk('n')
    disk.capacityBytes = disk.usedBytes + this.world.scheduler.random.between(0, bytesMax)
    void this.world.sleep(3).then(() => {
      disk.capacityBytes = Infinity
    })
  }

  async settle(): Promise<void> {
    await Promise.all(this.#waits)
  }
}

/** How the crashes of a history come about. */
export interface Crashes {
  readonly durability: LogOptions['durability']
  readonly modes: readonly CrashMode[]
}

export interface Lives extends Crashes {
  readonly directory: string
  readonly segmentBytes: number
  /** A life is over before. */
  readonly lifeMsMax: number
  /** Whether a life, by its number, goes past the page cache. */
  readonly isDirect: (life: number) => boolean
  readonly beforeStart: () => void
  /** Looks at what the start has found, and begins a life. */
  readonly begin: (log: Log, start: { io: Io; life: number; wasClosedCleanly: boolean }) => Promise<LogLife>
}

const lifeCount = 6

/** The disk does what it is told to, and has room. */
export function mendDisk(world: SimWorld): void {
  const disk = world.disk('n')
  disk.faults.clear()
  disk.capacityBytes = Infinity
}

/** A quarter of the lives end in order, and the machine crashes all the same. */
export async function liveAndCrash(world: SimWorld, lives: Lives): Promise<void> {
  const { durability, segmentBytes, modes } = lives
  const { random } = world.scheduler
  let wasClosedCleanly = false
  for (let life = 0; life < lifeCount; life++) {
    lives.beforeStart()
    const tail = new TailCache(random.chance(0.5) ? 0 : 20_000)
    const options = { durability, segmentBytes, indexIntervalBytes: 300, tail, wasClosedCleanly }
    const io = storageFor(world.startNode('n'), { directIo: lives.isDirect(life) ? 'on' : 'off' })
    const log = await Log.open(io, lives.directory, logOptions(options))
    const current = await lives.begin(log, { io, life, wasClosedCleanly })
    const end = new Promise<void>((resolve) => {
      world.scheduler.at(random.between(1, lives.lifeMsMax), resolve, 'end of life')
    })
    let isOver = false
    const work = (async (): Promise<void> => {
      while (!isOver) await current.step()
    })()
    await Promise.race([end, work])
    isOver = true
    wasClosedCleanly = random.chance(0.25)
    if (wasClosedCleanly) {
      await work
      await current.settle()
      await log.close()
      wasClosedCleanly = log.offline === undefined
    }
    world.crash('n', random.pick(modes))
  }
}
