// What befalls the broker, its disk and its network in a history.

import type { HistoryBroker } from './history-broker.ts'
import type { HistoryLedger } from './history-ledger.ts'
import { clientNames } from './history-plan.ts'
import type { SimWorld } from './sim-io.ts'
import type { SimRandom } from './sim-random.ts'

const node = 'broker'

export class HistoryFaults {
  readonly #world: SimWorld
  readonly #broker: HistoryBroker
  readonly #ledger: HistoryLedger
  readonly #random: SimRandom
  /** The broker is down, or about to be. */
  isDown = false
  /** Nothing more is to happen by itself. */
  #isEnding = false
  #isPaused = false

  constructor(world: SimWorld, broker: HistoryBroker, ledger: HistoryLedger) {
    this.#world = world
    this.#broker = broker
    this.#ledger = ledger
    this.#random = world.scheduler.random.fork('faults')
  }

  /** One of them, drawn. */
  strike(): void {
    const random = this.#random
    const kinds = [
      'crash',
      'crash',
      'crash',
      'disk',
      'disk',
      'network',
      'network',
      'network',
      'pause',
      'wall',
    ] as const
    switch (random.pick(kinds)) {
      case 'crash':
        return void this.#guarded(() => this.crashAndStart())
      case 'disk':
        return this.#strikeDisk()
      case 'network':
        return void this.#guarded(() => this.#strikeNetwork())
      case 'pause':
        return void this.#guarded(() => this.#pause())
      case 'wall':
        return this.#jumpWall()
    }
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#ledger.fail(error)
    }
  }

  /** `isLast`: heals the disk, and starts without another crash. */
  async crashAndStart(isLast = false): Promise<void> {
    if (this.isDown || this.#isEnding !== isLast) return
    this.isDown = true
    const random = this.#random
    if (this.#isPaused) this.#resume()
    await this.#broker.end(random.pick(['kill', 'kill', 'power', 'power', 'stop'] as const))
    if (!isLast) await this.#world.sleep(random.between(0, 2000))
    if (isLast || random.chance(0.5)) this.#broker.healDisk()
    else this.#world.disk(node).faults.clear()
    await this.#broker.start(!isLast && random.chance(0.15) ? random.between(0, 20) : Infinity)
    this.isDown = false
  }

  #strikeDisk(): void {
    const random = this.#random
    const disk = this.#world.disk(node)
    const { faults } = disk
    const kinds = ['slow', 'slow', 'hang', 'full', 'full', 'sync-error', 'write-error', 'read-error'] as const
    const kind = random.pick(kinds)
    this.#ledger.note(`disk: ${kind}`)
    if (kind === 'slow')
      faults.add({ operation: ['sync', 'write'], times: random.int(1, 20), delayMs: random.between(1, 300) })
    if (kind === 'slow') return
    if (kind === 'hang') {
      disk.hang()
      void this.#world.sleep(random.between(1, 1500)).then(() => disk.release())
      return
    }
    this.#broker.isDiskFaulty = true
    if (kind === 'read-error') {
      // Why: a start that cannot read its disk, or the audit after it, is nothing to go on from.
      if (this.isDown) return
      faults.add({ operation: 'read', path: /streams/, times: random.int(1, 3), error: 'failed' })
      return
    }
    if (kind === 'full') {
      disk.capacityBytes = disk.usedBytes + random.int(0, 2000)
      void this.#world.sleep(random.between(50, 3000)).then(() => {
        disk.capacityBytes = Infinity
      })
      return
    }
    const operation = kind === 'sync-error' ? 'sync' : 'write'
    faults.add({
      operation,
      path: random.pick([/streams/, /progress/, /./]),
      skip: random.int(0, 5),
      error: 'failed',
    })
    // An operator sees that something is offline, and starts the broker again.
    void this.#world.sleep(random.between(500, 3000)).then(() => this.#guarded(() => this.crashAndStart()))
  }

  async #strikeNetwork(): Promise<void> {
    const random = this.#random
    const { network } = this.#world
    const host = random.pick(clientNames)
    const kind = random.pick(['reset', 'reset', 'cut', 'stall', 'vanish', 'half-cut'] as const)
    this.#ledger.note(`network: ${kind} ${host}`)
    const lastMs = random.chance(0.2) ? random.between(1000, 8000) : random.between(1, 800)
    switch (kind) {
      case 'reset':
        return network.reset(host)
      case 'vanish':
        return network.vanish(host)
      case 'cut':
        network.partition([host], [node])
        break
      case 'half-cut':
        if (random.chance(0.5)) network.cut(host, node)
        else network.cut(node, host)
        break
      case 'stall':
        network.stall(host)
        await this.#world.sleep(lastMs)
        return network.unstall(host)
    }
    await this.#world.sleep(lastMs)
    network.heal(host, node)
    network.heal(node, host)
  }

  async #pause(): Promise<void> {
    if (this.isDown || this.#isPaused) return
    this.#isPaused = true
    this.#ledger.note('pause')
    this.#world.pause(node)
    await this.#world.sleep(
      this.#random.chance(0.2) ? this.#random.between(1000, 6000) : this.#random.between(1, 500),
    )
    if (this.#isPaused) this.#resume()
  }

  #resume(): void {
    this.#isPaused = false
    this.#ledger.note('resume')
    this.#world.resume(node)
  }

  #jumpWall(): void {
    const byMs = this.#random.pick([-3_600_000, -5000, -50, 50, 5000, 3_600_000])
    this.#ledger.note(`wall clock jumps by ${byMs} ms`)
    this.#world.clock(node).jumpWall(byMs)
    for (const { consumers } of this.#ledger.streams.values()) {
      for (const { reference } of consumers.values()) reference.wallJumped(this.#ledger.nowMs)
    }
  }

  /** Nothing is wrong any more. */
  async heal(): Promise<void> {
    this.#isEnding = true
    const { network } = this.#world
    network.healAll()
    for (const host of clientNames) network.unstall(host)
    while (this.isDown) await this.#world.sleep(50)
    if (this.#isPaused) this.#resume()
    const wasFaulty = this.#broker.isDiskFaulty
    this.#broker.healDisk()
    if (wasFaulty || this.#random.chance(0.6)) await this.crashAndStart(true)
  }
}
