// Asks the broker about itself now and then, for the view: what it holds back, and why.

import type { Client, Consumer, ConsumerStats, Explanation, PoolRow } from '@sluice/client'
import type { BrokerBooks } from './events.ts'
import { hotSubject, streamName } from './tenants.ts'

const everyMs = 400
const poolCount = 200
const busyCount = 4

export interface BrokerView {
  readonly stats: ConsumerStats
  /** The subjects with most parked, most first. */
  readonly pools: readonly PoolRow[]
  /** The subjects with most in flight, most first. */
  readonly busy: readonly PoolRow[]
  /** Of the first that has something parked. */
  readonly explanation: Explanation | undefined
}

export class BrokerWatch {
  readonly #client: Client
  readonly #consumer: Consumer
  #timer: NodeJS.Timeout | undefined
  #isStopped = false
  /** What it said last; undefined while it does not answer. */
  latest: BrokerView | undefined

  constructor(client: Client, consumer: Consumer) {
    this.#client = client
    this.#consumer = consumer
    client.on('disconnect', () => {
      this.latest = undefined
    })
  }

  start(): void {
    this.#timer = setTimeout(() => void this.#round(), everyMs)
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  /** Messages that are stored and not settled. */
  async waitingCount(): Promise<number> {
    return waitingOf(await this.#consumer.stats())
  }

  /** Parked and read: what the hot tenant has behind it. */
  async parkedCount(): Promise<number> {
    return (await this.#consumer.explain(hotSubject)).parked
  }

  async books(): Promise<BrokerBooks> {
    const { partitions } = await this.#client.streams.get(streamName)
    const { inFlight, parked, ready, delayed, partitions: progress } = await this.#consumer.stats()
    const hot = await this.#consumer.explain(hotSubject)
    return {
      stored: partitions[0]!.highWatermark,
      floor: progress[0]!.floor,
      inFlight,
      parked,
      ready,
      delayed,
      unread: progress[0]!.unread,
      hotInFlight: hot.inFlight.length,
      hotParked: hot.parked,
      hotDelayed: hot.delayed,
    }
  }

  async #round(): Promise<void> {
    try {
      const stats = await this.#consumer.stats()
      const pools = await this.#consumer.pools({ top: 'parked', count: poolCount })
      const busy = await this.#consumer.pools({ top: 'inflight', count: busyCount })
      const first = pools[0]
      const explanation = first === undefined ? undefined : await this.#consumer.explain(first.subject)
      this.latest = { stats, pools, busy, explanation }
    } catch {
      // The broker is down, which is part of the show.
      this.latest = undefined
    }
    if (!this.#isStopped) this.start()
  }
}

function waitingOf({ inFlight, parked, ready, delayed, partitions }: ConsumerStats): number {
  return partitions.reduce((sum, { unread }) => sum + unread, inFlight + parked + ready + delayed)
}
