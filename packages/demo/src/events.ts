// Everything that can be seen from outside of the broker while the demo runs: what the claims are computed
// from, and the lines of the journal. Times are milliseconds since the demo began, all from one clock.

import type { ClassName } from './tenants.ts'

/** `fill` and `crash` load the machine by themselves and are left out when delays are compared. */
export const phases = ['warm-up', 'calm', 'fill', 'hot', 'crash', 'drain'] as const
export type Phase = (typeof phases)[number]

/** One message in one worker's hand, counted from 1: a message that comes again is another delivery. */
export type DeliveryId = number

interface EventShapes {
  begun: {
    /** The broker's process. */
    pid: number
    seed: number
    ackWaitMs: number
    hotSubject: string
    classes: { name: ClassName; match: string; limit: number }[]
  }
  phase: { phase: Phase }
  /** Confirmed by the broker: `count` messages with consecutive sequences and offsets. */
  published: { subject: string; sequence: number; offset: number; count: number; sentMs: number }
  /** Not confirmed: it may be stored or not. */
  unconfirmed: { subject: string; sequence: number; code: string }
  /** A worker has the message in hand. `isBurst`: sent in one go with more than its limit lets through. */
  delivered: {
    delivery: DeliveryId
    worker: string
    subject: string
    sequence: number
    offset: number
    attempt: number
    sentMs: number
    isBurst: boolean
  }
  ackSent: { delivery: DeliveryId; subject: string; offset: number }
  ackConfirmed: { delivery: DeliveryId; subject: string; offset: number }
  /** The broker refused it, or died before it answered. */
  ackFailed: { delivery: DeliveryId; subject: string; offset: number; code: string }
  /** SIGKILL was sent. No delivery that began before can be settled any more. */
  killed: { pid: number }
  /** The next broker is about to be started; what is delivered from here on comes from it. */
  restarted: Record<never, never>
  /** The next broker serves. */
  recovered: { pid: number }
  /** The broker's own books, when nothing moves any more. */
  counted: BrokerBooks
}

export interface BrokerBooks {
  /** Messages in the stream. */
  readonly stored: number
  readonly floor: number
  readonly inFlight: number
  readonly parked: number
  readonly ready: number
  readonly delayed: number
  readonly unread: number
  /** What `explain` says of the hot tenant alone. */
  readonly hotInFlight: number
  readonly hotParked: number
  readonly hotDelayed: number
}

export type EventName = keyof EventShapes
export type DemoEvent = {
  [Name in EventName]: { readonly event: Name; readonly atMs: number } & Readonly<EventShapes[Name]>
}[EventName]

export type EventOf<Name extends EventName> = Extract<DemoEvent, { event: Name }>

/** Hears of every event, in the order in which they happened. */
export interface Witness {
  see(event: DemoEvent): void
}
