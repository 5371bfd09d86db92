// The live limits of one consumer: for each bucket that its rules name, the values of the keys they may ask
// for. A bucket that is not there has no keys, and is followed from when it is made.

import type { FlowRule, LiveLimit } from '@sluice/protocol/model/consumer'
import { BytePattern } from '@sluice/protocol/subject/byte-pattern'
import type { Logger } from '../../../base/logger.ts'
import type { Timers } from '../../../io/io.ts'
import type { Stream } from '../../streams/stream.ts'
import type { Streams } from '../../streams/streams.ts'
import { LimitBucket } from './limit-bucket.ts'

export interface LiveLimitsOptions {
  readonly streams: Streams
  readonly timers: Timers
  readonly logger: Logger
  /** There is something to `take`. */
  readonly changed: () => void
}

/** What has changed: limits of subjects, which rules give; of captured pools alone; or nothing. */
export type LimitChange = 'subjects' | 'pools' | 'nothing'

export class LiveLimits {
  readonly #options: LiveLimitsOptions
  readonly #limits: readonly { readonly limit: LiveLimit; readonly isCaptured: boolean }[]
  readonly #buckets = new Map<string, LimitBucket>()
  readonly #behind = new Set<LimitBucket>()
  readonly #stopListening: (() => void)[] = []
  #change: LimitChange = 'nothing'

  constructor(rules: readonly FlowRule[], options: LiveLimitsOptions) {
    this.#options = options
    this.#limits = rules.flatMap(({ match, limit }) =>
      typeof limit === 'number' ? [] : [{ limit, isCaptured: match.includes('{') }],
    )
    if (this.#limits.length === 0) return
    const { streams } = options
    this.#stopListening.push(streams.onCreate((stream) => this.#appeared(stream)))
    for (const bucket of new Set(this.#limits.map(({ limit }) => limit.bucket))) {
      const stream = streams.find(bucket)
      if (stream !== undefined) this.#appeared(stream)
    }
  }

  /** False until all that was in the buckets at the start is known: before, no value may count as absent. */
  get isCaughtUp(): boolean {
    return this.#behind.size === 0
  }

  /** The value of a key; undefined where there is none, or no such bucket. */
  readonly read = (bucket: string, key: string): number | undefined => this.#buckets.get(bucket)?.valueOf(key)

  /** What has changed since the last time that this was asked. */
  take(): LimitChange {
    const change = this.#change
    this.#change = 'nothing'
    return change
  }

  close(): void {
    for (const stop of this.#stopListening) stop()
    for (const bucket of this.#buckets.values()) bucket.close()
  }

  #appeared(stream: Stream): void {
    const ofBucket = this.#limits.filter(({ limit }) => limit.bucket === stream.name)
    if (ofBucket.length === 0) return
    const { timers, logger } = this.#options
    const bucket = new LimitBucket(stream, {
      wanted: ofBucket.map(({ limit }) => new BytePattern(limit.key)),
      timers,
      logger,
      changed: (keys) => this.#changed(stream.name, keys),
      caughtUp: () => {
        this.#behind.delete(bucket)
        this.#changed(stream.name)
      },
    })
    this.#buckets.set(stream.name, bucket)
    this.#behind.add(bucket)
    this.#stopListening.push(stream.onDeleted(() => this.#vanished(stream.name, bucket)))
    bucket.begin()
  }

  #vanished(name: string, bucket: LimitBucket): void {
    bucket.close()
    this.#behind.delete(bucket)
    if (this.#buckets.get(name) === bucket) this.#buckets.delete(name)
    this.#changed(name)
  }

  /** `keys` undefined: any. */
  #changed(bucket: string, keys?: ReadonlySet<string>): void {
    const isSubjects = this.#limits.some(
      ({ limit, isCaptured }) =>
        !isCaptured && limit.bucket === bucket && (keys === undefined || keys.has(limit.key)),
    )
    if (isSubjects) this.#change = 'subjects'
    else if (this.#change === 'nothing') this.#change = 'pools'
    this.#options.changed()
  }
}
