// A flow consumer as its user holds it.

import type { ConsumerInfo, ConsumerStats, Explanation, PoolRow } from '@sluice/protocol/model/consumer'
import { inRange } from '../client-options.ts'
import type { Control } from '../control.ts'
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
  /** By what the subjects are ordered, most first. Default `parked`. */
  readonly top?: 'inflight' | 'parked' | undefined
  /** Default 20. */
  readonly count?: number | undefined
}

/** Opens a membership; throws `client-closed`. */
export type JoinConsumer = (place: MemberPlace, listener: MembershipListener) => Membership

export class Consumer {
  /** As the broker said when this object was made; `client.consumers.get` asks again. */
  readonly info: ConsumerInfo
  readonly #control: Control
  readonly #join: JoinConsumer

  constructor(info: ConsumerInfo, control: Control, join: JoinConsumer) {
    this.info = info
    this.#control = control
    this.#join = join
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

  /** The subjects with most in flight or parked. */
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
