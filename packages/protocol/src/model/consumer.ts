// Flow consumers as every door shows them. The words are those of docs/internals/flow-control.md.

export interface FlowRule {
  /** Pattern of the subjects that the rule holds. */
  readonly match: string
  /** Most records of one subject that may be in flight. */
  readonly limit: number
}

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
}

export interface ConsumerInfo {
  readonly stream: string
  readonly name: string
  readonly config: ConsumerConfig
  /** ISO 8601. */
  readonly createdAt: string
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
  readonly quarantined: number
  readonly heldBy: { readonly pool: number; readonly consumer: number }
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
  | 'consumer full'
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
  /** Until the first delayed record may be delivered. */
  readonly nextDueInMs?: number
}

/** The subjects with most in flight or parked, for a live view. */
export interface PoolRow {
  readonly subject: string
  readonly partition: number
  readonly inFlight: number
  readonly parked: number
  readonly delayed: number
  readonly rule?: FlowRule
}
