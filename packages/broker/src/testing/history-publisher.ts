// The publishers of one client of a history: one message, batches, and a steady flow.

import type { Client, Published, Publisher } from '@sluice/client'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { publishErrors, refusals } from './history-errors.ts'
import type { HistoryLedger } from './history-ledger.ts'
import type { StreamRecord } from './history-records.ts'
import { payloadOf } from './history-payload.ts'
import type { ReferenceStream, SentMessage } from './reference-stream.ts'
import type { SimRandom } from './sim-random.ts'

interface Sending {
  readonly message: SentMessage
  readonly data: Buffer
}

export class HistoryPublisher {
  readonly #name: string
  readonly #client: Client
  readonly #ledger: HistoryLedger
  readonly #random: SimRandom
  readonly #flows = new Map<ReferenceStream, Publisher>()
  #sequence = 0
  #unanswered = 0

  constructor(name: string, client: Client, ledger: HistoryLedger, random: SimRandom) {
    this.#name = name
    this.#client = client
    this.#ledger = ledger
    this.#random = random
  }

  /** Nothing that it sent can still be stored. */
  get isIdle(): boolean {
    return this.#unanswered === 0
  }

  /** Several at once, none waiting for another: they travel together, in order. */
  publishSome(stream: StreamRecord, count: number, subject?: string): void {
    const { name } = stream.plan
    const { reference } = stream
    for (let index = 0; index < count; index++) {
      const { message, data } = this.#draw(stream, 'one', subject)
      this.#follow(
        reference,
        [message],
        this.#client.publish(name, message.subject, data).then((at) => [at]),
      )
    }
  }

  publishBatch(stream: StreamRecord, count: number): void {
    const sendings = Array.from({ length: count }, () => this.#draw(stream, 'batch'))
    const messages = sendings.map(({ message, data }) => ({ subject: message.subject, data }))
    const published = this.#client.publishBatch(stream.plan.name, messages)
    this.#follow(
      stream.reference,
      sendings.map(({ message }) => message),
      published,
    )
  }

  /** Whether these were stored is seen only by who reads. */
  async flow(stream: StreamRecord, count: number): Promise<void> {
    const { reference } = stream
    let publisher = this.#flows.get(reference)
    if (publisher === undefined) {
      const options = {
        lingerMs: this.#random.int(0, 20),
        batchBytes: 2048,
        maxInFlightBatches: this.#random.int(1, 4),
      }
      publisher = this.#client.publisher(stream.plan.name, options)
      this.#flows.set(reference, publisher)
    }
    this.#unanswered++
    try {
      for (let index = 0; index < count && !reference.isRetired; index++) {
        const { message, data } = this.#draw(stream, 'flow')
        await publisher.send(message.subject, data)
      }
      await publisher.flush()
    } catch (error) {
      this.#ledger.expectError(error, `flow to ${stream.plan.name}`, publishErrors)
    }
    this.#unanswered--
  }

  #draw({ plan, reference }: StreamRecord, kind: string, given?: string): Sending {
    const random = this.#random
    const publisher = `${this.#name}-${kind}-${reference.name}`
    const sequence = this.#sequence++
    const id = `${publisher}.${sequence}`
    const subject = given ?? random.pick(plan.subjects)
    const sizeBytes = id.length + 1 + (random.chance(0.05) ? random.int(1000, 8000) : random.int(0, 100))
    const sentMs = this.#ledger.nowMs
    const message = { id, publisher, sequence, subject, sizeBytes, sentMs, isRefused: false, replays: 0 }
    this.#ledger.sent(reference, message)
    return { message, data: payloadOf(id, sizeBytes) }
  }

  #follow(reference: ReferenceStream, messages: readonly SentMessage[], answer: Promise<Published[]>): void {
    this.#unanswered++
    const stored = (places: readonly Published[]): void => {
      this.#unanswered--
      places.forEach(({ partition, offset }, index) => {
        this.#ledger.stored(reference, messages[index], partition, offset)
      })
    }
    answer.then(stored, (error: unknown) => {
      this.#unanswered--
      const code = error instanceof BrokerError ? error.code : 'internal'
      this.#ledger.note(`not confirmed: ${messages[0].id} and ${messages.length - 1} more: ${code}`)
      this.#ledger.expectError(error, `publishing ${messages[0].id}`, publishErrors)
      if (refusals.includes(code)) for (const message of messages) message.isRefused = true
    })
  }
}
