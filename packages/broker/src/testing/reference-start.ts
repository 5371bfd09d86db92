// Where a flow consumer began: which records it must have been given, and which it must not.
//
//   known when it was asked for    │ between: nobody outside knows │ sent when it was confirmed
//   ────────────────────────────── lengths ──────────────────────── confirmed ─────────────────► offsets

import type { DeliverFrom } from '@sluice/protocol/model/consumer'
import type { FoundLog, ReferenceStream, SentMessage } from './reference-stream.ts'

/** What was delivered of a partition, and when its records were published. */
export interface FoundDeliveries {
  readonly given: (offset: number) => boolean
  readonly timestamps: (offset: number) => number | undefined
  /** What was there, removed or not; undefined where nobody knows. */
  readonly known: (offset: number) => SentMessage | undefined
}

export interface StartVerdict {
  readonly must: (offset: number) => boolean
  /** What was delivered and must not have been. */
  readonly fault: string | undefined
}

export class ReferenceStart {
  readonly #from: DeliverFrom
  /** How much of each partition was known when it was asked for: it cannot have begun before that end. */
  readonly #lengths: number[]
  /** Offset of the newest record of each subject that was known then, with its partition. */
  readonly #newest = new Map<string, { partition: number; offset: number }>()
  #confirmedMs = Infinity
  /** The log has lost records that may have been the newest. */
  #isUnsure = false

  constructor(from: DeliverFrom, stream: ReferenceStream) {
    this.#from = from
    this.#lengths = stream.partitions.map(({ length }) => length)
    stream.partitions.forEach((records, partition) => {
      records.forEach((message, offset) => {
        if (message !== undefined) this.#newest.set(message.subject, { partition, offset })
      })
    })
  }

  confirmed(nowMs: number): void {
    this.#confirmedMs = Math.min(this.#confirmedMs, nowMs)
  }

  /** A log lost its tail: what is stored there next is new. */
  forget(partition: number, found: FoundLog): void {
    this.#isUnsure = true
    if (this.#lengths[partition] > found.length) this.#lengths[partition] = found.length
    for (const [subject, newest] of this.#newest) {
      if (newest.partition === partition && newest.offset >= found.length) this.#newest.delete(subject)
    }
  }

  /** What is wrong with a delivery. */
  faultOf(partition: number, offset: number, subject: string): string | undefined {
    const from = this.#from
    const length = this.#lengths[partition]
    if (from === 'all' || length === undefined) return undefined
    if (from === 'new') return offset < length ? `it began after ${length - 1}` : undefined
    if (from === 'last') return offset < length - 1 ? `it began with ${length - 1}` : undefined
    if (from === 'last-per-subject') {
      const newest = this.#newest.get(subject)
      const isOld = newest !== undefined && newest.partition === partition && offset < newest.offset
      return isOld ? `of ${subject} it began with ${newest.offset}` : undefined
    }
    if ('fromOffset' in from) return offset < from.fromOffset ? `it began with ${from.fromOffset}` : undefined
    return undefined
  }

  /** Which records of a partition must have been delivered, and which must not, by all that is known now. */
  judge(partition: number, log: FoundLog, found: FoundDeliveries): StartVerdict {
    const from = this.#from
    // A partition that came later is new from its first record on.
    if (from === 'all' || this.#lengths[partition] === undefined)
      return { must: () => true, fault: undefined }
    if (typeof from === 'object' && 'fromOffset' in from)
      return { must: (offset) => offset >= from.fromOffset, fault: undefined }
    if (typeof from === 'object') {
      const next = this.#firstAfter(log)
      const before = log.slice(0, Math.min(next, this.#lengths[partition]))
      const { start, fault } = judgeTime(Date.parse(from.fromTime), before, found)
      return { must: (offset) => offset >= Math.min(start, next), fault }
    }
    return { must: this.#afterwards(from, log, found), fault: undefined }
  }

  /** The first record that was sent when it existed. */
  #firstAfter(log: FoundLog): number {
    const first = log.findIndex((message) => message !== undefined && message.sentMs > this.#confirmedMs)
    return first < 0 ? log.length : first
  }

  /** Begun at an end of the log that nobody knows exactly: but with one record, all that follow. */
  #afterwards(
    from: 'new' | 'last' | 'last-per-subject',
    log: FoundLog,
    { given, known }: FoundDeliveries,
  ): (offset: number) => boolean {
    const surely = this.#firstAfter(log)
    const scopeOf = (offset: number): string => {
      return from === 'last-per-subject' ? ((log[offset] ?? known(offset))?.subject ?? '') : ''
    }
    const firstGiven = new Map<string, number>()
    const newest = new Map<string, number>()
    for (let offset = 0; offset < log.length; offset++) {
      const scope = scopeOf(offset)
      if (given(offset) && !firstGiven.has(scope)) firstGiven.set(scope, offset)
      // What nobody knows may have been the newest of any subject.
      if (offset < surely && (log[offset] ?? known(offset)) === undefined) newest.clear()
      else if (offset < surely) newest.set(scope, offset)
    }
    const isNewestGiven = from !== 'new' && !this.#isUnsure
    return (offset) => {
      const scope = scopeOf(offset)
      const isNewest =
        isNewestGiven && newest.get(scope) === offset && (scope !== '' || offset === surely - 1)
      return offset >= surely || isNewest || offset >= (firstGiven.get(scope) ?? Infinity)
    }
  }
}

/**
 * Of what was there already it takes the first record that is not older, and all that follow, whatever their
 * times; where all are older, what comes.
 */
function judgeTime(
  fromMs: number,
  known: FoundLog,
  { given, timestamps }: FoundDeliveries,
): { start: number; fault: string | undefined } {
  let start = Infinity
  let isKnown = true
  for (let offset = 0; offset < known.length && start === Infinity; offset++) {
    const at = timestamps(offset)
    if (at === undefined) isKnown = false
    else if (at >= fromMs) start = offset
  }
  const early = isKnown ? known.findIndex((_, offset) => offset < start && given(offset)) : -1
  const fault =
    early < 0 ? undefined : `${early} was delivered, and is older than ${new Date(fromMs).toISOString()}`
  return { start, fault }
}
