// The clients of a history, each on its own machine, with their publishers and workers, and what they ask
// and read besides.

import type { Client } from '@sluice/client'
import type { ErrorCode } from '@sluice/protocol/errors/error-codes'
import { readPartition } from './history-audit.ts'
import type { HistoryBroker } from './history-broker.ts'
import { diskErrors, goneErrors, linkErrors } from './history-errors.ts'
import type { HistoryLedger } from './history-ledger.ts'
import type { ConsumerRecord, StreamRecord } from './history-records.ts'
import { clientNames } from './history-plan.ts'
import { HistoryPublisher } from './history-publisher.ts'
import { HistoryWorker } from './history-worker.ts'
import type { WorkerMood } from './history-worker.ts'
import type { FoundLog, ReferenceStream } from './reference-stream.ts'
import { Violation } from './reference-violation.ts'
import type { SimWorld } from './sim-io.ts'
import type { SimRandom } from './sim-random.ts'

const workersMax = 8

const readErrors: readonly ErrorCode[] = [...linkErrors, ...diskErrors, ...goneErrors, 'offset-out-of-range']

export class HistoryClients {
  readonly #world: SimWorld
  readonly #ledger: HistoryLedger
  readonly #random: SimRandom
  readonly #clients: Client[] = []
  readonly #publishers: HistoryPublisher[] = []
  #workers: HistoryWorker[] = []
  #workerCount = 0

  constructor(world: SimWorld, ledger: HistoryLedger) {
    this.#world = world
    this.#ledger = ledger
    this.#random = world.scheduler.random.fork('clients')
  }

  async connect(broker: HistoryBroker): Promise<void> {
    for (const name of clientNames) {
      const client = await broker.connect(name)
      this.#clients.push(client)
      const random = this.#world.scheduler.random.fork(`publisher ${name}`)
      this.#publishers.push(new HistoryPublisher(name, client, this.#ledger, random))
    }
  }

  get first(): Client {
    return this.#clients[0]
  }

  get publisher(): HistoryPublisher {
    return this.#random.pick(this.#publishers)
  }

  join(consumer: ConsumerRecord, mood: WorkerMood = 'erring'): void {
    this.#workers = this.#workers.filter(({ isOver }) => !isOver)
    if (!consumer.isAlive || (mood === 'erring' && this.#workers.length >= workersMax)) return
    const client = this.#random.pick(this.#clients)
    const place = { consumer, client, name: `w${this.#workerCount++}` }
    const worker = new HistoryWorker(place, this.#world, this.#ledger, mood)
    this.#ledger.note(`${worker.name}, ${mood}, joins ${consumer.stream.plan.name} ${consumer.name}`)
    this.#workers.push(worker)
    void worker.run()
  }

  leave(): void {
    if (this.#workers.length === 0) return
    const worker = this.#random.pick(this.#workers)
    this.#ledger.note(`${worker.name} leaves`)
    worker.leave()
  }

  async ask({ stream, name }: ConsumerRecord, subject: string): Promise<void> {
    try {
      const consumer = await this.#random.pick(this.#clients).consumers.get(stream.plan.name, name)
      const answers = await Promise.all([
        consumer.stats(),
        consumer.explain(subject),
        consumer.pools({ count: 3 }),
      ])
      this.#ledger.note(`asked ${name}: ${JSON.stringify(answers)}`)
    } catch (error) {
      this.#ledger.expectError(error, `asking about ${name}`, [...linkErrors, ...goneErrors])
    }
  }

  async read({ plan, reference }: StreamRecord, partition: number): Promise<void> {
    const client = this.#random.pick(this.#clients)
    try {
      const before = reference.partitions[partition].slice()
      const found = await readPartition(client, this.#ledger, { stream: plan.name, partition })
      if (!reference.isRetired && reference.durability === 'fsync') {
        this.#ledger.claim(() => compareRead(reference, partition, before, found))
      }
    } catch (error) {
      // Why: the end of the log may have moved while it was read, with a crash or a stream deleted.
      const isMoved = error instanceof Violation && (reference.durability !== 'fsync' || reference.isRetired)
      if (!isMoved) this.#ledger.expectError(error, `reading ${plan.name}`, readErrors)
    }
  }

  /** Until no publisher waits for anything; their requests give up in time. */
  async published(): Promise<void> {
    while (!this.#publishers.every(({ isIdle }) => isIdle)) await this.#world.sleep(100)
  }

  /** All workers leave, and those come that ack, or keep, whatever they get. */
  relieve(mood: 'good' | 'holding'): void {
    for (const worker of this.#workers) worker.leave()
    for (const stream of this.#ledger.streams.values()) {
      for (const consumer of stream.consumers.values()) {
        for (let count = 0; count < 2; count++) this.join(consumer, mood)
      }
    }
  }

  /** For who wonders why nothing goes on. */
  get states(): string {
    const clients = this.#clients.map(({ isConnected }, index) => {
      return `${clientNames[index]} ${isConnected ? 'connected' : 'disconnected'}`
    })
    const workers = this.#workers.filter(({ isOver }) => !isOver).map(({ name, state }) => `${name} ${state}`)
    return [...clients, ...workers].join(', ')
  }

  async close(): Promise<void> {
    for (const client of this.#clients) await client.close()
  }
}

/** Nothing is missing that was known before it was read; what is new is known from now on. */
function compareRead(stream: ReferenceStream, partition: number, before: FoundLog, found: FoundLog): void {
  before.forEach((message, offset) => {
    if (found[offset] === message || stream.mayBeMissing(partition, offset, message)) return
    if (message === undefined) return
    throw new Violation(`${stream.name}/${partition}@${offset}, ${message.id}, is not read`)
  })
  found.forEach((message, offset) => {
    if (message !== undefined) stream.learn(partition, offset, message)
  })
}
