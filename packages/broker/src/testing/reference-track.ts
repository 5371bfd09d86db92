// What the reference model of a flow consumer knows of each record that was delivered at least once.

import type { SentMessage } from './reference-stream.ts'

export interface ReferenceMember {
  readonly name: string
  window: number
}

/** A record with a member. */
interface Out {
  readonly member: ReferenceMember
  readonly slot: number
  readonly sequence: number
  readonly attempt: number
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
  /**
   * Failed attempts: at least, at most, and what was confirmed. They differ after crashes
   * and near deadlines.
   */
  failuresMin: number
  failuresMax: number
  failuresConfirmed: number
  boot: number
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
    failuresMin: 0,
    failuresMax: 0,
    failuresConfirmed: 0,
    boot: 0,
    notBeforeMs: 0,
    failedAtMs: 0,
    isDelayConfirmed: false,
    isLoose: false,
  }
}
