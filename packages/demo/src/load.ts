// The load: an open loop that publishes at a fixed rate whatever comes back, bursts into single tenants, and
// the backlog of the hot tenant.

import { BrokerError } from '@sluice/client'
import type { Client } from '@sluice/client'
import type { Observer } from './observer.ts'
import { encodePayload } from './payload.ts'
import type { Random } from './random.ts'
import { pick } from './random.ts'
import { hotCount, hotSubject, streamName, subjectOf, tenantClasses } from './tenants.ts'
import type { TenantClass } from './tenants.ts'

const tickMs = 4
const burstEveryMs = 300
const hotBatchCount = 2_500
/** Between batches of the backlog, so that filling it takes a moment that can be watched. */
const hotPauseMs = 50

export class Load {
  readonly #client: Client
  readonly #observer: Observer
  readonly #random: Random
  readonly #sequences = new Map<string, number>()
  /** By class, how many messages of the steady load were sent. */
  readonly #sentCounts = tenantClasses.map(() => 0)
  readonly #underWay = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #startMs = 0
  #burstCount = 0

  constructor(client: Client, observer: Observer, random: Random) {
    this.#client = client
    this.#observer = observer
    this.#random = random
  }

  start(): void {
    this.#startMs = this.#observer.nowMs()
    this.#timer = setInterval(() => this.#tick(), tickMs)
  }

  /** Sends nothing more; resolves when every message has its answer. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#underWay)
  }

  /** Publishes what the hot tenant will never get done. Rejects when not all of it is confirmed. */
  async fillHotTenant(): Promise<void> {
    for (let left = hotCount; left > 0; left -= hotBatchCount) {
      const count = Math.min(left, hotBatchCount)
      const sentMs = this.#observer.nowMs()
      const first = this.#nextSequences(hotSubject, count)
      const messages = Array.from({ length: count }, (_, at) => ({
        subject: hotSubject,
        data: encodePayload({ sequence: first + at, sentMs, isBurst: true }),
      }))
      const places = await this.#client.publishBatch(streamName, messages)
      const offset = places[0]!.offset
      if (places.at(-1)!.offset !== offset + count - 1) throw new Error('a batch was stored in pieces')
      this.#observer.tell('published', { subject: hotSubject, sequence: first, offset, count, sentMs })
      await new Promise((resolve) => setTimeout(resolve, hotPauseMs))
    }
  }

  #tick(): void {
    const elapsedMs = this.#observer.nowMs() - this.#startMs
    tenantClasses.forEach((each, at) => {
      const dueCount = Math.floor((elapsedMs / 1000) * each.perSecond)
      for (; this.#sentCounts[at]! < dueCount; this.#sentCounts[at]!++) this.#send(this.#anyOf(each), false)
    })
    if (elapsedMs < (this.#burstCount + 1) * burstEveryMs) return
    const burst = tenantClasses[this.#burstCount++ % tenantClasses.length]!
    const subject = this.#anyOf(burst)
    for (let count = 0; count < burst.burstCount; count++) this.#send(subject, true)
  }

  #send(subject: string, isBurst: boolean): void {
    const sent = this.#publish(subject, isBurst).finally(() => this.#underWay.delete(sent))
    this.#underWay.add(sent)
  }

  /** Not repeated when it fails: nobody knows then whether it was stored. */
  async #publish(subject: string, isBurst: boolean): Promise<void> {
    const sequence = this.#nextSequences(subject, 1)
    const sentMs = this.#observer.nowMs()
    try {
      const data = encodePayload({ sequence, sentMs, isBurst })
      const { offset } = await this.#client.publish(streamName, subject, data)
      this.#observer.tell('published', { subject, sequence, offset, count: 1, sentMs })
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
      this.#observer.tell('unconfirmed', { subject, sequence, code: error.code })
    }
  }

  #anyOf(each: TenantClass): string {
    return subjectOf(each, pick(this.#random, each.tenantCount))
  }

  /** The first of so many. */
  #nextSequences(subject: string, count: number): number {
    const next = (this.#sequences.get(subject) ?? 0) + 1
    this.#sequences.set(subject, next + count - 1)
    return next
  }
}
