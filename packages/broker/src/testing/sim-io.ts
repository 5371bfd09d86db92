// A simulated world: machines with disks and clocks, a network between them, and time that a test brings on.
// Everything in it follows from one seed.

import { assert } from '../base/assert.ts'
import type { Clock, Io, Network, Random, Timers } from '../io/io.ts'
import { SimClock } from './sim-clock.ts'
import { SimFiles } from './sim-disk-files.ts'
import { SimDisk } from './sim-disk.ts'
import { SimProcess } from './sim-io-process.ts'
import { SimNetwork } from './sim-network.ts'
import { SimFailure, SimScheduler } from './sim-scheduler.ts'
import type { RunLimits } from './sim-scheduler.ts'

/**
 * - `kill`: the process dies (SIGKILL). What it had written is there, a write under way may be torn. Its
 * peers hear
 *   of it soon, its locks are free.
 * - `power`: the machine dies. What was not synced may be gone too, and peers may not hear of it
 * for a minute.
 */
export type CrashMode = 'kill' | 'power'

/** What a program has that runs on a machine without a disk of interest, such as a client. */
export class SimHost {
  readonly name: string
  readonly process: SimProcess
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly network: Network

  constructor(process: SimProcess, clock: SimClock, network: SimNetwork) {
    this.name = process.name
    this.process = process
    this.clock = clock.forProcess(process.random.between(0, 1e6))
    this.timers = process.timers()
    this.random = process.random.fork('program')
    this.network = network.of(process)
  }
}

/** The world of one incarnation of a broker: from its start to its crash. */
export class SimIo extends SimHost implements Io {
  readonly files: SimFiles

  constructor(process: SimProcess, clock: SimClock, network: SimNetwork, disk: SimDisk) {
    super(process, clock, network)
    this.files = new SimFiles(disk, process)
  }
}

export class SimWorld {
  readonly seed: number
  readonly scheduler: SimScheduler
  readonly network: SimNetwork
  readonly #disks = new Map<string, SimDisk>()
  readonly #clocks = new Map<string, SimClock>()
  readonly #hosts = new Map<string, SimHost>()
  readonly #nodes = new Map<string, SimIo>()
  #incarnations = 0

  constructor(seed: number) {
    this.seed = seed
    this.scheduler = new SimScheduler(seed)
    this.network = new SimNetwork(this.scheduler.random.fork('network'))
  }

  /**
   * Starts a broker's process on the machine of this name, with the disk as the last one left it. `diskOf`
   * names another machine whose disk it uses: two brokers in one data directory.
   */
  startNode(name: string, options: { readonly diskOf?: string } = {}): SimIo {
    assert(this.#nodes.get(name)?.process.isAlive !== true, `${name} is already running`)
    const disk = this.disk(options.diskOf ?? name)
    const node = new SimIo(this.#newProcess(name), this.clock(name), this.network, disk)
    this.#nodes.set(name, node)
    return node
  }

  /** A program that never crashes, such as a client; the same for each call with this name. */
  host(name: string): SimHost {
    let host = this.#hosts.get(name)
    if (host === undefined) {
      host = new SimHost(this.#newProcess(name), this.clock(name), this.network)
      this.#hosts.set(name, host)
    }
    return host
  }

  /** The disk of a machine, also while no broker runs there. */
  disk(name: string): SimDisk {
    let disk = this.#disks.get(name)
    if (disk === undefined) {
      disk = new SimDisk(this.scheduler.random.fork(`disk ${name}`))
      this.#disks.set(name, disk)
    }
    return disk
  }

  /** The wall clock of a machine. */
  clock(name: string): SimClock {
    let clock = this.#clocks.get(name)
    if (clock === undefined) {
      clock = new SimClock(this.scheduler)
      this.#clocks.set(name, clock)
    }
    return clock
  }

  /**
   * Ends a node's process: nothing that it waits for ever comes. Its code may stay in memory, but cannot act.
   */
  crash(name: string, mode: CrashMode): void {
    const node = this.#running(name)
    this.scheduler.note(`${name} crash ${mode}`)
    node.process.kill()
    node.files.abandon()
    this.network.processDied(node.process, mode === 'power')
    if (mode === 'power') node.files.disk.powerLoss()
  }

  /**
   * Like SIGSTOP or a sleeping laptop: the node does nothing until `resume`, while time and its peers go on.
   */
  pause(name: string): void {
    this.#running(name).process.pause()
  }

  resume(name: string): void {
    this.#running(name).process.resume()
  }

  /** Brings time on until the promise settles or the condition holds. */
  runUntil(goal: () => boolean, limits?: RunLimits): Promise<undefined>
  runUntil<T>(goal: Promise<T>, limits?: RunLimits): Promise<T>
  runUntil<T>(goal: Promise<T> | (() => boolean), limits?: RunLimits): Promise<T | undefined> {
    return typeof goal === 'function'
      ? this.scheduler.runUntil(goal, limits)
      : this.scheduler.runUntil(goal, limits)
  }

  runFor(virtualMs: number): Promise<void> {
    return this.scheduler.runFor(virtualMs)
  }

  /**
   * For the test's own code inside of a run: resolves when the time has passed, whoever crashed meanwhile.
   */
  sleep(virtualMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.scheduler.at(virtualMs, resolve, 'sleep')
    })
  }

  #newProcess(name: string): SimProcess {
    this.#incarnations += 1
    const random = this.scheduler.random.fork(`process ${name} ${this.#incarnations}`)
    return new SimProcess(name, random, this.scheduler)
  }

  #running(name: string): SimIo {
    const node = this.#nodes.get(name)
    assert(node?.process.isAlive === true, `${name} is not running`)
    return node
  }
}

/** Runs a whole test in a new world, with time brought on until it ends; a failure names the seed. */
export async function simulate<T>(
  seed: number,
  body: (world: SimWorld) => Promise<T>,
  limits?: RunLimits,
): Promise<T> {
  const world = new SimWorld(seed)
  try {
    return await world.runUntil(body(world), limits)
  } catch (error) {
    if (error instanceof SimFailure) throw error
    const { nowMs, recentEvents } = world.scheduler
    const message = error instanceof Error ? error.message : String(error)
    throw new SimFailure(
      `seed ${seed} at ${nowMs.toFixed(3)} ms: ${message}\n  ${recentEvents.join('\n  ')}`,
      error,
    )
  }
}
