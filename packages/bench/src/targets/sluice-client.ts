// Sluice, through the SDK that its users have.

import { connect } from '@sluice/client'
import type { Client, Message } from '@sluice/client'
import { SUBJECTS } from './target.ts'
import type {
  ConsumeOptions,
  ConsumerPlan,
  Consumption,
  OutgoingMessage,
  StreamPlan,
  TargetClient,
} from './target.ts'

export async function connectSluice(address: string, stream: string): Promise<TargetClient> {
  return new SluiceClient(await connect({ servers: [address], maxBufferedBytes: 256 * 1024 * 1024 }), stream)
}

class SluiceClient implements TargetClient {
  readonly #client: Client
  readonly #stream: string

  constructor(client: Client, stream: string) {
    this.#client = client
    this.#stream = stream
  }

  async createStream(plan: StreamPlan): Promise<void> {
    await this.#client.streams.create(this.#stream, { subjects: [SUBJECTS], ...plan })
  }

  deleteStream(): Promise<void> {
    return this.#client.streams.delete(this.#stream)
  }

  async publish({ subject, data }: OutgoingMessage): Promise<void> {
    await this.#client.publish(this.#stream, subject, data)
  }

  async publishBatch(messages: readonly OutgoingMessage[]): Promise<void> {
    await this.#client.publishBatch(this.#stream, messages)
  }

  async read(onMessages: (count: number, dataBytes: number) => boolean): Promise<void> {
    for await (const { records } of this.#client.log(this.#stream).read()) {
      let dataBytes = 0
      for (const record of records) dataBytes += record.data!.length
      if (!onMessages(records.length, dataBytes)) return
    }
  }

  async createConsumer({ name, rules, inFlightMax, isFromEnd = false }: ConsumerPlan): Promise<void> {
    const deliverFrom = isFromEnd ? 'new' : 'all'
    const config = { name, rules, maxInflight: inFlightMax, ackWaitMs: 0, deliverFrom } as const
    await this.#client.consumers.create(this.#stream, config)
  }

  async consume(options: ConsumeOptions): Promise<Consumption> {
    const consumer = await this.#client.consumers.get(this.#stream, options.consumer)
    const stopped = new AbortController()
    const messages = consumer.messages({ window: options.window, signal: stopped.signal })
    const ended = settleAll(messages.batches(), options).catch(options.onError)
    return {
      stop: async () => {
        stopped.abort()
        await ended
      },
    }
  }

  async parkedCount(name: string): Promise<number> {
    const consumer = await this.#client.consumers.get(this.#stream, name)
    return (await consumer.stats()).parked
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}

/** Settles are confirmed in order, so the last one of an array stands for all before it. */
async function settleAll(batches: AsyncIterable<Message[]>, options: ConsumeOptions): Promise<void> {
  const { onMessage, onSettled, onError } = options
  for await (const batch of batches) {
    let last: Promise<void> | undefined
    let count = 0
    for (const message of batch) {
      if (!onMessage(message.data!)) continue
      last = message.ack()
      count++
    }
    last?.then(() => onSettled(count), onError)
  }
}
