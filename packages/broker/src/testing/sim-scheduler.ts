// Virtual time: a queue of events, run one by one, each with all the promises that follow from it.
// Never looks at the real clock, so a run depends on the seed alone.

import { assert } from '../base/assert.ts'
import { SimEventQueue } from './sim-scheduler-queue.ts'
import type { SimEvent } from './sim-scheduler-queue.ts'
import { SimTrace } from './sim-scheduler-trace.ts'
import { SimRandom } from './sim-random.ts'

export interface RunLimits {
  /** Default: a million. */
  readonly maxEvents?: number
  /** Default: one hour. */
  readonly maxVirtualMs?: number
}

const maxEventsDefault = 1_000_000
const maxVirtualMsDefault = 3_600_000

/**
 * The run cannot go on: an event threw, nothing is left to happen, or a limit was reached. Names the seed.
 */
export class SimFailure extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'SimFailure'
  }
}

export interface SimTimer {
  cancel(): void
}

export class SimScheduler {
  readonly seed: number
  /** For the test's own choices; the parts of the world draw from forks. */
  readonly random: SimRandom
  readonly #ties: SimRandom
  readonly #queue = new SimEventQueue()
  readonly #trace = new SimTrace()
  #nowMs = 0
  #eventCount = 0
  #isRunning = false

  constructor(seed: number) {
    this.seed = seed
    this.random = new SimRandom(seed)
    this.#ties = this.random.fork('ties')
  }

  get nowMs(): number {
    return this.#nowMs
  }

  get eventCount(): number {
    return this.#eventCount
  }

  /** Two runs with the same hash went through the same events at the same times. */
  get traceHash(): string {
    return this.#trace.hash
  }

  /** The last events, oldest first, for the message of a failed test. */
  get recentEvents(): readonly string[] {
    return this.#trace.recent
  }

  /**
   * Runs `callback` as an event of its own. Events due at the same time run in an order drawn from the seed.
   */
  at(delayMs: number, callback: () => void, label = 'event'): SimTimer {
    assert(delayMs >= 0, `an event cannot be ${delayMs} ms ahead`)
    const event: SimEvent = {
      timeMs: this.#nowMs + delayMs,
      tie: this.#ties.u32(),
      label,
      callback,
      isCancelled: false,
    }
    this.#queue.push(event)
    return {
      cancel: () => {
        event.isCancelled = true
      },
    }
  }

  /** Makes something that a test saw part of the trace. */
  note(text: string): void {
    this.#trace.add(this.#nowMs, text)
  }

  /** Runs events until the promise settles (and gives its outcome) or the condition holds. */
  async runUntil(goal: () => boolean, limits?: RunLimits): Promise<undefined>
  async runUntil<T>(goal: Promise<T>, limits?: RunLimits): Promise<T>
  async runUntil<T>(goal: Promise<T> | (() => boolean), limits: RunLimits = {}): Promise<T | undefined> {
    const watch = typeof goal === 'function' ? { isReached: goal } : watched(goal)
    await this.#run(watch.isReached, limits)
    return typeof goal === 'function' ? undefined : goal
  }

  /** Lets the given time pass, with everything that happens in it. */
  async runFor(virtualMs: number): Promise<void> {
    let isOver = false
    this.at(
      virtualMs,
      () => {
        isOver = true
      },
      'run-for',
    )
    await this.#run(() => isOver, { maxVirtualMs: virtualMs + 1 })
  }

  /** Runs until nothing is left to happen; endless where a timer always sets the next. */
  async runToEnd(limits: RunLimits = {}): Promise<void> {
    await this.#run(() => this.#queue.isEmpty, limits)
  }

  async #run(isReached: () => boolean, limits: RunLimits): Promise<void> {
    assert(!this.#isRunning, 'the scheduler is already running: await what the run was started for instead')
    this.#isRunning = true
    try {
      const eventsEnd = this.#eventCount + (limits.maxEvents ?? maxEventsDefault)
      const timeEnd = this.#nowMs + (limits.maxVirtualMs ?? maxVirtualMsDefault)
      await promisesRun()
      while (!isReached()) {
        this.#step(eventsEnd, timeEnd)
        await promisesRun()
      }
    } finally {
      this.#isRunning = false
    }
  }

  #step(eventsEnd: number, timeEnd: number): void {
    const event = this.#queue.first
    if (event === undefined)
      throw this.#failure('nothing is left to happen, and what is awaited has not come')
    if (this.#eventCount >= eventsEnd) throw this.#failure('too many events before what is awaited came')
    if (event.timeMs > timeEnd) throw this.#failure('too much time passed before what is awaited came')
    // Why only now: a test may use a limit to see that something does not happen, and then go on.
    this.#queue.pop()
    this.#nowMs = event.timeMs
    this.#eventCount += 1
    this.#trace.add(event.timeMs, event.label)
    try {
      event.callback()
    } catch (error) {
      throw this.#failure(error instanceof Error ? error.message : String(error), error)
    }
  }

  #failure(message: string, cause?: unknown): SimFailure {
    const where = `seed ${this.seed}, event ${this.#eventCount}, ${this.#nowMs.toFixed(3)} ms`
    return new SimFailure(`${message} (${where})\n  ${this.#trace.recent.join('\n  ')}`, cause)
  }
}

function watched(promise: Promise<unknown>): { isReached: () => boolean } {
  let isSettled = false
  const settle = (): void => {
    isSettled = true
  }
  promise.then(settle, settle)
  return { isReached: () => isSettled }
}

/**
 * Resolves when no promise can go on by itself. Node runs every microtask, and those that they make, before
 * the next immediate; so the real clock has no part in what happens between two events.
 */
function promisesRun(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
