// Rounds of load and faults against a real broker process, each of which ends with SIGKILL; then quiet, until
// everything is settled; then the judgement over all that was seen.

import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '@sluice/client'
import type { Client } from '@sluice/client'
import { Chance } from './chance.ts'
import { checkHistory } from './check-history.ts'
import { drawFault } from './fault-table.ts'
import type { FaultScene } from './fault-table.ts'
import { FaultStand } from './fault-stand.ts'
import { History } from './history.ts'
import { Load } from './load.ts'
import { connectionOptions, MemberClient } from './member-client.ts'
import { Operator } from './operator.ts'
import { watchPace } from './pace-watch.ts'
import { readLetters, untilSettled } from './quiet-end.ts'
import type { Violation } from './story.ts'
import { checkSettings, consumerPlans, partitions, STREAM } from './workload.ts'

export interface FaultRun {
  readonly rounds: number
  readonly seed: number
  /** Told what each round does. */
  readonly began?: (what: string) => unknown
  readonly brokerFlags?: readonly string[]
  /** Ends the rounds early; what was seen up to then is judged. */
  readonly signal?: AbortSignal
}

export interface FaultFindings {
  readonly violations: readonly Violation[]
  readonly history: History
  readonly summary: string
}

const publishers = 2

export async function runFaults(run: FaultRun): Promise<FaultFindings> {
  const rounds = new FaultRounds(run)
  try {
    return await rounds.run()
  } finally {
    await rounds.remove()
  }
}

class FaultRounds {
  readonly #run: FaultRun
  readonly #chance: Chance
  readonly #stand: FaultStand
  readonly #history = new History()
  readonly #struck = new Map<string, number>()
  readonly #clients: Client[] = []
  #members: MemberClient[] = []

  constructor(run: FaultRun) {
    this.#run = run
    this.#chance = new Chance(run.seed)
    this.#stand = new FaultStand(run.rounds, run.brokerFlags ?? [])
  }

  async run(): Promise<FaultFindings> {
    const load = new Load(
      this.#history,
      consumerPlans.map(({ name }) => name),
    )
    const stopWatch = watchPace((forMs) => load.lateFor('*', forMs))
    try {
      await this.#stand.broker.start()
      const client = await this.#connect()
      await client.streams.create(STREAM, { partitions })
      const operator = new Operator(client, this.#history, this.#chance.fork())
      await operator.createConsumers()
      await this.#startMembers(load)
      const publishing = await this.#startPublishers(load)
      await this.#strikeRounds(load, operator)
      load.stopPublishing()
      await publishing.ended
      this.#run.began?.('no more faults, until all is settled')
      await untilSettled(client, this.#history)
      this.#run.began?.('all is settled, or had its time')
      load.end()
      await Promise.all(this.#members.map((member) => member.close()))
      await readLetters(client, this.#history)
      return this.#findings(load, operator)
    } finally {
      stopWatch()
    }
  }

  async remove(): Promise<void> {
    await Promise.allSettled(this.#clients.map((client) => client.close()))
    await this.#stand.remove()
  }

  async #connect(): Promise<Client> {
    const client = await connect({ servers: [this.#stand.broker.address], ...connectionOptions })
    this.#clients.push(client)
    return client
  }

  async #startMembers(load: Load): Promise<void> {
    this.#members = consumerPlans.flatMap((plan) =>
      Array.from({ length: plan.members }, (_, index) => {
        const target = (): string => this.#stand.broker.address
        return new MemberClient(`${plan.name}-${index}`, plan, this.#history, target)
      }),
    )
    for (const member of this.#members) await member.start(load, this.#chance.fork())
  }

  /** Resolves, to a promise of their end, when they have begun. */
  async #startPublishers(load: Load): Promise<{ ended: Promise<unknown> }> {
    const running: Promise<void>[] = []
    for (let index = 0; index < publishers; index++)
      running.push(load.publish(await this.#connect(), `p${index}`, this.#chance.fork()))
    return { ended: Promise.all(running) }
  }

  /** The operator goes on through all of them, and has resumed everything in the end. */
  async #strikeRounds(load: Load, operator: Operator): Promise<void> {
    const operating = operator.run()
    // Why: its failure is told when it is awaited, not as that of the process.
    operating.catch(() => {})
    const { broker, disk } = this.#stand
    const parts = { broker, disk, members: this.#members, load, history: this.#history }
    const scene: FaultScene = { ...parts, chance: this.#chance.fork() }
    for (let round = 1; round <= this.#run.rounds && this.#run.signal?.aborted !== true; round++) {
      const fault = drawFault(scene)
      this.#run.began?.(`round ${round}: ${fault.name}, then SIGKILL`)
      this.#struck.set(fault.name, (this.#struck.get(fault.name) ?? 0) + 1)
      await sleep(scene.chance.between(50, 500))
      await fault.strike(scene)
      await sleep(scene.chance.between(50, 700))
      await this.#stand.killAndStart(this.#history, scene.chance)
    }
    operator.stop()
    await operating
  }

  #findings(load: Load, operator: Operator): FaultFindings {
    const history = this.#history
    const violations = checkHistory(history.events, checkSettings)
    const late = history.events.filter((event) => event.kind === 'delivered' && event.isLate).length
    const counts = [
      `${history.count('broker-dying')} rounds with SIGKILL`,
      ...[...this.#struck].filter(([name]) => name !== 'none').map(([name, count]) => `${count} ${name}`),
      `${operator.changes} alterations and pauses`,
      `${history.count('published')} confirmed`,
      `${load.cutPublishes} publishes cut`,
      `${history.count('delivered')} deliveries, ${late} late`,
      `${history.count('letter')} dead letters`,
      `${(history.now() / 1000).toFixed(0)} s`,
    ]
    return { violations, history, summary: counts.join(', ') }
  }
}
