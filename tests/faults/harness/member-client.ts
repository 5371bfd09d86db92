// One member: a client behind a gate of its own, which takes records of one consumer. Its name changes with
// each connection, since what one connection was given is lost with it.

import { connect } from '@sluice/client'
import type { Client } from '@sluice/client'
import type { Chance } from './chance.ts'
import { Gate } from './gate.ts'
import type { History } from './history.ts'
import type { Load } from './load.ts'
import { checkSettings, STREAM } from './workload.ts'
import type { ConsumerPlan } from './workload.ts'

export const connectionOptions = {
  keepAliveMs: 1_000,
  reconnect: { minMs: 10, maxMs: 200 },
  requestTimeoutMs: 15_000,
} as const

export class MemberClient {
  readonly gate: Gate
  readonly #name: string
  readonly #plan: ConsumerPlan
  readonly #history: History
  #connections = 1
  #client: Client | undefined
  #end: () => Promise<void> = () => Promise.resolve()

  /** `target` says where the broker listens now. */
  constructor(name: string, plan: ConsumerPlan, history: History, target: () => string) {
    this.#name = name
    this.#plan = plan
    this.#history = history
    this.gate = new Gate(target)
  }

  /** The connection that it has, or will have next. */
  get member(): string {
    return `${this.#name}#${this.#connections}`
  }

  async start(load: Load, chance: Chance): Promise<void> {
    await this.gate.open()
    const client = await connect({ servers: [this.gate.address], name: this.#name, ...connectionOptions })
    this.#client = client
    client.on('disconnect', () => {
      // The broker may have noticed before us.
      this.lost(this.#history.now() - checkSettings.jitterMs)
      this.#connections++
    })
    const consumer = await client.consumers.get(STREAM, this.#plan.name)
    const member = (): string => this.member
    if (this.#plan.taking === 'fetch') {
      const fetching = load.fetch(consumer, member, chance)
      this.#end = () => fetching
      return
    }
    const concurrency = Math.ceil((this.#plan.maxInflight * 1.5) / this.#plan.members)
    const handler = load.handler(this.#plan.name, member, chance)
    const subscription = consumer.subscribe(handler, { concurrency })
    this.#end = () => subscription.drain()
  }

  /** Its connection is, or will be, of no use from then on. */
  lost(at: number): void {
    this.#history.add({ kind: 'member-lost', at, member: this.member })
  }

  /** Finishes what it has begun, after `Load.end`. */
  async close(): Promise<void> {
    await this.#end()
    await this.#client?.close()
    this.gate.close()
  }
}
