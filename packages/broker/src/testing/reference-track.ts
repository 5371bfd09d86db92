// What the reference model of a flow consumer knows of each record that was delivered at least once.

import type { BlockedDecision } from '@sluice/protocol/model/consumer'
import type { SentMessage } from './reference-stream.ts'

export interface ReferenceMember {
  readonly name: string
  window: number
  /** Deliveries that it has pulled and not been given yet, whatever it holds. */
  pulled: number
}

/** A record with a member. */
interface Out {
  readonly member: ReferenceMember
  readonly slot: number
  readonly sequence: number
  readonly attempt: number
  /** Rises with each delivery. */
  readonly order: number
  deadlineMs: number
}

/** What is known of one record that was delivered at least once. */
export interface Track {
  readonly partition: number
  readonly offset: number
  readonly message: SentMessage
  out: Out | undefined
  /** `maybe`: done, but a crash came before it was confirmed; a new delivery tells. */
  settled: 'no' | 'maybe' | 'done'
  isSettleConfirmed: boolean
  isCondemned: boolean
  /** Its last attempt failed, and it waits for an operator; `maybe`: nobody heard whether. */
  blocked: 'no' | 'maybe' | 'yes'
  isBlockConfirmed: boolean
  /** What was decided of it, if it is blocked, and is perhaps carried out by now. */
  decided: BlockedDecision | undefined
  /** With `ackPolicy: 'all'`: what an ack of it has settled besides. */
  ackedWith: readonly Track[]
  /**
   * Failed attempts: at least, at most, and what was confirmed. They differ after crashes
   * and near deadlines.
   */
  failuresMin: number
  failuresMax: number
  failuresConfirmed: number
  boot: number
  /** When it was given to a member last. */
  deliveredMs: number
  /** Not to be delivered before, since when, and whether that survives a crash. */
  notBeforeMs: number
  failedAtMs: number
  isDelayConfirmed: boolean
  /** It came back while its subject may have had another limit than 1: others may overtake it. */
  isLoose: boolean
}

export interface ReferenceDelivery {
  readonly partition: number
  readonly offset: number
  readonly attempt: number
  readonly slot: number
  readonly sequence: number
  readonly message: SentMessage
}

export function newTrack(partition: number, offset: number, message: SentMessage): Track {
  return {
    partition,
    offset,
    message,
    out: undefined,
    settled: 'no',
    isSettleConfirmed: false,
    isCondemned: false,
    blocked: 'no',
    isBlockConfirmed: false,
    decided: undefined,
    ackedWith: [],
    failuresMin: 0,
    failuresMax: 0,
    failuresConfirmed: 0,
    boot: 0,
    deliveredMs: 0,
    notBeforeMs: 0,
    failedAtMs: 0,
    isDelayConfirmed: false,
    isLoose: false,
  }
}
