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
import type { ClientPlatform } from '../transport/platform.ts'
import { DeadLetters } from './dead-letters.ts'
import { Fetcher } from './fetcher.ts'
import type { MembershipListener, Membership, MemberPlace } from './membership.ts'
import type { Message } from './message.ts'
import { MessageStream } from './message-stream.ts'
import { Subscription } from './subscription.ts'
import type { MessageHandler, SubscribeOptions } from './subscription.ts'

/** 2^20: what a member can hold in sensible memory; the broker may allow less. */
const windowMax = 1 << 20
const dayMs = 24 * 3_600_000

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

export interface FetchOptions {
  /** How long to wait for as many as were asked for; 0: only what is there at once. Default 5000. */
  readonly timeoutMs?: number | undefined
  /** Rejects with `aborted`; what has come is kept for the next fetch. */
  readonly signal?: AbortSignal | undefined
}

/** What a consumer needs of its client. */
export interface ConsumerDoors {
  readonly control: Control
  readonly platform: ClientPlatform
  /** Opens a membership; throws `client-closed`. */
  join(place: MemberPlace, listener: MembershipListener): Membership
}

export class Consumer {
  /** What was rejected or exhausted. */
  readonly deadLetters: DeadLetters
  #info: ConsumerInfo
  readonly #doors: ConsumerDoors
  readonly #control: Control
  readonly #fetcher: Fetcher

  constructor(info: ConsumerInfo, doors: ConsumerDoors) {
    const { control, platform } = doors
    this.#info = info
    this.#doors = doors
    this.#control = control
    this.#fetcher = new Fetcher((listener) => this.#open(0, listener), platform)
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

  /**
   * Resolves with up to `count` messages: as soon as they are there, or with fewer when the time is over.
   * Calls are served one after the other. Each message is to be settled like any other.
   */
  async fetch(count: number, { timeoutMs, signal }: FetchOptions = {}): Promise<Message[]> {
    return this.#fetcher.fetch({
      count: inRange('count', count, 1, windowMax),
      timeoutMs: inRange('timeoutMs', timeoutMs ?? 5_000, 0, dayMs),
      signal,
    })
  }

  /**
   * Ends what `fetch` began: gives back what it has delivered and is not settled, and leaves. Fetches under
   * way end with nothing, a later one begins anew; loops and handlers go on.
   */
  close(): Promise<void> {
    return this.#fetcher.close()
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
    const { stream, name, node, config } = this.#info
    const place = {
      stream,
      consumer: name,
      window,
      isSettledByDelivery: config?.ackPolicy === 'none',
      node,
      locate: () => this.#locate(),
    }
    return this.#doors.join(place, listener)
  }

  /** The node that serves it, as the broker says now. */
  async #locate(): Promise<number | undefined> {
    this.#info = await this.#control.ask('consumers.get', this.#id())
    return this.#info.node
  }

  #id(): { stream: string; name: string } {
    return { stream: this.stream, name: this.name }
  }
}
