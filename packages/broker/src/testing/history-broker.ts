// The life of the one broker of a history: started, audited, stopped, killed, without power, and started
// again. Clients find it only when the audit of what survived is over.

import type { Client } from '@sluice/client'
import { connect } from '@sluice/client'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { Broker } from '../broker.ts'
import { IoError } from '../io/io.ts'
import type { Io } from '../io/io.ts'
import { auditLogs } from './history-audit.ts'
import type { HistoryLedger } from './history-ledger.ts'
import type { HistoryPlan } from './history-plan.ts'
import { Violation } from './reference-violation.ts'
import type { SimIo, SimWorld } from './sim-io.ts'

const node = 'broker'
const port = 9898
/** In virtual time; starts and stops are a matter of a second unless the disk hangs. */
const startMsMax = 120_000
const stopMsMax = 60_000

export type CrashHow = 'kill' | 'power' | 'stop'

export interface BrokerSetting {
  readonly areInvariantsChecked: boolean
  /** For mutations: the world as the broker is to see it. */
  asSeen(io: SimIo): Io
}

export class HistoryBroker {
  readonly world: SimWorld
  readonly #ledger: HistoryLedger
  readonly #plan: HistoryPlan
  readonly #setting: BrokerSetting
  #broker: Broker | undefined
  #inProcess: Client | undefined
  #isOpen = false
  #bootEpoch = 0
  /** Why the broker may not be able to start or to store: what was done to its disk. */
  isDiskFaulty = false

  constructor(world: SimWorld, ledger: HistoryLedger, plan: HistoryPlan, setting: BrokerSetting) {
    this.world = world
    this.#ledger = ledger
    this.#plan = plan
    this.#setting = setting
  }

  /** Clients may come. */
  get isUp(): boolean {
    return this.#isOpen
  }

  /** A client within the broker's process: it dies with it. */
  get inProcess(): Client {
    return this.#inProcess!
  }

  get bootEpoch(): number {
    return this.#bootEpoch
  }

  /** A client on another machine. */
  connect(host: string): Promise<Client> {
    const { clock, timers, random, network } = this.world.host(host)
    return connect({
      servers: [`${node}:${port}`],
      name: host,
      reconnect: { minMs: 20, maxMs: 500 },
      connectTimeoutMs: 3000,
      requestTimeoutMs: 5000,
      keepAliveMs: 2000,
      maxBufferedBytes: 1024 * 1024,
      platform: {
        connect: (hostName, number) => {
          if (this.#isOpen) return network.connect({ host: hostName, port: number })
          return Promise.reject(new IoError('unreachable', hostName, 'the broker is not up'))
        },
        monotonicMs: () => clock.monotonicMs(),
        wallMs: () => clock.wallMs(),
        after: (delayMs, callback) => timers.after(delayMs, callback),
        randomU32: () => random.u32(),
      },
    })
  }

  /** Starts it, until it runs: a start may fail of a faulty disk, and may be cut short by another crash. */
  async start(crashAfterMs = Infinity): Promise<void> {
    if (crashAfterMs < Infinity && (await this.#startAndCrash(crashAfterMs)))
      this.#ledger.note('crash while starting')
    while (!(await this.#tryToStart())) {
      this.#crash('kill')
      this.healDisk()
    }
    this.#inProcess = await this.#within(this.#broker!.connect(), startMsMax, 'connecting in process')
    const { bootEpoch } = await this.#inProcess.broker()
    this.#ledger.claim(() => {
      if (bootEpoch <= this.#bootEpoch)
        throw new Violation(`boot epoch ${bootEpoch} comes after ${this.#bootEpoch}`)
    })
    this.#bootEpoch = bootEpoch
    await auditLogs(this.#inProcess, this.#ledger)
    this.#ledger.audited()
    this.#isOpen = true
  }

  async #startAndCrash(afterMs: number): Promise<boolean> {
    void this.#open().catch(() => undefined)
    await this.world.sleep(afterMs)
    this.#crash('power')
    return true
  }

  async #tryToStart(): Promise<boolean> {
    try {
      this.#broker = await this.#within(this.#open(), startMsMax, 'starting')
      return true
    } catch (error) {
      const isRefusal =
        error instanceof BrokerError && ['disk-full', 'io-failed', 'partition-offline'].includes(error.code)
      if (!isRefusal || !this.isDiskFaulty) throw error
      this.#ledger.note(`the broker cannot start: ${error.code}`)
      return false
    }
  }

  #open(): Promise<Broker> {
    const io = this.#setting.asSeen(this.world.startNode(node))
    // What one life has written past the page cache, the next one reads through it. Why not every second:
    // a block that is written again brings what went before with it, which hides a sync that is missing.
    const limits = { ...this.#plan.limits, directIo: this.#bootEpoch % 3 === 2 ? 'on' : 'off' } as const
    const { areInvariantsChecked } = this.#setting
    return Broker.start({
      dataDir: '/data',
      io,
      limits,
      listen: { host: node, port },
      areInvariantsChecked,
    })
  }

  /** Ends it; returns when it is gone. */
  async end(how: CrashHow): Promise<void> {
    this.#isOpen = false
    this.#ledger.note(`broker ends: ${how}`)
    if (how === 'stop') await this.#stop()
    this.#crash(how === 'power' ? 'power' : 'kill', how === 'stop')
    this.#broker = undefined
    this.#inProcess = undefined
  }

  async #stop(): Promise<void> {
    const { faults } = this.world.disk(node)
    this.world.disk(node).release()
    if (!this.isDiskFaulty) faults.clear()
    await this.#within(this.#broker!.close(), stopMsMax, 'stopping')
  }

  #crash(mode: 'kill' | 'power', isInOrder = false): void {
    this.world.crash(node, mode)
    this.#ledger.crashed(mode, isInOrder)
  }

  /** The operator mends the disk; what failed stays failed until the next start. */
  healDisk(): void {
    const disk = this.world.disk(node)
    disk.faults.clear()
    disk.capacityBytes = Infinity
    disk.release()
    this.isDiskFaulty = false
  }

  #within<T>(promise: Promise<T>, limitMs: number, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      void this.world
        .sleep(limitMs)
        .then(() => reject(new Violation(`${what} takes more than ${limitMs} ms`)))
      promise.then(resolve, reject)
    })
  }
}
