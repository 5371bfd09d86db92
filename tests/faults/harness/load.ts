// Publishers and members, at work for as long as the faults go on, and the history of what they saw.

import { setTimeout as sleep } from 'node:timers/promises'
import { BrokerError } from '@sluice/client'
import type { Client, Consumer, Message } from '@sluice/client'
import type { Chance } from './chance.ts'
import type { History, Settled } from './history.ts'
import { checkSettings, poisonMark, STREAM, subjectOf, treatmentOf } from './workload.ts'
import type { Treatment } from './workload.ts'

const batchMax = 12
const betweenBatchesMs = 8
const poisonShare = 0.002
const retryMs = 20
/** Messages that were fetched and are worked on. */
const fetchedMax = 40
/** Confirmed records that the slowest consumer is behind, beyond which publishers wait. */
const backlogMax = 3_000

export class Load {
  readonly #history: History
  readonly #settledCounts = new Map<string, number>()
  #confirmedCount = 0
  #isPublishing = true
  #isOver = false
  /** By member, or `*` for all: what comes until then may have been under way for long. */
  readonly #lateUntilMs = new Map<string, number>()
  /** Publishes that failed, whatever became of them. */
  cutPublishes = 0

  constructor(history: History, consumers: readonly string[]) {
    this.#history = history
    for (const name of consumers) this.#settledCounts.set(name, 0)
  }

  stopPublishing(): void {
    this.#isPublishing = false
  }

  /** Members that take by fetching stop. */
  end(): void {
    this.#isOver = true
  }

  /** What a member, or everybody (`*`), is given in the next while may have been sent long before. */
  lateFor(member: string, forMs: number): void {
    this.#lateUntilMs.set(member, this.#history.now() + forMs)
  }

  /** Until `stopPublishing`. Goes on over every failure. */
  async publish(client: Client, name: string, chance: Chance): Promise<void> {
    for (let number = 0; this.#isPublishing; number++) {
      const batch = Array.from({ length: chance.between(1, batchMax) }, (_, index) => {
        const mark = chance.isLucky(poisonShare) ? poisonMark : ''
        return { subject: subjectOf(chance), data: `${name}.${number}.${index}${mark}` }
      })
      try {
        const places = await client.publishBatch(STREAM, batch)
        const at = this.#history.now()
        for (const [index, { subject, data }] of batch.entries()) {
          const { partition, offset } = places[index]!
          this.#history.add({ kind: 'published', at, partition, offset, subject, id: data })
        }
        this.#confirmedCount += batch.length
      } catch (error) {
        this.cutPublishes++
        const code = error instanceof BrokerError ? error.code : String(error)
        if (!unstored.has(code)) this.#odd(`publishing was answered with ${code}`)
        await sleep(retryMs)
      }
      await sleep(betweenBatchesMs)
      while (this.#isPublishing && this.#backlog() > backlogMax) await sleep(retryMs)
    }
  }

  /** Takes what comes by fetching, until `end`. */
  async fetch(consumer: Consumer, member: () => string, chance: Chance): Promise<void> {
    const running = new Set<Promise<void>>()
    while (!this.#isOver) {
      try {
        for (const message of await consumer.fetch(chance.between(1, 20), { timeoutMs: 500 })) {
          const work = this.#work(consumer.name, message, member(), chance)
          running.add(work)
          void work.finally(() => running.delete(work))
        }
      } catch {
        await sleep(retryMs)
      }
      while (running.size > fetchedMax) await Promise.race(running)
    }
    await Promise.all(running)
  }

  /** For a subscription; never throws. */
  handler(consumer: string, member: () => string, chance: Chance): (message: Message) => Promise<void> {
    return (message) => this.#work(consumer, message, member(), chance)
  }

  async #work(consumer: string, message: Message, member: string, chance: Chance): Promise<void> {
    const id = message.data!.toString()
    const delivery = this.#delivered(consumer, message, member, id)
    const treatment = treatmentOf(chance, id)
    const workMs = treatment.isHung ? checkSettings.ackWaitMs * 1.5 : treatment.workMs
    if (workMs > 0) await sleep(workMs)
    const { verb, delayMs } = treatment
    this.#history.add({ kind: 'settling', at: this.#history.now(), delivery, verb, delayMs })
    const outcome = await this.#settle(message, treatment)
    this.#history.add({ kind: 'settled', at: this.#history.now(), delivery, outcome })
    if (outcome !== 'stale' && verb !== 'nack' && verb !== 'release')
      this.#settledCounts.set(consumer, this.#settledCounts.get(consumer)! + 1)
  }

  #delivered(consumer: string, message: Message, member: string, id: string): number {
    const { partition, offset, subject, attempt } = message
    const [at, delivery] = [this.#history.now(), this.#history.nextDelivery()]
    const isLate = [member, '*'].some((name) => at < (this.#lateUntilMs.get(name) ?? 0))
    const record = { partition, offset, subject, id }
    this.#history.add({ kind: 'delivered', at, delivery, consumer, member, ...record, attempt, isLate })
    return delivery
  }

  async #settle(message: Message, { verb, delayMs }: Treatment): Promise<Settled['outcome']> {
    try {
      if (verb === 'nack') await message.nack({ delayMs, reason: 'as planned' })
      else if (verb === 'reject') await message.reject('as planned')
      else await message[verb]()
      return 'confirmed'
    } catch (error) {
      const code = error instanceof BrokerError ? error.code : String(error)
      if (code === 'stale-delivery') return 'stale'
      if (!unknownOutcomes.has(code)) this.#odd(`${verb} was answered with ${code}`)
      return 'unknown'
    }
  }

  #odd(text: string): void {
    this.#history.add({ kind: 'odd', at: this.#history.now(), text })
  }

  #backlog(): number {
    return this.#confirmedCount - Math.min(...this.#settledCounts.values())
  }
}

/** Anything else is odd. */
const unknownOutcomes = new Set<string>([
  'outcome-unknown',
  'disconnected',
  'timeout',
  'settle-not-durable',
  'client-closed',
])

const unstored = new Set<string>([
  'outcome-unknown',
  'disconnected',
  'timeout',
  'disk-full',
  'partly-stored',
  'node-unavailable',
])
