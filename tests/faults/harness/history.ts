// What the harness did and saw, in the order of one clock: its own. Plain events, so that a history can be
// written to a file, and a test can spoil one on purpose.

import type { FlowRule } from '@sluice/client'

export type SettleWord = 'ack' | 'nack' | 'release' | 'reject'

/** A record's place and what it says about itself. */
interface RecordSeen {
  readonly partition: number
  readonly offset: number
  readonly subject: string
  /** The beginning of its data, unique among all that were sent. */
  readonly id: string
}

export interface Published extends RecordSeen {
  readonly kind: 'published'
  /** When it was confirmed. */
  readonly at: number
}

export interface Delivered extends RecordSeen {
  readonly kind: 'delivered'
  readonly at: number
  /** Unique in the history. */
  readonly delivery: number
  readonly consumer: string
  /** One connection of one client. */
  readonly member: string
  readonly attempt: number
  /** It may have been under way for long: its connection, or this process, stood still. */
  readonly isLate: boolean
}

export interface Settling {
  readonly kind: 'settling'
  /** Before it was sent. */
  readonly at: number
  readonly delivery: number
  readonly verb: SettleWord
  readonly delayMs: number
}

/** The broker has confirmed a settle, or refused it, or nobody knows. */
export interface Settled {
  readonly kind: 'settled'
  readonly at: number
  readonly delivery: number
  readonly outcome: 'confirmed' | 'stale' | 'unknown'
}

/** Its deliveries are over from here on: `at` is the earliest time at which the broker may have seen it. */
export interface MemberLost {
  readonly kind: 'member-lost'
  readonly at: number
  readonly member: string
}

export interface BrokerTurn {
  readonly kind: 'broker-dying' | 'broker-ready'
  readonly at: number
}

export type ChangePhase = 'asked' | 'confirmed' | 'unknown'

/** What a consumer is set to. Changes of one consumer do not overlap. */
export interface LimitsChange {
  readonly kind: 'limits'
  readonly at: number
  readonly phase: ChangePhase
  readonly consumer: string
  readonly rules: readonly FlowRule[]
  readonly maxInflight: number
}

export interface PauseChange {
  readonly kind: 'pause' | 'resume'
  readonly at: number
  readonly phase: ChangePhase
  readonly consumer: string
  readonly match: string
}

/** A letter that was there at the end. */
export interface Letter {
  readonly kind: 'letter'
  readonly at: number
  readonly consumer: string
  readonly partition: number
  readonly offset: number
  readonly reason: string
}

/** The end of the faults, and how many records were unsettled when waiting for them ended. */
export interface Finished {
  readonly kind: 'finished'
  readonly at: number
  readonly consumer: string
  readonly unsettled: number
}

/** An answer that nobody can explain. */
export interface Odd {
  readonly kind: 'odd'
  readonly at: number
  readonly text: string
}

export type HistoryEvent =
  | Published
  | Delivered
  | Settling
  | Settled
  | MemberLost
  | BrokerTurn
  | LimitsChange
  | PauseChange
  | Letter
  | Finished
  | Odd

export class History {
  readonly events: HistoryEvent[] = []
  readonly #startMs = performance.now()
  #deliveries = 0

  /** Milliseconds since the history began. */
  now(): number {
    return performance.now() - this.#startMs
  }

  add(event: HistoryEvent): void {
    this.events.push(event)
  }

  nextDelivery(): number {
    return ++this.#deliveries
  }

  count(kind: HistoryEvent['kind']): number {
    return this.events.reduce((sum, event) => sum + Number(event.kind === kind), 0)
  }
}
