// One history from one seed: a broker on a simulated machine, clients on others, a few hundred things that
// happen to them, and in the end everything healed, drained and accounted for. See
// docs/internals/simulation.md.

import type { Io } from '../io/io.ts'
import { HistoryBroker } from './history-broker.ts'
import { HistoryChanges } from './history-changes.ts'
import type { Change } from './history-changes.ts'
import { HistoryClients } from './history-clients.ts'
import { watchDoor } from './history-door.ts'
import { accountForAll, aliveConsumers, drained } from './history-ending.ts'
import { HistoryFaults } from './history-faults.ts'
import { HistoryLedger } from './history-ledger.ts'
import { drawPlan } from './history-plan.ts'
import type { HistoryOptions } from './history-plan.ts'
import { shrinkLogs } from './history-sizes.ts'
import { checkStillness } from './history-stillness.ts'
import { SimWorld } from './sim-io.ts'
import type { SimIo } from './sim-io.ts'
import type { SimRandom } from './sim-random.ts'

/** Longer than any delay, shorter than what the deliveries of patient consumers may take. */
const stillMs = 3000
const runLimits = { maxEvents: 20_000_000, maxVirtualMs: 4 * 3_600_000 }

type Action = 'publish' | 'batch' | 'flow' | 'burst' | 'join' | 'leave' | 'ask' | 'read' | Change | 'fault'

const actions: readonly (readonly [Action, number])[] = [
  ['publish', 22],
  ['batch', 8],
  ['flow', 8],
  ['burst', 4],
  ['join', 12],
  ['leave', 7],
  ['ask', 8],
  ['read', 4],
  ['alter', 5],
  ['grow', 1],
  ['recreate', 2],
  ['pause', 5],
  ['drain', 2],
  ['unblock', 4],
  ['letters', 3],
  ['purge', 2],
  ['delete', 3],
  ['fault', 16],
]

export class History {
  readonly world: SimWorld
  readonly ledger: HistoryLedger
  readonly #options: HistoryOptions
  readonly #random: SimRandom
  readonly #broker: HistoryBroker
  readonly #faults: HistoryFaults
  readonly #clients: HistoryClients
  #changes!: HistoryChanges
  step = 0

  constructor(options: HistoryOptions, asSeen: (io: SimIo) => Io = (io) => io) {
    const { areInvariantsChecked } = options
    this.#options = options
    this.world = new SimWorld(options.seed)
    this.#random = this.world.scheduler.random.fork('history')
    const plan = drawPlan(this.world.scheduler.random.fork('plan'))
    const clock = this.world.clock('broker')
    this.ledger = new HistoryLedger(this.world.scheduler, plan.streams, () => clock.wallMs())
    this.#broker = new HistoryBroker(this.world, this.ledger, plan, { areInvariantsChecked, asSeen })
    this.#faults = new HistoryFaults(this.world, this.#broker, this.ledger)
    this.#clients = new HistoryClients(this.world, this.ledger)
    shrinkLogs(plan.sizes)
    this.ledger.note(`plan ${JSON.stringify(plan)}`)
  }

  /** Resolves at its end, or with the first violation in `ledger`. */
  async run(): Promise<void> {
    let isDone = false
    watchDoor(this.ledger)
    try {
      const end = (): void => {
        isDone = true
      }
      void this.#live().then(end, (error: unknown) => this.ledger.fail(error))
      await this.world.runUntil(() => isDone || this.ledger.violation !== undefined, runLimits)
    } catch (error) {
      this.ledger.fail(error)
    } finally {
      watchDoor(undefined)
      shrinkLogs(undefined)
    }
  }

  async #live(): Promise<void> {
    await this.#broker.start()
    await this.#clients.connect(this.#broker)
    this.#changes = new HistoryChanges(this.#clients.first, this.world, this.ledger)
    for (const stream of this.ledger.streams.values()) await this.#changes.admin.createStream(stream)
    for (this.step = 1; this.step <= this.#options.steps; this.step++) {
      this.#act(drawWeighted(this.#random, actions))
      await this.world.sleep(
        this.#random.chance(0.1) ? this.#random.between(0, 1500) : this.#random.between(0, 120),
      )
    }
    await this.#end()
  }

  #act(action: Action): void {
    const random = this.#random
    const stream = random.pick([...this.ledger.streams.values()])
    const { publisher } = this.#clients
    if (action === 'fault') return this.#faults.strike()
    if (stream.state !== 'alive') return
    switch (action) {
      case 'publish':
        return publisher.publishSome(stream, random.int(1, 12))
      case 'batch':
        return publisher.publishBatch(stream, random.int(1, 30))
      case 'flow':
        return void publisher.flow(stream, random.int(1, 40))
      case 'burst':
        return publisher.publishSome(stream, random.int(30, 120), random.pick(stream.plan.subjects))
      case 'join':
        return this.#clients.join(random.pick([...stream.consumers.values()]))
      case 'leave':
        return this.#clients.leave()
      case 'ask':
        return void this.#clients.ask(
          random.pick([...stream.consumers.values()]),
          random.pick(stream.plan.subjects),
        )
      case 'read':
        return void this.#clients.read(stream, random.int(0, stream.plan.config.partitions - 1))
      default:
        return void this.#changes.once(action, stream)
    }
  }

  async #end(): Promise<void> {
    this.ledger.note('the end begins')
    await this.#faults.heal()
    while (this.#changes.isBusy) await this.world.sleep(50)
    await this.#clients.published()
    await this.#standStill()
    for (const consumer of aliveConsumers(this.ledger)) await this.#changes.operator.letGo(consumer)
    this.#clients.relieve('good')
    await drained({
      world: this.world,
      client: this.#broker.inProcess,
      ledger: this.ledger,
      decide: (consumer) => this.#changes.operator.unblock(consumer),
    }).finally(() => this.ledger.note(`in the end: ${this.#clients.states}`))
    await accountForAll(this.#broker.inProcess, this.ledger)
    this.ledger.isOver = true
    await this.#clients.close()
    await this.#broker.end('stop')
  }

  /** Members that take all they can get and settle nothing: what is held back then, a limit holds back. */
  async #standStill(): Promise<void> {
    this.ledger.note('standing still')
    for (const consumer of aliveConsumers(this.ledger)) await this.#changes.admin.widen(consumer)
    this.#clients.relieve('holding')
    for (const stream of this.ledger.streams.values())
      if (stream.state === 'alive') this.#clients.publisher.publishSome(stream, 40)
    await this.#clients.published()
    await this.world.sleep(stillMs)
    await checkStillness(this.#broker.inProcess, this.ledger)
  }
}

function drawWeighted<T>(random: SimRandom, choices: readonly (readonly [T, number])[]): T {
  const all = choices.reduce((sum, [, weight]) => sum + weight, 0)
  let left = random.float() * all
  for (const [choice, weight] of choices) if ((left -= weight) < 0) return choice
  return choices[0][0]
}
