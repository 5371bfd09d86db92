// Creates, alters and deletes the streams and consumers of a history, one change at a time. What a client
// is not told for certain is asked again until it is.

import type { Client } from '@sluice/client'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { diskErrors, linkErrors } from './history-errors.ts'
import type { ConsumerRecord, HistoryLedger, StreamRecord } from './history-ledger.ts'
import { drawRules } from './history-plan.ts'
import type { SimWorld } from './sim-io.ts'
import type { SimRandom } from './sim-random.ts'

const againMs = 100

export class HistoryAdmin {
  readonly #client: Client
  readonly #world: SimWorld
  readonly #ledger: HistoryLedger
  readonly #random: SimRandom
  isBusy = false

  constructor(client: Client, world: SimWorld, ledger: HistoryLedger) {
    this.#client = client
    this.#world = world
    this.#ledger = ledger
    this.#random = world.scheduler.random.fork('admin')
  }

  async createStream(stream: StreamRecord): Promise<void> {
    const { name, config } = stream.plan
    this.#ledger.note(`create stream ${name}`)
    await this.#until(`creating ${name}`, async () => void (await this.#client.streams.create(name, config)))
    this.#ledger.streamCreated(stream)
    for (const consumer of stream.consumers.values()) await this.createConsumer(consumer)
  }

  async createConsumer(consumer: ConsumerRecord): Promise<void> {
    const { stream, name, configs } = consumer
    const config = { name, ...configs.newest }
    this.#ledger.note(`create consumer ${name} of ${stream.plan.name}`)
    this.#ledger.consumerComes(consumer)
    await this.#until(`creating ${name}`, async () => {
      await this.#client.consumers.create(stream.plan.name, config)
    })
    consumer.isAlive = true
  }

  /** Other rules, live. */
  async alter(consumer: ConsumerRecord): Promise<void> {
    const { stream, name, configs } = consumer
    const rules = drawRules(this.#random)
    const maxInflight = this.#random.pick([1, 4, 20, 500])
    const config = { ...configs.newest, rules, maxInflight }
    this.#ledger.note(`alter ${name} of ${stream.plan.name}: ${JSON.stringify({ rules, maxInflight })}`)
    this.#ledger.altering(consumer, config)
    await this.#until(`altering ${name}`, async () => {
      await this.#client.consumers.alter(stream.plan.name, name, { rules, maxInflight })
    })
    configs.confirmed(config)
    this.#ledger.note(`altered ${name} of ${stream.plan.name}`)
  }

  async recreateConsumer(consumer: ConsumerRecord): Promise<void> {
    const { stream, name } = consumer
    this.#ledger.note(`delete consumer ${name} of ${stream.plan.name}`)
    this.#ledger.consumerGoes(consumer)
    await this.#untilGone(`deleting ${name}`, () => this.#client.consumers.delete(stream.plan.name, name))
    await this.createConsumer(consumer)
  }

  async recreateStream(stream: StreamRecord): Promise<void> {
    const { name } = stream.plan
    this.#ledger.note(`delete stream ${name}`)
    this.#ledger.streamGoes(stream)
    await this.#untilGone(`deleting ${name}`, () => this.#client.streams.delete(name))
    await this.#world.sleep(this.#random.between(0, 500))
    await this.createStream(stream)
  }

  /** Not found is what is wanted. */
  #untilGone(what: string, order: () => Promise<void>): Promise<void> {
    return this.#until(what, async () => {
      try {
        await order()
      } catch (error) {
        const isGone =
          error instanceof BrokerError && ['unknown-stream', 'unknown-consumer'].includes(error.code)
        if (!isGone) throw error
      }
    })
  }

  async #until(what: string, order: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await order()
      } catch (error) {
        const code = error instanceof BrokerError ? error.code : String(error)
        this.#ledger.note(`${what}: ${code}`)
        this.#ledger.expectError(error, what, [...linkErrors, ...diskErrors])
        if (this.#ledger.violation !== undefined) throw error
      }
      await this.#world.sleep(againMs)
    }
  }
}
