// NATS JetStream, through its client for Node. Publishing many at a time is its asynchronous publish: each
// message has an ack of its own. Its `ack()` is not confirmed by the server; `stop` waits until all of them
// are written and the server has answered a ping.

import { AckPolicy, jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream'
import type { ConsumerMessages, JetStreamClient, JetStreamManager } from '@nats-io/jetstream'
import { connect, nanos } from '@nats-io/transport-node'
import type { NatsConnection } from '@nats-io/transport-node'
import { STREAM, SUBJECTS } from './target.ts'
import type {
  ConsumeOptions,
  ConsumerPlan,
  Consumption,
  OutgoingMessage,
  StreamPlan,
  TargetClient,
} from './target.ts'

/** Longer than any measurement: what is held must not come back. */
const ackWaitMs = 3_600_000

export async function connectNats(address: string): Promise<TargetClient> {
  const connection = await connect({ servers: [address] })
  return new NatsClient(connection, jetstream(connection), await jetstreamManager(connection))
}

class NatsClient implements TargetClient {
  readonly #connection: NatsConnection
  readonly #jetStream: JetStreamClient
  readonly #admin: JetStreamManager

  constructor(connection: NatsConnection, jetStream: JetStreamClient, admin: JetStreamManager) {
    this.#connection = connection
    this.#jetStream = jetStream
    this.#admin = admin
  }

  async createStream({ durability }: StreamPlan): Promise<void> {
    const storage = durability === 'memory' ? StorageType.Memory : StorageType.File
    await this.#admin.streams.add({ name: STREAM, subjects: [SUBJECTS], storage })
  }

  async deleteStream(): Promise<void> {
    await this.#admin.streams.delete(STREAM)
  }

  async publish({ subject, data }: OutgoingMessage): Promise<void> {
    await this.#jetStream.publish(subject, data)
  }

  async publishBatch(messages: readonly OutgoingMessage[]): Promise<void> {
    await Promise.all(messages.map(({ subject, data }) => this.#jetStream.publish(subject, data)))
  }

  /** An ordered consumer: no acks, as its users replay a stream. */
  async read(onMessages: (count: number, dataBytes: number) => boolean): Promise<void> {
    const info = await this.#admin.streams.info(STREAM)
    const consumer = await this.#jetStream.consumers.get(STREAM)
    const messages = await consumer.consume({ max_messages: 1000 })
    for await (const { seq, data } of messages) {
      if (!onMessages(1, data.length) || seq >= info.state.last_seq) break
    }
    await messages.close()
  }

  async createConsumer({ name, inFlightMax }: ConsumerPlan): Promise<void> {
    await this.#admin.consumers.add(STREAM, {
      durable_name: name,
      ack_policy: AckPolicy.Explicit,
      max_ack_pending: inFlightMax,
      ack_wait: nanos(ackWaitMs),
    })
  }

  async consume(options: ConsumeOptions): Promise<Consumption> {
    const consumer = await this.#jetStream.consumers.get(STREAM, options.consumer)
    const messages = await consumer.consume({ max_messages: options.window })
    const ended = settleAll(messages, options).catch(options.onError)
    return {
      stop: async () => {
        await messages.close()
        await ended
        await this.#connection.flush()
      },
    }
  }

  parkedCount(): Promise<number> {
    return Promise.reject(new Error('NATS has no limits per subject'))
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}

async function settleAll(messages: ConsumerMessages, options: ConsumeOptions): Promise<void> {
  for await (const message of messages) {
    if (!options.onMessage(message.data)) continue
    message.ack()
    options.onSettled(1)
  }
}
