// The live limits of one consumer that are kept in one bucket: a stream whose newest record of a subject is
// the value of that key. Reads the stream from its start and follows it; where records have left it, from its
// start again, since an older one may be the newest now, or none.
// Must never keep a key that no rule can ask for, nor hold others up: a stream is read in pieces.

import type { BytePattern } from '@sluice/protocol/subject/byte-pattern'
import { batchSizeOf } from '@sluice/protocol/record/record-batch'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import { isSubjectBytes } from '@sluice/protocol/subject/subject'
import type { Logger } from '../../../base/logger.ts'
import type { Timers } from '../../../io/io.ts'
import type { Partition } from '../../../cluster/partition.ts'
import type { LogSlice } from '../../../log/log.ts'
import type { Stream } from '../../streams/stream.ts'
import { limitMax } from '../consumer-rules.ts'
import { PartitionFollower } from './partition-follower.ts'

const decoder = new TextDecoder()

export interface LimitBucketOptions {
  /** What matches the keys that are wanted. */
  readonly wanted: readonly BytePattern[]
  readonly timers: Timers
  readonly logger: Logger
  /** The values of these keys have changed; undefined: any. Called once for each piece that is read. */
  readonly changed: (keys?: ReadonlySet<string>) => void
  /** All that was there at the start has been read. Called once. */
  readonly caughtUp: () => void
}

/** What is known of one partition. */
interface Followed {
  readonly follower: PartitionFollower
  readonly values: Map<string, number>
  /** The consumer waits until it has caught up. */
  isAwaited: boolean
}

export class LimitBucket {
  readonly #stream: Stream
  readonly #options: LimitBucketOptions
  /** By partition. */
  readonly #followed: Followed[] = []
  /** By partition: what is read anew. Until it has caught up, what was known before holds. */
  readonly #renewed = new Map<number, Followed>()
  readonly #stopListening: (() => void)[] = []
  readonly #cursor = new RecordCursor()
  #behindCount = 0

  constructor(stream: Stream, options: LimitBucketOptions) {
    this.#stream = stream
    this.#options = options
  }

  /** Reads what is there, and from then on what comes. */
  begin(): void {
    this.#stopListening.push(this.#stream.onChanged(() => this.#followAll()))
    this.#followAll()
  }

  /** Undefined: there is no such key, or its value is no limit. */
  valueOf(key: string): number | undefined {
    for (const { values } of this.#followed) {
      const value = values.get(key)
      if (value !== undefined) return value
    }
    return undefined
  }

  close(): void {
    for (const stop of this.#stopListening) stop()
    for (const { follower } of [...this.#followed, ...this.#renewed.values()]) follower.close()
  }

  /** At first all partitions; later what the stream has grown by, and what has begun another life. */
  #followAll(): void {
    const isFirst = this.#followed.length === 0
    for (const [index, partition] of this.#stream.partitions.entries()) {
      const known = this.#followed[index]?.follower
      if (known?.partition === partition) continue
      known?.close()
      this.#renewed.get(index)?.follower.close()
      this.#renewed.delete(index)
      const isAwaited = isFirst || this.#followed[index]?.isAwaited === true
      if (isFirst) this.#behindCount++
      this.#followed[index] = this.#follow(partition, isAwaited, (followed) => this.#caughtUp(followed))
      this.#stopListening.push(partition.onRemoved(() => this.#renew(index, partition)))
    }
  }

  #follow(partition: Partition, isAwaited: boolean, caughtUp: (followed: Followed) => void): Followed {
    const values = new Map<string, number>()
    const follower = new PartitionFollower(partition, this.#options.timers, {
      read: (slice, from) => this.#take(slice, from, values),
      caughtUp: () => caughtUp(followed),
      failed: (error) => this.#readFailed(error),
    })
    const followed = { follower, values, isAwaited }
    return followed
  }

  #caughtUp(followed: Followed): void {
    if (!followed.isAwaited) return
    followed.isAwaited = false
    if (--this.#behindCount === 0) this.#options.caughtUp()
  }

  /** Records have left a partition. */
  #renew(index: number, partition: Partition): void {
    const known = this.#followed[index]!
    if (known.follower.partition !== partition) return
    this.#renewed.get(index)?.follower.close()
    const renewed = this.#follow(partition, false, (followed) => {
      this.#renewed.delete(index)
      known.follower.close()
      this.#followed[index] = followed
      this.#caughtUp(known)
      this.#options.changed()
    })
    this.#renewed.set(index, renewed)
  }

  #take({ bytes, start, end }: LogSlice, from: number, values: Map<string, number>): void {
    const cursor = this.#cursor
    const changed = new Set<string>()
    for (let at = start; at < end; at += batchSizeOf(bytes, at)) {
      cursor.open(bytes, at)
      while (cursor.next()) {
        // Why the cursor's bytes: those of a compressed batch are its own.
        const { bytes: records, keyStart, keyEnd, valueStart, valueEnd } = cursor
        if (cursor.offset < from || !this.#isWanted(records, keyStart, keyEnd)) continue
        const key = decoder.decode(records.subarray(keyStart, keyEnd))
        this.#put(values, key, valueEnd < 0 ? undefined : records.subarray(valueStart, valueEnd))
        changed.add(key)
      }
    }
    if (changed.size > 0) this.#options.changed(changed)
  }

  #isWanted(bytes: Uint8Array, start: number, end: number): boolean {
    if (end < 0 || !isSubjectBytes(bytes, start, end)) return false
    for (const pattern of this.#options.wanted) if (pattern.matches(bytes, start, end)) return true
    return false
  }

  /** Why what is no limit counts as absent: the default holds then, which somebody has thought about. */
  #put(values: Map<string, number>, key: string, value: Uint8Array | undefined): void {
    const limit = value === undefined ? undefined : limitOf(value)
    if (limit !== undefined) {
      values.set(key, limit)
      return
    }
    values.delete(key)
    if (value === undefined) return
    const fields = { bucket: this.#stream.name, key, value: decoder.decode(value.subarray(0, 100)) }
    this.#options.logger.warn(
      fields,
      `a live limit is no whole number from 1 to ${limitMax}: the default holds`,
    )
  }

  #readFailed(error: unknown): void {
    const fields = { error, bucket: this.#stream.name }
    this.#options.logger.error(fields, 'a bucket of live limits could not be read; it is tried again')
  }
}

/** A whole number as decimal text, as JSON has it. */
function limitOf(value: Uint8Array): number | undefined {
  const text = decoder.decode(value).trim()
  if (!/^[1-9]\d{0,6}$/.test(text)) return undefined
  const limit = Number(text)
  return limit <= limitMax ? limit : undefined
}
