// `consumer.fetch`: one member without a window, which pulls as many messages as somebody asks for. One fetch
// is served at a time; what comes in spite of its end is kept for the next one.

import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import { abortedError } from '../link/pending-request.ts'
import type { ClientPlatform, PlatformTimer } from '../transport/platform.ts'
import type { Membership } from './membership.ts'
import type { Message } from './message.ts'
import type { OpenMembership } from './message-stream.ts'

export interface FetchRequest {
  readonly count: number
  /** 0: what is there at once. */
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

interface Fetch extends FetchRequest {
  readonly ends: PromiseWithResolvers<Message[]>
  readonly abort: () => void
  timer: PlatformTimer | undefined
  /** It was asked for on the connection that there is. */
  isPulled: boolean
  /** Its time is over, and the broker is asked to deliver nothing more. */
  isEnding: boolean
}

/** How long the broker may take to answer, beyond the time of a fetch, that it delivers nothing more. */
const takeBackMs = 1_000
/** The same for one that waits for nothing but answers. */
const answersMs = 5_000

export class Fetcher {
  readonly #open: OpenMembership
  readonly #platform: ClientPlatform
  #membership: Membership | undefined
  /** In the order of the calls; the first is served. */
  readonly #fetches: Fetch[] = []

  constructor(open: OpenMembership, platform: ClientPlatform) {
    this.#open = open
    this.#platform = platform
  }

  /** Rejects with `aborted`, `client-closed`, or what the broker ends the subscription with. */
  fetch(request: FetchRequest): Promise<Message[]> {
    const { signal } = request
    if (signal?.aborted === true) return Promise.reject(abortedError(signal))
    const ends = Promise.withResolvers<Message[]>()
    const abort = (): void => this.#aborted(fetch)
    const fetch: Fetch = { ...request, ends, abort, timer: undefined, isPulled: false, isEnding: false }
    signal?.addEventListener('abort', abort)
    this.#fetches.push(fetch)
    if (this.#fetches.length === 1) this.#serve()
    return ends.promise
  }

  /** Gives back what is held, settles that were not confirmed included, and ends fetches with nothing. */
  async close(): Promise<void> {
    const membership = this.#membership
    const left = membership?.leave()
    this.#ended(undefined)
    await left
  }

  #serve(): void {
    const fetch = this.#fetches[0]
    if (fetch === undefined) return
    try {
      this.#membership ??= this.#join()
    } catch (error) {
      return this.#ended(error as BrokerError)
    }
    if (this.#fetches[0] !== fetch || this.#finishFull()) return
    const waitMs = fetch.timeoutMs > 0 ? fetch.timeoutMs : answersMs
    fetch.timer = this.#platform.after(waitMs, () => this.#timeOver(fetch))
    this.#pull(fetch)
  }

  #join(): Membership {
    return this.#open({
      arrived: () => this.#finishFull(),
      ended: (error) => this.#ended(error),
      joined: () => this.#joined(),
    })
  }

  /** Why not by `#pull` alone: the first time there is no membership yet to pull with. */
  #joined(): void {
    const fetch = this.#fetches[0]
    if (fetch === undefined || fetch.isEnding || this.#membership === undefined) return
    fetch.isPulled = false
    this.#pull(fetch)
  }

  #pull(fetch: Fetch): void {
    if (fetch.isPulled) return
    const answered = this.#membership!.pull(fetch.count - this.#membership!.waitingCount)
    if (answered === undefined) return
    fetch.isPulled = true
    if (fetch.timeoutMs === 0) void answered.then(() => this.#timeOver(fetch))
  }

  /** Why it asks the broker first: what it has sent already belongs to this fetch. */
  #timeOver(fetch: Fetch): void {
    if (this.#fetches[0] !== fetch || fetch.isEnding) return
    fetch.isEnding = true
    fetch.timer?.cancel()
    const answered = fetch.isPulled ? this.#membership?.pull(0) : undefined
    if (answered === undefined) return this.#finish(fetch)
    const finish = (): void => this.#finish(fetch)
    fetch.timer = this.#platform.after(takeBackMs, finish)
    void answered.then(finish)
  }

  /** True when the first fetch has all that it asked for. */
  #finishFull(): boolean {
    const fetch = this.#fetches[0]
    if (fetch === undefined || this.#membership === undefined) return false
    if (this.#membership.waitingCount < fetch.count) return false
    this.#finish(fetch)
    return true
  }

  #finish(fetch: Fetch): void {
    if (this.#fetches[0] !== fetch) return
    this.#fetches.shift()
    release(fetch)
    fetch.ends.resolve(this.#takeUpTo(fetch.count))
    // Why it can be: what an earlier fetch left behind counted for this one.
    if ((this.#membership?.pulledCount ?? 0) > 0) void this.#membership?.pull(0)
    this.#serve()
  }

  #takeUpTo(count: number): Message[] {
    const messages: Message[] = []
    while (messages.length < count) {
      const message = this.#membership?.shift()
      if (message === undefined) break
      messages.push(message)
    }
    return messages
  }

  #aborted(fetch: Fetch): void {
    const at = this.#fetches.indexOf(fetch)
    if (at < 0) return
    this.#fetches.splice(at, 1)
    release(fetch)
    fetch.ends.reject(abortedError(fetch.signal!))
    if (at > 0) return
    void this.#membership?.pull(0)
    this.#serve()
  }

  /** The next fetch joins anew. */
  #ended(error: BrokerError | undefined): void {
    const fetches = this.#fetches.splice(0)
    for (const fetch of fetches) {
      release(fetch)
      // Why it can have some: what is settled by being delivered has nobody else to go to.
      const messages = this.#takeUpTo(fetch.count)
      if (error === undefined || messages.length > 0) fetch.ends.resolve(messages)
      else fetch.ends.reject(error)
    }
    this.#membership = undefined
  }
}

function release(fetch: Fetch): void {
  fetch.timer?.cancel()
  fetch.signal?.removeEventListener('abort', fetch.abort)
}
