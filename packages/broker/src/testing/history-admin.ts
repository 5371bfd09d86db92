// Creates, alters, grows and deletes the streams and consumers of a history, one change at a time.

import type { Client } from '@sluice/client'
import type { ConsumerConfig } from '@sluice/protocol/model/consumer'
import type { HistoryAsking } from './history-asking.ts'
import type { HistoryLedger } from './history-ledger.ts'
import { drawDeliverFrom, drawFilter, drawRules } from './history-plan.ts'
import type { ConsumerRecord, StreamRecord } from './history-records.ts'
import { ConfigsInForce } from './reference-configs.ts'
import type { SimWorld } from './sim-io.ts'
import type { SimRandom } from './sim-random.ts'

const partitionsMax = 4

export class HistoryAdmin {
  readonly #client: Client
  readonly #asking: HistoryAsking
  readonly #world: SimWorld
  readonly #ledger: HistoryLedger
  readonly #random: SimRandom

  constructor(client: Client, asking: HistoryAsking, world: SimWorld, ledger: HistoryLedger) {
    this.#client = client
    this.#asking = asking
    this.#world = world
    this.#ledger = ledger
    this.#random = world.scheduler.random.fork('admin')
  }

  async createStream(stream: StreamRecord): Promise<void> {
    const { name, config } = stream.plan
    await this.#asking.until(`create stream ${name}`, () => this.#client.streams.create(name, config))
    this.#ledger.streamCreated(stream)
    for (const consumer of stream.consumers.values()) await this.createConsumer(consumer)
  }

  async createConsumer(consumer: ConsumerRecord): Promise<void> {
    const { stream, name, configs } = consumer
    const config = { name, ...configs.newest }
    const from = JSON.stringify(config.deliverFrom)
    this.#ledger.consumerComes(consumer)
    await this.#asking.until(`create consumer ${name} of ${stream.plan.name} from ${from}`, () => {
      return this.#client.consumers.create(stream.plan.name, config)
    })
    this.#ledger.consumerCame(consumer)
  }

  /** Other rules, and now and then another filter, live. */
  async alter(consumer: ConsumerRecord): Promise<void> {
    const { stream, configs } = consumer
    const { hasRules } = stream.plan
    const changes = {
      maxInflight: this.#random.pick([1, 4, 20, 500]),
      ...(hasRules && configs.newest.ackPolicy !== 'none' && { rules: drawRules(this.#random) }),
      ...(this.#random.chance(0.3) && { filter: drawFilter(this.#random) }),
    }
    return this.#change(consumer, changes)
  }

  /** So many may be out that only rules hold anything back. */
  widen(consumer: ConsumerRecord): Promise<void> {
    return this.#change(consumer, { maxInflight: 500 })
  }

  async #change(consumer: ConsumerRecord, changes: Partial<ConsumerConfig>): Promise<void> {
    const { stream, name, configs } = consumer
    const config = { ...configs.newest, ...changes }
    this.#ledger.altering(consumer, config)
    await this.#asking.until(`alter ${name} of ${stream.plan.name}: ${JSON.stringify(changes)}`, () => {
      return this.#client.consumers.alter(stream.plan.name, name, changes)
    })
    this.#ledger.altered(consumer, config)
  }

  /** Without rules a stream may have more partitions: its subjects move. */
  async grow(stream: StreamRecord): Promise<void> {
    const { name, hasRules } = stream.plan
    const { reference } = stream
    const partitions = reference.partitions.length + 1
    if (hasRules || partitions > partitionsMax) return
    reference.growing()
    await this.#asking.until(`grow ${name} to ${partitions}`, () => {
      return this.#client.streams.alter(name, { partitions })
    })
    reference.grown()
  }

  async recreateConsumer(consumer: ConsumerRecord): Promise<void> {
    const { stream, name, configs } = consumer
    this.#ledger.consumerGoes(consumer)
    await this.#asking.until(
      `delete consumer ${name} of ${stream.plan.name}`,
      () => this.#client.consumers.delete(stream.plan.name, name),
      ['unknown-consumer'],
    )
    const { wallMs } = this.#ledger
    const deliverFrom = drawDeliverFrom(this.#random, wallMs, stream.reference)
    consumer.configs = new ConfigsInForce({ ...configs.newest, deliverFrom })
    await this.createConsumer(consumer)
  }

  async recreateStream(stream: StreamRecord): Promise<void> {
    const { name } = stream.plan
    this.#ledger.streamGoes(stream)
    await this.#asking.until(`delete stream ${name}`, () => this.#client.streams.delete(name), [
      'unknown-stream',
    ])
    await this.#world.sleep(this.#random.between(0, 500))
    for (const consumer of stream.consumers.values())
      consumer.configs = new ConfigsInForce({ ...consumer.configs.newest, deliverFrom: 'all' })
    await this.createStream(stream)
  }
}
