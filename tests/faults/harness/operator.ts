// Alters limits, pauses and resumes, one thing at a time, whether or not the broker is there.

import { setTimeout as sleep } from 'node:timers/promises'
import { BrokerError } from '@sluice/client'
import type { Client } from '@sluice/client'
import type { Chance } from './chance.ts'
import type { ChangePhase, History } from './history.ts'
import { alteredRules, checkSettings, consumerPlans, pausableMatches, STREAM } from './workload.ts'
import type { ConsumerPlan } from './workload.ts'

interface Pausing {
  readonly consumer: string
  readonly match: string
}

const retryMs = 100

export class Operator {
  readonly #client: Client
  readonly #history: History
  readonly #chance: Chance
  /** Those that may hold. */
  readonly #pauses: Pausing[] = []
  #isOver = false
  changes = 0

  constructor(client: Client, history: History, chance: Chance) {
    this.#client = client
    this.#history = history
    this.#chance = chance
  }

  async createConsumers(): Promise<void> {
    for (const { name, rules, maxInflight } of consumerPlans) {
      await this.#limits(name, rules, maxInflight, () =>
        this.#client.consumers.create(STREAM, {
          name,
          rules,
          maxInflight,
          ackWaitMs: checkSettings.ackWaitMs,
          maxDeliver: checkSettings.maxDeliver,
          deadLetterStream: deadLetterStreamOf(name),
        }),
      )
    }
  }

  /** Until `stop`. */
  async run(): Promise<void> {
    while (!this.#isOver) {
      await sleep(this.#chance.between(100, 700))
      if (!this.#isOver) await this.#act()
    }
    while (this.#pauses.length > 0) {
      if (!(await this.#resume(this.#pauses[0]!))) await sleep(retryMs)
    }
  }

  /** What is paused is resumed before `run` ends. */
  stop(): void {
    this.#isOver = true
  }

  async #act(): Promise<void> {
    const plan = this.#chance.pick(consumerPlans)
    const draw = this.#chance.next()
    if (this.#pauses.length > 1 || (this.#pauses.length > 0 && draw < 0.3))
      await this.#resume(this.#pauses[0]!)
    else if (draw < 0.6) await this.#pause({ consumer: plan.name, match: this.#chance.pick(pausableMatches) })
    else await this.#alter(plan)
  }

  async #alter({ name, rules, maxInflight }: ConsumerPlan): Promise<void> {
    const altered = alteredRules(this.#chance, rules)
    const count = Math.max(1, Math.round(maxInflight * (0.5 + this.#chance.next())))
    await this.#limits(name, altered, count, () =>
      this.#client.consumers.alter(STREAM, name, { rules: altered, maxInflight: count }),
    )
  }

  async #pause(pausing: Pausing): Promise<void> {
    const isKnown = this.#pauses.some(
      ({ consumer, match }) => consumer === pausing.consumer && match === pausing.match,
    )
    if (!isKnown) this.#pauses.push(pausing)
    await this.#change(
      (phase) => this.#history.add({ kind: 'pause', at: this.#history.now(), phase, ...pausing }),
      async () => (await this.#consumer(pausing)).pause({ match: pausing.match }),
    )
  }

  async #resume(pausing: Pausing): Promise<boolean> {
    const isDone = await this.#change(
      (phase) => this.#history.add({ kind: 'resume', at: this.#history.now(), phase, ...pausing }),
      async () => {
        try {
          await (await this.#consumer(pausing)).resume({ match: pausing.match })
        } catch (error) {
          // One whose outcome was unknown: it never began, or is over already.
          if (!(error instanceof BrokerError && error.code === 'not-paused')) throw error
        }
      },
    )
    if (isDone) this.#pauses.splice(this.#pauses.indexOf(pausing), 1)
    return isDone
  }

  async #limits(
    consumer: string,
    rules: ConsumerPlan['rules'],
    maxInflight: number,
    change: () => Promise<unknown>,
  ): Promise<void> {
    await this.#change((phase) => {
      this.#history.add({ kind: 'limits', at: this.#history.now(), phase, consumer, rules, maxInflight })
    }, change)
  }

  async #change(say: (phase: ChangePhase) => void, change: () => Promise<unknown>): Promise<boolean> {
    say('asked')
    try {
      await change()
      this.changes++
      say('confirmed')
      return true
    } catch (error) {
      if (!(error instanceof BrokerError && excused.has(error.code))) throw error
      say('unknown')
      return false
    }
  }

  #consumer({ consumer }: Pausing) {
    return this.#client.consumers.get(STREAM, consumer)
  }
}

/** What may be said while the broker dies, starts, or has no space. */
const excused = new Set<string>([
  'outcome-unknown',
  'disconnected',
  'timeout',
  'disk-full',
  'io-failed',
  'settle-not-durable',
  'node-unavailable',
])

export function deadLetterStreamOf(consumer: string): string {
  return `${STREAM}.${consumer}.dlq`
}
