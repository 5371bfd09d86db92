// What operators do with flow consumers that run: pause and resume, drain, decide on blocked records, and
// look after dead letters.

import type {
  BlockedDecision,
  BlockedRow,
  ConsumerInfo,
  DeadLetterPage,
} from '@sluice/protocol/model/consumer'
import type { Io } from '../../io/io.ts'
import type { Streams } from '../streams/streams.ts'
import { blockedRows, unblockSubject } from './blocked-records.ts'
import type { ConsumerEntry } from './consumer-catalog.ts'
import { drainConsumer } from './consumer-drain.ts'
import { pausedAnew, resumed } from './consumer-pauses.ts'
import type { PauseRequest } from './consumer-pauses.ts'
import { DeadLetterBox } from './dead-letter-box.ts'
import type { LetterChoice, LetterQuery } from './dead-letter-box.ts'
import type { FlowConsumer } from './flow-consumer.ts'

export interface OpenConsumer {
  entry: ConsumerEntry
  readonly consumer: FlowConsumer
}

/** The consumers, as their owner lets them be found and changed. */
export interface ConsumerAccess {
  readonly io: Io
  readonly streams: Streams
  /** Throws where there is none. */
  require(stream: string, name: string): OpenConsumer
  /** In the line of changes: durable when it resolves. */
  change(
    stream: string,
    name: string,
    changed: (entry: ConsumerEntry) => ConsumerEntry,
  ): Promise<ConsumerInfo>
}

export class ConsumerOperations {
  readonly #access: ConsumerAccess
  /** The last in line of those who replay or drop letters of a consumer. It never rejects. */
  readonly #lastOfLetters = new WeakMap<FlowConsumer, Promise<unknown>>()

  constructor(access: ConsumerAccess) {
    this.#access = access
  }

  pause(stream: string, name: string, request: PauseRequest): Promise<ConsumerInfo> {
    return this.#access.change(stream, name, (entry) => ({
      ...entry,
      pauses: pausedAnew(entry.pauses, request, this.#nowMs()),
    }))
  }

  /** Throws `not-paused` where exactly this pattern is not. */
  resume(stream: string, name: string, match: string): Promise<ConsumerInfo> {
    return this.#access.change(stream, name, (entry) => ({
      ...entry,
      pauses: resumed(entry.pauses, match, this.#nowMs()),
    }))
  }

  /** Settles what matches and is not in flight, up to now; durable when it resolves with how many. */
  drain(stream: string, name: string, match: string): Promise<number> {
    return drainConsumer(this.#access.require(stream, name).consumer, match)
  }

  blocked(stream: string, name: string, count: number): Promise<BlockedRow[]> {
    return blockedRows(this.#access.require(stream, name).consumer, count)
  }

  /** Durable when it resolves with how many records it was decided on. */
  unblock(
    stream: string,
    name: string,
    { subject, decision }: { readonly subject: string; readonly decision: BlockedDecision },
  ): Promise<number> {
    return unblockSubject(this.#access.require(stream, name).consumer, subject, decision)
  }

  listLetters(stream: string, name: string, query: LetterQuery): Promise<DeadLetterPage> {
    return this.#boxOf(stream, name).list(query)
  }

  replayLetters(stream: string, name: string, choice: LetterChoice): Promise<number> {
    return this.#inTurn(stream, name, (box) => box.replay(choice))
  }

  dropLetters(stream: string, name: string, choice: LetterChoice): Promise<number> {
    return this.#inTurn(stream, name, (box) => box.drop(choice))
  }

  /** Why: two replays at once would both publish what both have found. */
  #inTurn(stream: string, name: string, act: (box: DeadLetterBox) => Promise<number>): Promise<number> {
    const { consumer } = this.#access.require(stream, name)
    const before = this.#lastOfLetters.get(consumer) ?? Promise.resolve()
    const turn = before.then(() => act(this.#boxOf(stream, name)))
    this.#lastOfLetters.set(
      consumer,
      turn.catch(() => undefined),
    )
    return turn
  }

  #boxOf(stream: string, name: string): DeadLetterBox {
    const { consumer } = this.#access.require(stream, name)
    const { streams, io } = this.#access
    const owner = { stream, name, deadLetterStream: consumer.deadLetterStream }
    return new DeadLetterBox(streams, owner, {
      timers: io.timers,
      nowMs: () => this.#nowMs(),
      check: () => consumer.checkOpen(),
    })
  }

  #nowMs(): number {
    return Math.round(this.#access.io.clock.wallMs())
  }
}
