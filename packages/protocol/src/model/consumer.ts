// Flow consumers as every door shows them. The words are those of docs/internals/flow-control.md.

export interface FlowRule {
  /**
   * Pattern of the subjects that the rule holds. Without captures a pool is one subject; with captures
   * (`orders.*.{tenant}.>`) it is one tuple of captured tokens, over all subjects and partitions.
   */
  readonly match: string
  /** Most records of one pool that may be in flight. */
  readonly limit: number | LiveLimit
  /** Most records of all pools of the rule together. */
  readonly total?: number
  /** How fast one pool may be delivered. */
  readonly rate?: FlowRate
  /** Records that a subject may take each time it has its turn; default 1. */
  readonly weight?: number
}

/** A limit that is read live from a bucket: a stream whose newest record of a subject is that key's value. */
export interface LiveLimit {
  /** Name of the stream. */
  readonly bucket: string
  /** A subject; `{tenant}` stands for what the rule has captured under that name. */
  readonly key: string
  /** Holds while there is no such key, or its value is no whole number from 1 to 1 000 000. */
  readonly default: number
}

/** The limit that a rule has where nothing is read live. */
export function defaultLimitOf({ limit }: FlowRule): number {
  return typeof limit === 'number' ? limit : limit.default
}

/** A token bucket: `burst` at once after a quiet time, `perSecond` in the long run. */
export interface FlowRate {
  /** May be a fraction. */
  readonly perSecond: number
  readonly burst: number
}

/**
 * Where a new consumer begins in each partition. `last`: with the newest record; `last-per-subject`: with the
 * newest record of every subject, then everything that comes; `fromTime` is ISO 8601.
 */
export type DeliverFrom =
  | 'all'
  | 'new'
  | 'last'
  | 'last-per-subject'
  | { readonly fromOffset: number }
  | { readonly fromTime: string }

/**
 * `explicit`: each delivery is settled by itself. `all`: an ack settles it and every earlier delivery of its
 * partition to the same member. `none`: what is delivered is settled.
 */
export type AckPolicy = 'explicit' | 'all' | 'none'

/** What becomes of a record whose last attempt failed; `block` holds its subject until that is decided on. */
export type Exhausted = 'dead-letter' | 'drop' | 'block'

export interface ConsumerConfig {
  /** Patterns of the subjects that are delivered; default `['>']`: all. */
  readonly filter: readonly string[]
  readonly rules: readonly FlowRule[]
  /** Most records in flight over all subjects. */
  readonly maxInflight: number
  /** How long a member may hold a delivery before it is taken back; 0: for ever. */
  readonly ackWaitMs: number
  /** Counted attempts before a record becomes a dead letter; 0: no limit. */
  readonly maxDeliver: number
  /** Waits after the 1st, 2nd, … failed attempt; the last one repeats. Empty: no wait. */
  readonly backoffMs: readonly number[]
  /** Where dead letters go; default `<stream>.dlq`. */
  readonly deadLetterStream: string
  /** Default `all`. Cannot be altered: a consumer begins once. */
  readonly deliverFrom: DeliverFrom
  /** Default `explicit`. Cannot be altered. */
  readonly ackPolicy: AckPolicy
  /** Default `dead-letter`. */
  readonly onExhausted: Exhausted
}

/** Subjects that are not delivered for now. */
export interface Pause {
  /** `>` pauses the whole consumer, a pattern its subjects, a subject itself. */
  readonly match: string
  /** ISO 8601. */
  readonly since: string
  /** ISO 8601; absent: until it is resumed. */
  readonly until?: string
}

export interface ConsumerInfo {
  readonly stream: string
  readonly name: string
  readonly config: ConsumerConfig
  /** ISO 8601. */
  readonly createdAt: string
  /** Those that have not ended, in the order in which they began. */
  readonly pauses: readonly Pause[]
  /** The node that serves its members; absent where there is only one. */
  readonly node?: number
}

export interface ConsumerStats {
  readonly members: number
  readonly inFlight: number
  readonly parked: number
  readonly ready: number
  readonly delayed: number
  /** Subjects that hold a record in flight, parked or delayed. */
  readonly activeSubjects: number
  /** Subjects that hold records back because they are full. */
  readonly saturatedSubjects: number
  readonly delivered: number
  readonly acked: number
  readonly redelivered: number
  readonly nacked: number
  readonly released: number
  readonly rejected: number
  readonly timedOut: number
  readonly deadLettered: number
  readonly staleSettles: number
  /** Settled by `onExhausted: 'drop'`. */
  readonly dropped: number
  /** Settled by `drain`. */
  readonly drained: number
  /** Left the log before they were settled: purged, deleted, or past the stream's retention. */
  readonly expired: number
  readonly quarantined: number
  /** Records that an operator must decide on (`onExhausted: 'block'`). */
  readonly blocked: number
  /** Parked records by what holds them back. */
  readonly heldBy: {
    readonly pool: number
    readonly total: number
    readonly rate: number
    readonly consumer: number
    readonly paused: number
    readonly blocked: number
  }
  readonly partitions: readonly {
    readonly partition: number
    /** Every offset below is settled. */
    readonly floor: number
    /** Where reading has come to. */
    readonly readPosition: number
    /** Settled ranges above the floor. */
    readonly settledRanges: number
    /** Records between the read position and the high watermark. */
    readonly unread: number
  }[]
}

export type HeldReason =
  | 'idle'
  | 'ready'
  | 'pool full'
  | 'rule total full'
  | 'rate'
  | 'consumer full'
  | 'paused'
  | 'blocked'
  | 'delayed'
  | 'no member'
  | 'dead-lettering'
  | 'reading'
  | 'in flight'

export interface Explanation {
  readonly subject: string
  readonly partition: number
  /** Why the next record of the subject is not delivered now. */
  readonly reason: HeldReason
  /** The same as a sentence, with rule, limit and times. */
  readonly text: string
  /** The rule that limits the subject; absent when none matches. */
  readonly rule?: FlowRule
  /** Absent: unlimited. */
  readonly limit?: number
  readonly parked: number
  readonly delayed: number
  /** Offset of the next record of the subject. */
  readonly nextOffset?: number
  readonly inFlight: readonly {
    readonly offset: number
    readonly attempt: number
    readonly member: string
    /** How long it has been out. */
    readonly sinceMs: number
    /** Until it is taken back; absent when never. */
    readonly deadlineInMs?: number
  }[]
  /** Until the first delayed record, or the next one that a rate lets through, may be delivered. */
  readonly nextDueInMs?: number
  /** What the subject shares with others: captured pools, totals and rates of all matching rules. */
  readonly shared: readonly SharedPool[]
}

/** A limit that several subjects, or partitions, share. */
export interface SharedPool {
  readonly rule: FlowRule
  readonly kind: 'capture' | 'total' | 'rate'
  /** What was captured, by name; absent for a total and where nothing is captured. */
  readonly captured?: Readonly<Record<string, string>>
  /** Absent for a rate. */
  readonly inFlight?: number
  /** Absent for a rate. */
  readonly limit?: number
  /** Subjects that wait for it. */
  readonly waiting: number
  /** Until a rate lets the next record through; 0: now. Absent for others. */
  readonly nextDueInMs?: number
}

export type PoolOrder = 'inflight' | 'parked' | 'oldest'

/** The subjects with most in flight or parked, or whose next record has waited longest, for a live view. */
export interface PoolRow {
  readonly subject: string
  readonly partition: number
  readonly inFlight: number
  readonly parked: number
  readonly delayed: number
  readonly blocked: number
  readonly isPaused: boolean
  readonly rule?: FlowRule
  /** Offset of its next record that is not in flight. */
  readonly nextOffset?: number
}

/** A record that waits for an operator (`onExhausted: 'block'`). */
export interface BlockedRow {
  readonly subject: string
  readonly partition: number
  readonly offset: number
  readonly attempts: number
  /** The words of the last failure. */
  readonly error: string
}

/** What an operator decides of blocked records; `retry` counts attempts anew. */
export type BlockedDecision = 'retry' | 'dead-letter' | 'drop'

/** A dead letter of a consumer, without its payload. */
export interface DeadLetterRow {
  /** Where the letter is, in the dead-letter stream. */
  readonly partition: number
  readonly offset: number
  readonly subject: string
  readonly reason: string
  readonly error: string
  readonly attempts: number
  /** ISO 8601: when it was written. */
  readonly at: string
  readonly sizeBytes: number
  readonly origin: { readonly stream: string; readonly partition: number; readonly offset: number }
}

export interface DeadLetterPage {
  readonly deadLetterStream: string
  readonly letters: readonly DeadLetterRow[]
  /** To be given as `after` for the next page; absent on the last one. */
  readonly next?: readonly MessagePlace[]
}

/** One record of a stream. */
export interface MessagePlace {
  readonly partition: number
  readonly offset: number
}
