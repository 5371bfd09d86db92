// The condemned records of one flow consumer on their way to its dead-letter stream. Until its letter is
// durable a record keeps its slot: it is held, counted, never lost. What cannot be written is tried again.

import type { Logger } from '../../base/logger.ts'
import type { Io } from '../../io/io.ts'
import type { Stream } from '../streams/stream.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { FlowCoordinator } from './flow-coordinator.ts'
import type { LocatedRecord } from './reading/batch-view.ts'

/** Wait before a dead letter that could not be written is tried again. */
const retryMs = 1000
/** Between two lines about that: a hundred thousand may be tried again each second. */
const quietMs = 10_000

export interface CondemnedContext {
  readonly name: string
  readonly stream: Stream
  readonly io: Io
  readonly logger: Logger
  readonly deadLetters: DeadLetters
}

/** What changes while the consumer lives. */
export interface CondemnedOwner {
  readonly deadLetterStream: string
  readonly isClosed: boolean
}

/** A delivery; the sequence proves that the slot is still its own. */
interface Condemned {
  readonly coordinator: FlowCoordinator
  readonly slot: number
  readonly sequence: number
}

export class CondemnedRecords {
  readonly #context: CondemnedContext
  readonly #owner: CondemnedOwner
  /** The first try of the letter that was begun last. It never rejects. */
  #lastTry: Promise<void> = Promise.resolve()
  #toldMs = -Infinity
  /** Failures since then. */
  #untold = 0

  constructor(context: CondemnedContext, owner: CondemnedOwner) {
    this.#context = context
    this.#owner = owner
  }

  get lastTry(): Promise<void> {
    return this.#lastTry
  }

  begin(coordinator: FlowCoordinator, slot: number): void {
    this.#try({ coordinator, slot, sequence: coordinator.state.deliveries.sequence[slot]! })
  }

  #try(condemned: Condemned): void {
    this.#lastTry = this.#writeLetter(condemned)
  }

  async #writeLetter(condemned: Condemned): Promise<void> {
    const { coordinator, slot } = condemned
    try {
      const record = await coordinator.loadRecordOf(slot)
      if (!this.#isStill(condemned)) return
      if (record === undefined) return coordinator.letterVanished(slot)
      await this.#write(condemned, record)
    } catch (error) {
      return this.#failed(condemned, error)
    }
    if (!this.#isStill(condemned)) return
    coordinator.deadLettered(slot)
    // Why not tried again: the slot may be another record's by now. The journal knows that it has a gap, and
    // a crash before that is closed writes the letter once more.
    await coordinator.durable().catch(() => undefined)
  }

  /** Not where the record was removed from the log meanwhile, and its slot is free or another's. */
  #isStill({ coordinator, slot, sequence }: Condemned): boolean {
    return !this.#owner.isClosed && coordinator.state.deliveries.sequence[slot] === sequence
  }

  #write({ coordinator, slot }: Condemned, record: LocatedRecord): Promise<void> {
    const { deadLetters, stream, name } = this.#context
    const offset = coordinator.state.deliveries.offset[slot]!
    const retry = coordinator.state.retries.find(offset)!
    const partition = coordinator.partition.index
    const { deadLetterStream } = this.#owner
    return deadLetters.write({
      stream,
      consumer: name,
      deadLetterStream,
      partition,
      offset,
      retry,
      ...record,
    })
  }

  #failed(condemned: Condemned, error: unknown): void {
    if (!this.#isStill(condemned)) return
    this.#tell(condemned, error)
    this.#context.io.timers.after(retryMs, () => {
      if (this.#isStill(condemned)) this.#try(condemned)
    })
  }

  /** The first at once, then one line for many. */
  #tell({ coordinator, slot }: Condemned, error: unknown): void {
    const { stream, name, logger, io } = this.#context
    const nowMs = io.clock.monotonicMs()
    if (nowMs - this.#toldMs < quietMs) {
      this.#untold++
      return
    }
    const partition = coordinator.partition.index
    const offset = coordinator.state.deliveries.offset[slot]!
    const untold = this.#untold === 0 ? {} : { untold: this.#untold }
    logger.error(
      { error, stream: stream.name, consumer: name, partition, offset, ...untold },
      'a dead letter could not be written; its record is held and it is tried again',
    )
    this.#toldMs = nowMs
    this.#untold = 0
  }
}
