// `client.consumers`.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { ConsumerConfig, DeliverFrom } from '@sluice/protocol/model/consumer'
import { isoTime } from '../iso-time.ts'
import { Consumer } from './consumer.ts'
import type { ConsumerDoors } from './consumer.ts'

/** A consumer's configuration as it is given: what is left out has its default. */
export type ConsumerSettings = Partial<Omit<ConsumerConfig, 'deliverFrom'>> & {
  /** Where it begins; a time is a Date or ISO 8601. Default `all`. */
  readonly deliverFrom?: DeliverFrom | { readonly fromTime: Date }
}

export type NewConsumer = ConsumerSettings & { readonly name: string }

export class Consumers {
  readonly #doors: ConsumerDoors

  constructor(doors: ConsumerDoors) {
    this.#doors = doors
  }

  /** Harmless when it exists with the same configuration, `consumer-exists` when with another. */
  async create(stream: string, consumer: NewConsumer): Promise<Consumer> {
    if (typeof consumer?.name !== 'string') {
      throw new BrokerError('invalid-consumer-name', 'The consumer has no name')
    }
    const { name, ...settings } = consumer
    const config = configOf(settings)
    const info = await this.#doors.control.order('consumers.create', { stream, name, config })
    return new Consumer(info, this.#doors)
  }

  async get(stream: string, name: string): Promise<Consumer> {
    const info = await this.#doors.control.ask('consumers.get', { stream, name })
    return new Consumer(info, this.#doors)
  }

  async list(stream: string): Promise<Consumer[]> {
    const infos = await this.#doors.control.ask('consumers.list', { stream })
    return infos.map((info) => new Consumer(info, this.#doors))
  }

  /** Changes rules and settings live; what is not named stays. */
  async alter(stream: string, name: string, changes: ConsumerSettings): Promise<Consumer> {
    const config = configOf(changes)
    const info = await this.#doors.control.order('consumers.alter', { stream, name, config })
    return new Consumer(info, this.#doors)
  }

  async delete(stream: string, name: string): Promise<void> {
    await this.#doors.control.order('consumers.delete', { stream, name })
  }
}

function configOf({ deliverFrom, ...others }: ConsumerSettings): Partial<ConsumerConfig> {
  if (deliverFrom === undefined) return others
  if (typeof deliverFrom !== 'object' || deliverFrom === null || !('fromTime' in deliverFrom)) {
    return { ...others, deliverFrom }
  }
  const fromTime = isoTime('deliverFrom.fromTime', deliverFrom.fromTime)
  return { ...others, deliverFrom: { ...deliverFrom, fromTime } }
}
