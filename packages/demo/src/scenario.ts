// What happens, in order: warm-up, calm, a tenant gets stuck, the broker is killed and comes back, the rest
// is finished. Every step is told to the observer.

import { connect } from '@sluice/client'
import type { Client } from '@sluice/client'
import type { BrokerProcess } from './broker-process.ts'
import { BrokerWatch } from './broker-watch.ts'
import type { OpenDeliveries } from './claims/open-deliveries.ts'
import type { Phase } from './events.ts'
import { Load } from './load.ts'
import type { Observer } from './observer.ts'
import type { Plan } from './plan.ts'
import { seededRandom } from './random.ts'
import { consumerName, hotCount, hotSubject, ruleOf, streamName, tenantClasses } from './tenants.ts'
import { Workers } from './workers.ts'

const workerCount = 4
const maxInflight = 2_000
/** How long the broker may take to read the backlog, and at the end to finish what is left. */
const settleMsMax = 10_000
const lookEveryMs = 50

export interface ScenarioParts {
  readonly plan: Plan
  readonly seed: number
  readonly broker: BrokerProcess
  readonly observer: Observer
  readonly open: OpenDeliveries
  /** Hears of what must not happen beside the scenario. */
  readonly failed: (error: Error) => void
}

export class Scenario {
  readonly #parts: ScenarioParts
  readonly #clients: Client[] = []
  readonly #workers: Workers
  #load: Load | undefined
  watch: BrokerWatch | undefined

  constructor(parts: ScenarioParts) {
    this.#parts = parts
    this.#workers = new Workers(parts.observer, seededRandom(parts.seed + 1))
  }

  async run(): Promise<void> {
    const { plan, observer, broker } = this.#parts
    await broker.start()
    await this.#setUp()
    await this.#phase('warm-up', plan.warmUpMs)
    await this.#phase('calm', plan.calmMs)
    observer.tell('phase', { phase: 'fill' })
    await this.#load!.fillHotTenant()
    await this.#untilOrTooLong(async () => (await this.watch!.parkedCount()) === hotCount - 1)
    await this.#phase('hot', plan.hotMs)
    await this.#phase('crash', plan.beforeKillMs)
    await this.#killAndRestart()
    await sleep(plan.afterKillMs)
    await this.#drain()
  }

  /** Connections only; the broker is ended by its owner. */
  async close(): Promise<void> {
    this.watch?.stop()
    await this.#workers.close()
    await Promise.all(this.#clients.map((client) => client.close()))
  }

  async #setUp(): Promise<void> {
    const { plan, seed, observer, broker, failed } = this.#parts
    const { ackWaitMs } = plan
    const rules = tenantClasses.map(ruleOf)
    const classes = tenantClasses.map((each) => ({ name: each.name, ...ruleOf(each) }))
    observer.tell('begun', { pid: broker.pid, seed, ackWaitMs, hotSubject, classes })
    const admin = await this.#connect('view')
    await admin.streams.create(streamName, { subjects: ['orders.>'], durability: 'fsync' })
    const config = { name: consumerName, rules, maxInflight, ackWaitMs }
    const consumer = await admin.consumers.create(streamName, config)
    this.watch = new BrokerWatch(admin, consumer)
    this.watch.start()
    for (let number = 1; number <= workerCount; number++) {
      const name = `worker-${number}`
      await this.#workers.join(await this.#connect(name), name, failed)
    }
    this.#load = new Load(await this.#connect('publisher'), observer, seededRandom(seed))
    this.#load.start()
  }

  async #connect(name: string): Promise<Client> {
    const servers = [this.#parts.broker.address]
    const client = await connect({ servers, name, reconnect: { minMs: 20, maxMs: 200 } })
    this.#clients.push(client)
    return client
  }

  async #phase(phase: Phase, lengthMs: number): Promise<void> {
    this.#parts.observer.tell('phase', { phase })
    await sleep(lengthMs)
  }

  /** The next broker starts only when all have noticed: then every delivery has one broker that made it. */
  async #killAndRestart(): Promise<void> {
    const { broker, observer, plan } = this.#parts
    observer.tell('killed', { pid: broker.pid })
    await broker.kill()
    await this.#untilOrTooLong(() => Promise.resolve(this.#clients.every(({ isConnected }) => !isConnected)))
    await sleep(plan.deadMs)
    observer.tell('restarted', {})
    await broker.restart()
    observer.tell('recovered', { pid: broker.pid })
  }

  /** Ends the load, waits until all but the hot tenant is settled, and reads the broker's books. */
  async #drain(): Promise<void> {
    const { observer, open } = this.#parts
    observer.tell('phase', { phase: 'drain' })
    await this.#load!.stop()
    await this.#untilOrTooLong(async () => {
      return open.countWithout(hotSubject) === 0 && (await this.watch!.waitingCount()) === hotCount
    })
    observer.tell('counted', await this.watch!.books())
  }

  /** Too long is no error here: the claims will say what is missing. */
  async #untilOrTooLong(isReached: () => Promise<boolean>): Promise<void> {
    const { observer } = this.#parts
    const untilMs = observer.nowMs() + settleMsMax
    while (!(await isReached()) && observer.nowMs() < untilMs) await sleep(lookEveryMs)
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
