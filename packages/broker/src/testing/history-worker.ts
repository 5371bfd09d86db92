// One member of a flow consumer in a history: takes messages and settles them in every way there is, late,
// or never. Once asked to be good it acks all that comes.

import type { Client, Consumer, Message } from '@sluice/client'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { goneErrors, linkErrors, settleErrors } from './history-errors.ts'
import type { HistoryLedger } from './history-ledger.ts'
import type { ConsumerRecord } from './history-records.ts'
import type { SeenDelivery } from './reference-consumer.ts'
import { Violation } from './reference-violation.ts'
import type { SimWorld } from './sim-io.ts'
import type { SimRandom } from './sim-random.ts'

type Behaviour = 'ack' | 'late' | 'nack' | 'delay' | 'release' | 'reject' | 'working' | 'overdue' | 'never'

const behaviours: readonly (readonly [Behaviour, number])[] = [
  ['ack', 50],
  ['late', 16],
  ['nack', 8],
  ['delay', 8],
  ['release', 4],
  ['reject', 3],
  ['working', 4],
  ['overdue', 4],
  ['never', 3],
]

/** As life is; acks whatever comes; takes whatever comes and keeps it. */
export type WorkerMood = 'erring' | 'good' | 'holding'

export interface WorkerPlace {
  readonly consumer: ConsumerRecord
  readonly client: Client
  readonly name: string
}

/** How much each takes at once; erring ones draw it. */
const windows: Partial<Record<WorkerMood, number>> = { good: 64, holding: 1000 }

export class HistoryWorker {
  readonly consumer: ConsumerRecord
  readonly name: string
  readonly #client: Client
  readonly #world: SimWorld
  readonly #ledger: HistoryLedger
  readonly #random: SimRandom
  readonly #abort = new AbortController()
  readonly mood: WorkerMood
  isOver = false
  #state = 'looking for its consumer'

  constructor(place: WorkerPlace, world: SimWorld, ledger: HistoryLedger, mood: WorkerMood = 'erring') {
    this.consumer = place.consumer
    this.name = place.name
    this.#client = place.client
    this.#world = world
    this.#ledger = ledger
    this.#random = world.scheduler.random.fork(`worker ${place.name}`)
    this.mood = mood
  }

  /** Where it is and what it does. */
  get state(): string {
    return `${this.consumer.stream.plan.name} ${this.consumer.name} ${this.#state}`
  }

  /** Until it leaves, or its consumer is deleted. */
  async run(): Promise<void> {
    try {
      const consumer = await this.#find()
      if (consumer === undefined) return
      this.#state = `taking messages as ${this.#client.isConnected ? 'connected' : 'disconnected'}`
      if (this.mood === 'erring' && this.#random.chance(0.3)) return await this.#fetch(consumer)
      const window = windows[this.mood] ?? this.#random.pick([1, 3, 16, 64])
      const { signal } = this.#abort
      for await (const message of consumer.messages({ window, signal })) void this.#take(message)
      const isMeant = this.#abort.signal.aborted || this.#ledger.isOver
      if (!isMeant) this.#ledger.fail(new Violation(`the loop of ${this.name} ended by itself`))
    } catch (error) {
      const isGone = error instanceof BrokerError && goneErrors.includes(error.code)
      if (isGone && this.consumer.isAlive && !this.#wasDeletedMeanwhile()) {
        this.#ledger.fail(
          new Violation(`${this.name} was ended by ${(error as BrokerError).code}, and nobody deleted it`),
        )
      }
      this.#ledger.expectError(error, `the loop of ${this.name}`, [...goneErrors, ...linkErrors])
    } finally {
      this.isOver = true
    }
  }

  /** Asks for some, and again when they have come or the time is over. */
  async #fetch(consumer: Consumer): Promise<void> {
    this.#state = 'fetching messages'
    try {
      while (!this.#abort.signal.aborted && !this.#ledger.isOver) {
        const timeoutMs = this.#random.int(0, 800)
        for (const message of await consumer.fetch(this.#random.int(1, 20), { timeoutMs }))
          void this.#take(message)
        // Where nobody waits for what is not there, time must go on.
        if (timeoutMs < 5) await this.#world.sleep(5)
      }
    } finally {
      await consumer.close()
    }
  }

  /** Asks again while there is no way to the broker; undefined once it is to leave. */
  async #find(): Promise<Consumer | undefined> {
    const { stream, name } = this.consumer
    while (!this.#abort.signal.aborted && !this.#ledger.isOver) {
      try {
        return await this.#client.consumers.get(stream.plan.name, name)
      } catch (error) {
        if (!(error instanceof BrokerError && linkErrors.includes(error.code))) throw error
        await this.#world.sleep(100)
      }
    }
    return undefined
  }

  /** Why not precisely: an answer about what was deleted may come when its successor exists. */
  #wasDeletedMeanwhile(): boolean {
    return this.#ledger.deletions > 0
  }

  /** Gives back what it holds. */
  leave(): void {
    this.#abort.abort()
  }

  async #take(message: Message): Promise<void> {
    const seen = this.#ledger.seen(this.consumer, message)
    if (seen === undefined) return
    const { ackWaitMs, ackPolicy } = this.consumer.configs.newest
    if (this.mood === 'holding' || ackPolicy === 'none') return
    const behaviour = this.mood === 'good' ? 'ack' : this.#drawBehaviour()
    const random = this.#random
    switch (behaviour) {
      case 'ack':
        return this.#confirm(seen, 'ack', message.ack())
      case 'late':
        await this.#world.sleep(random.between(0, 400))
        return this.#confirm(seen, 'ack', message.ack())
      case 'nack':
        return this.#confirm(seen, 'nack', message.nack({ reason: 'nacked' }))
      case 'delay':
        return this.#confirm(seen, 'nack', message.nack({ delayMs: random.int(1, 2000), reason: 'delayed' }))
      case 'release':
        await this.#answer(message.release())
        return
      case 'reject':
        return this.#confirm(seen, 'reject', message.reject(`rejected ${seen.track.message.id}`))
      case 'working':
        await this.#work(message, ackWaitMs)
        return this.#confirm(seen, 'ack', message.ack())
      case 'overdue':
        await this.#world.sleep(ackWaitMs * random.between(0.95, 1.5))
        return this.#confirm(seen, 'ack', message.ack())
      case 'never':
    }
  }

  async #work(message: Message, ackWaitMs: number): Promise<void> {
    for (let round = 0; round < 3; round++) {
      await this.#world.sleep(Math.min(ackWaitMs, 1000) * this.#random.between(0.3, 0.8))
      void this.#answer(message.working())
    }
  }

  async #confirm(seen: SeenDelivery, verb: 'ack' | 'nack' | 'reject', settled: Promise<void>): Promise<void> {
    if (await this.#answer(settled)) this.#ledger.confirmed(seen, verb)
  }

  async #answer(settled: Promise<void>): Promise<boolean> {
    try {
      await settled
      return true
    } catch (error) {
      this.#ledger.expectError(error, `a settle of ${this.name}`, settleErrors)
      return false
    }
  }

  #drawBehaviour(): Behaviour {
    const all = behaviours.reduce((sum, [, weight]) => sum + weight, 0)
    let left = this.#random.float() * all
    for (const [behaviour, weight] of behaviours) if ((left -= weight) < 0) return behaviour
    return 'ack'
  }
}
