// A history put in order for the checks: deliveries with their beginnings and their latest ends, records with
// all that happened to them. Knows nothing of the broker's code: it is what the broker is judged by.

import type { Delivered, HistoryEvent, Letter, Published, SettleWord } from './history.ts'

export interface Violation {
  /** Which promise is broken. */
  readonly promise: string
  readonly text: string
  /** Which events show it. */
  readonly evidence: readonly HistoryEvent[]
}

export interface CheckSettings {
  /** Time until the broker takes a delivery back. */
  readonly ackWaitMs: number
  readonly maxDeliver: number
  /** How long what happens in the broker may take to be seen here, while nothing stands still. */
  readonly jitterMs: number
  /** Within which every record must have been delivered. */
  readonly starvationMs: number
}

export interface DeliveryStory {
  readonly event: Delivered
  /** Up to here it surely counted as in flight: the broker may have ended it at any time after. */
  readonly endMs: number
  readonly settle: SettleStory | undefined
}

export interface SettleStory {
  readonly at: number
  readonly verb: SettleWord
  readonly delayMs: number
  /** `stale`: it surely did nothing. */
  readonly outcome: 'confirmed' | 'stale' | 'unknown'
  /** When that was known. */
  readonly outcomeAt: number
}

/** One record as one consumer met it. */
export interface RecordStory {
  readonly deliveries: DeliveryStory[]
  letter: Letter | undefined
}

export class Story {
  readonly events: readonly HistoryEvent[]
  readonly settings: CheckSettings
  readonly consumers: readonly string[]
  readonly published: readonly Published[]
  /** By consumer, each in the order in which they came. */
  readonly deliveries = new Map<string, DeliveryStory[]>()
  /** By consumer and place. */
  readonly records = new Map<string, RecordStory>()
  /** When brokers died, in order. */
  readonly deaths: readonly number[]
  /** When the next ones were there, in the same order. */
  readonly #readies: readonly number[]

  constructor(events: readonly HistoryEvent[], settings: CheckSettings) {
    this.events = events
    this.settings = settings
    this.published = events.filter((event) => event.kind === 'published')
    this.deaths = events.filter(({ kind }) => kind === 'broker-dying').map(({ at }) => at)
    this.#readies = events.filter(({ kind }) => kind === 'broker-ready').map(({ at }) => at)
    const limits = events.filter((event) => event.kind === 'limits')
    this.consumers = [...new Set(limits.map(({ consumer }) => consumer))]
    for (const consumer of this.consumers) this.deliveries.set(consumer, [])
    this.#tell(settlesOf(events), lossesOf(events))
  }

  record(consumer: string, { partition, offset }: { partition: number; offset: number }): RecordStory {
    const key = `${consumer} ${partition}/${offset}`
    const known = this.records.get(key)
    if (known !== undefined) return known
    const made: RecordStory = { deliveries: [], letter: undefined }
    this.records.set(key, made)
    return made
  }

  /** How long there was a broker within that time. */
  servedMs(fromMs: number, untilMs: number): number {
    let servedMs = untilMs - fromMs
    for (const [index, at] of this.deaths.entries()) {
      const readyAt = this.#readies[index] ?? Infinity
      servedMs -= Math.max(0, Math.min(readyAt, untilMs) - Math.max(at, fromMs))
    }
    return servedMs
  }

  /** Whether a broker died after one time and before another. */
  diedBetween(afterMs: number, beforeMs: number): boolean {
    return this.deaths.some((at) => at >= afterMs && at <= beforeMs)
  }

  #tell(settles: ReadonlyMap<number, SettleStory>, losses: ReadonlyMap<string, number>): void {
    for (const event of this.events) {
      if (event.kind === 'letter') this.record(event.consumer, event).letter = event
      if (event.kind !== 'delivered') continue
      const settle = settles.get(event.delivery)
      const story = { event, settle, endMs: this.#endOf(event, settle, losses.get(event.member)) }
      this.deliveries.get(event.consumer)?.push(story)
      this.record(event.consumer, event).deliveries.push(story)
    }
  }

  #endOf(event: Delivered, settle: SettleStory | undefined, lostAt = Infinity): number {
    if (event.isLate) return event.at
    const death = this.deaths.find((at) => at >= event.at) ?? Infinity
    // Why half: it was delivered before it was seen, and its deadline may come so much earlier.
    const deadline = event.at + this.settings.ackWaitMs / 2
    return Math.max(event.at, Math.min(settle?.at ?? Infinity, lostAt, death, deadline))
  }
}

function settlesOf(events: readonly HistoryEvent[]): Map<number, SettleStory> {
  const settles = new Map<number, SettleStory>()
  for (const event of events) {
    if (event.kind === 'settling') {
      const { at, verb, delayMs, delivery } = event
      settles.set(delivery, { at, verb, delayMs, outcome: 'unknown', outcomeAt: Infinity })
    }
    if (event.kind !== 'settled') continue
    const settle = settles.get(event.delivery)!
    settles.set(event.delivery, { ...settle, outcome: event.outcome, outcomeAt: event.at })
  }
  return settles
}

function lossesOf(events: readonly HistoryEvent[]): Map<string, number> {
  const losses = new Map<string, number>()
  for (const event of events) {
    if (event.kind !== 'member-lost') continue
    losses.set(event.member, Math.min(event.at, losses.get(event.member) ?? Infinity))
  }
  return losses
}

/** Ends the record for its consumer where it is carried out. */
export function isFinal({ verb }: SettleStory): boolean {
  return verb === 'ack' || verb === 'reject'
}

export function placeText({ partition, offset }: { partition: number; offset: number }): string {
  return `${partition}/${offset}`
}
