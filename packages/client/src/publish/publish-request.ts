// Record batches on their way to the leaders of their partitions, one PUBLISH frame each, and their answers
// joined. What they mean for each message is up to the caller.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { opcodes } from '@sluice/protocol/native/frame'
import { readPublished, writePublish } from '@sluice/protocol/native/publish-messages'
import type { PublishedPart, PublishPart } from '@sluice/protocol/native/publish-messages'
import type { Link } from '../link/link.ts'
import type { Router } from '../routing/router.ts'
import { leaderOf } from '../routing/stream-route.ts'
import type { LoadPlace } from './publish-load.ts'
import type { Published } from './published.ts'

/** What became of each part, in the order in which they were given. */
export class PublishedParts {
  readonly #parts: readonly PublishPart[]
  readonly #baseOffsets: (number | undefined)[]
  #errors: Map<number, BrokerError> | undefined

  constructor(parts: readonly PublishPart[]) {
    this.#parts = parts
    this.#baseOffsets = Array.from(parts, () => undefined)
  }

  stored(part: number, baseOffset: number): void {
    this.#baseOffsets[part] = baseOffset
  }

  failed(part: number, error: BrokerError): void {
    this.#errors ??= new Map()
    this.#errors.set(part, error)
  }

  /** Where a message is; not for one whose part was not stored. */
  placeOf({ part, index }: LoadPlace): Published {
    return { partition: this.#parts[part]!.partition, offset: this.#baseOffsets[part]! + index }
  }

  /** Why a part was not stored. */
  errorOf(part: number): BrokerError | undefined {
    return this.#errors?.get(part)
  }

  /** Parts that were not stored, and why; undefined when all are. */
  get errors(): ReadonlyMap<number, BrokerError> | undefined {
    return this.#errors
  }

  /** Throws when nothing is stored. */
  checked(): this {
    if (this.#errors?.size === this.#parts.length) throw [...this.#errors.values()][0]!
    return this
  }

  /** Throws `partly-stored` when something is not. */
  whole(stream: string): this {
    if (this.#errors === undefined) return this
    const cause = [...this.#errors.values()][0]!
    const stored = new Map<number, number>()
    for (const [at, { partition }] of this.#parts.entries()) {
      const baseOffset = this.#baseOffsets[at]
      if (baseOffset !== undefined && !stored.has(partition)) stored.set(partition, baseOffset)
    }
    const places = Array.from(stored, ([partition, offset]) => `${partition} from offset ${offset}`)
    const failed = new Set(Array.from(this.#errors.keys(), (at) => this.#parts[at]!.partition))
    const text =
      `Of a publish to ${stream} only a part is stored, in partition ${places.join(', ')}; ` +
      `not confirmed is partition ${[...failed].join(', ')}: ${cause.message.replace(/\.$/, '')}`
    throw new BrokerError('partly-stored', text, { cause })
  }
}

export interface PublishFrame {
  readonly stream: string
  readonly parts: readonly PublishPart[]
  /** How long its first message has been waiting already. */
  readonly waitedMs: number
}

/**
 * Resolves with what became of each part, and rejects when nothing is stored. Parts of one partition go in
 * one frame, so they are stored as a whole or not at all. The bytes are not counted against maxBufferedBytes:
 * the caller has reserved them.
 */
export async function requestPublish(router: Router, frame: PublishFrame): Promise<PublishedParts> {
  const published = new PublishedParts(frame.parts)
  const startedMs = router.nowMs() - frame.waitedMs
  const indexes = Array.from(frame.parts.keys())
  await new Errand(router, { ...frame, startedMs }, published).send(indexes, 1)
  return published.checked()
}

/** One frame's worth of parts, until each of them has its answer. */
class Errand {
  readonly #router: Router
  readonly #frame: PublishFrame & { readonly startedMs: number }
  readonly #published: PublishedParts

  constructor(router: Router, frame: PublishFrame & { startedMs: number }, published: PublishedParts) {
    this.#router = router
    this.#frame = frame
    this.#published = published
  }

  /** Sends parts to the leaders of their partitions. Never rejects. */
  async send(indexes: readonly number[], tries: number): Promise<void> {
    const route = this.#router.routes.use(this.#frame.stream)
    if (route?.leaders === undefined) return this.#sendTo(undefined, indexes, tries)
    const leaders = new Map<number | undefined, number[]>()
    for (const index of indexes) {
      const leader = leaderOf(route, this.#frame.parts[index]!.partition)
      const share = leaders.get(leader)
      if (share === undefined) leaders.set(leader, [index])
      else share.push(index)
    }
    if (leaders.size === 1) return this.#sendTo([...leaders.keys()][0], indexes, tries)
    await Promise.all(Array.from(leaders, ([leader, share]) => this.#sendTo(leader, share, tries)))
  }

  async #sendTo(leader: number | undefined, indexes: readonly number[], tries: number): Promise<void> {
    const { startedMs } = this.#frame
    const router = this.#router
    try {
      const link = router.links.find(leader) ?? (await router.links.to(leader, router.nowMs() - startedMs))
      const answers = await this.#request(link, indexes)
      for (const [at, index] of indexes.entries()) this.#published.stored(index, answers[at]!.baseOffset)
    } catch (error) {
      return this.#refused(error as BrokerError, indexes, tries)
    }
  }

  async #refused(error: BrokerError, indexes: readonly number[], tries: number): Promise<void> {
    const { stream, startedMs } = this.#frame
    const spentMs = this.#router.nowMs() - startedMs
    let reason = error
    try {
      if (await this.#router.isWorthTrying(stream, error, { tries, spentMs }))
        return this.send(indexes, tries + 1)
    } catch (later) {
      reason = later as BrokerError
    }
    for (const index of indexes) this.#published.failed(index, reason)
  }

  #request(link: Link, indexes: readonly number[]): Promise<PublishedPart[]> {
    const { stream, startedMs } = this.#frame
    const parts = indexes.map((index) => this.#frame.parts[index]!)
    return link.request({
      opcode: opcodes.publish,
      isRepeatable: false,
      sizeBytes: 0,
      waitMs: startedMs - this.#router.nowMs(),
      encode: (writer) => {
        writer.ensure(parts.reduce((size, { batch }) => size + batch.length + 8, 512))
        writePublish(writer, { stream, parts })
      },
      decode: (reader) => answersFor(parts, readPublished(reader)),
    })
  }
}

function answersFor(parts: readonly PublishPart[], published: PublishedPart[]): PublishedPart[] {
  if (published.length === parts.length) return published
  throw new BrokerError(
    'malformed-frame',
    `${published.length} parts are confirmed, ${parts.length} were sent`,
  )
}

/** The stream is not as it was when the partition was chosen; nothing was stored. */
export function isStreamChanged(error: unknown): boolean {
  if (!(error instanceof BrokerError)) return false
  return (
    error.code === 'unknown-partition' || error.code === 'unknown-stream' || error.code === 'stream-deleted'
  )
}
