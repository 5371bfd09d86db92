// A flow consumer as its user holds it.

import type {
  BlockedDecision,
  BlockedRow,
  ConsumerInfo,
  ConsumerStats,
  Explanation,
  PoolOrder,
  PoolRow,
} from '@sluice/protocol/model/consumer'
import { inRange } from '../client-options.ts'
import type { Control } from '../control.ts'
import { isoTime } from '../iso-time.ts'
import { DeadLetters } from './dead-letters.ts'
import type { MembershipListener, Membership, MemberPlace } from './membership.ts'
import { MessageStream } from './message-stream.ts'
import { Subscription } from './subscription.ts'
import type { MessageHandler, SubscribeOptions } from './subscription.ts'

/** 2^20: what a member can hold in sensible memory; the broker may allow less. */
const windowMax = 1 << 20

export interface MessagesOptions {
  /** How many unsettled messages the broker may have out on this loop. Default 256. */
  readonly window?: number | undefined
  /** Ends the loop without an error. */
  readonly signal?: AbortSignal | undefined
}

export interface PoolsOptions {
  /** By what the subjects are ordered: most first, or `oldest`, who waits longest. Default `parked`. */
  readonly top?: PoolOrder | undefined
  /** Default 20. */
  readonly count?: number | undefined
}

export interface PauseOptions {
  /** `>` pauses the whole consumer, a pattern its subjects, a subject itself. Default `>`. */
  readonly match?: string | undefined
  /** A Date or ISO 8601; without it the pause holds until it is resumed. */
  readonly until?: Date | string | undefined
}

export interface ResumeOptions {
  /** The pattern of the pause, as it was given. Default `>`. */
  readonly match?: string | undefined
}

export interface BlockedOptions {
  /** Default 100. */
  readonly count?: number | undefined
}

/** Opens a membership; throws `client-closed`. */
export type JoinConsumer = (place: MemberPlace, listener: MembershipListener) => Membership

export class Consumer {
  /** What was rejected or exhausted. */
  readonly deadLetters: DeadLetters
  #info: ConsumerInfo
  readonly #control: Control
  readonly #join: JoinConsumer

  constructor(info: ConsumerInfo, control: Control, join: JoinConsumer) {
    this.#info = info
    this.#control = control
    this.#join = join
    this.deadLetters = new DeadLetters(control, { stream: info.stream, name: info.name })
  }

  /** As the broker said last to this object; `client.consumers.get` asks again. */
  get info(): ConsumerInfo {
    return this.#info
  }

  get stream(): string {
    return this.info.stream
  }

  get name(): string {
    return this.info.name
  }

  messages(options: MessagesOptions = {}): MessageStream {
    const window = inRange('window', options.window ?? 256, 1, windowMax)
    return new MessageStream((listener) => this.#open(window, listener), options.signal)
  }

  subscribe(handler: MessageHandler, options: SubscribeOptions = {}): Subscription {
    const concurrency = inRange('concurrency', options.concurrency ?? 64, 1, windowMax)
    const window = inRange('window', options.window ?? concurrency, 1, windowMax)
    return new Subscription((listener) => this.#open(window, listener), handler, { ...options, concurrency })
  }

  /** Why the next message of a subject is, or is not, delivered. */
  explain(subject: string): Promise<Explanation> {
    return this.#control.ask('consumers.explain', { ...this.#id(), subject })
  }

  stats(): Promise<ConsumerStats> {
    return this.#control.ask('consumers.stats', this.#id())
  }

  /**
   * Holds subjects back until they are resumed or the time is over; it outlives the broker. What is in flight
   * may be settled. Pausing the same pattern again moves the end.
   */
  async pause({ match, until }: PauseOptions = {}): Promise<ConsumerInfo> {
    this.#info = await this.#control.order('consumers.pause', {
      ...this.#id(),
      ...(match !== undefined && { match }),
      ...(until !== undefined && { until: isoTime('until', until) }),
    })
    return this.#info
  }

  /** Ends the pause of exactly this pattern; rejects with `not-paused` where there is none. */
  async resume({ match }: ResumeOptions = {}): Promise<ConsumerInfo> {
    const params = { ...this.#id(), ...(match !== undefined && { match }) }
    this.#info = await this.#control.order('consumers.resume', params)
    return this.#info
  }

  /**
   * Settles everything up to now whose subject matches and that is not in flight, for this consumer alone;
   * returns how many. The records stay in the log.
   */
  async drain(match: string): Promise<number> {
    const { drained } = await this.#control.order('consumers.drain', { ...this.#id(), match })
    return drained
  }

  /** Records that wait for a decision (`onExhausted: 'block'`). */
  async blocked({ count = 100 }: BlockedOptions = {}): Promise<BlockedRow[]> {
    return this.#control.ask('consumers.blocked', { ...this.#id(), count })
  }

  /** Decides on all blocked records of a subject; returns how many. `not-blocked` where there is none. */
  async unblock(subject: string, decision: BlockedDecision): Promise<number> {
    const { records } = await this.#control.order('consumers.unblock', { ...this.#id(), subject, decision })
    return records
  }

  /** The subjects with most in flight or parked, or whose next record has waited longest. */
  pools({ top = 'parked', count = 20 }: PoolsOptions = {}): Promise<PoolRow[]> {
    return this.#control.ask('consumers.pools', { ...this.#id(), top, count })
  }

  #open(window: number, listener: MembershipListener): Membership {
    return this.#join({ stream: this.stream, consumer: this.name, window }, listener)
  }

  #id(): { stream: string; name: string } {
    return { stream: this.stream, name: this.name }
  }
}
