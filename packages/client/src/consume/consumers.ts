// `client.consumers`.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { ConsumerConfig } from '@sluice/protocol/model/consumer'
import type { Control } from '../control.ts'
import { Consumer } from './consumer.ts'
import type { JoinConsumer } from './consumer.ts'

export type NewConsumer = Partial<ConsumerConfig> & { readonly name: string }

export class Consumers {
  readonly #control: Control
  readonly #join: JoinConsumer

  constructor(control: Control, join: JoinConsumer) {
    this.#control = control
    this.#join = join
  }

  /** Harmless when it exists with the same configuration, `consumer-exists` when with another. */
  async create(stream: string, consumer: NewConsumer): Promise<Consumer> {
    if (typeof consumer?.name !== 'string') {
      throw new BrokerError('invalid-consumer-name', 'The consumer has no name')
    }
    const { name, ...config } = consumer
    const info = await this.#control.order('consumers.create', { stream, name, config })
    return new Consumer(info, this.#control, this.#join)
  }

  async get(stream: string, name: string): Promise<Consumer> {
    const info = await this.#control.ask('consumers.get', { stream, name })
    return new Consumer(info, this.#control, this.#join)
  }

  async list(stream: string): Promise<Consumer[]> {
    const infos = await this.#control.ask('consumers.list', { stream })
    return infos.map((info) => new Consumer(info, this.#control, this.#join))
  }

  /** Changes rules and settings live; what is not named stays. */
  async alter(stream: string, name: string, changes: Partial<ConsumerConfig>): Promise<Consumer> {
    const info = await this.#control.order('consumers.alter', { stream, name, config: changes })
    return new Consumer(info, this.#control, this.#join)
  }

  async delete(stream: string, name: string): Promise<void> {
    await this.#control.order('consumers.delete', { stream, name })
  }
}
