// One run of a simulated program, from its start to its end: whatever it waits for reaches it through here,
// or, once it is dead, never.

import { IoError } from '../io/io.ts'
import type { Timer, Timers } from '../io/io.ts'
import type { SimRandom } from './sim-random.ts'
import type { SimScheduler } from './sim-scheduler.ts'

/** The machine's view: how much later than asked a timer fires, in milliseconds. */
const timerLatenessMsMax = 0.5
const soonMsMax = 0.05

export class SimProcess {
  readonly name: string
  readonly random: SimRandom
  readonly scheduler: SimScheduler
  #isAlive = true
  #isPaused = false
  readonly #deferred: ProcessTimer[] = []

  constructor(name: string, random: SimRandom, scheduler: SimScheduler) {
    this.name = name
    this.random = random
    this.scheduler = scheduler
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  get nowMs(): number {
    return this.scheduler.nowMs
  }

  /** Runs `callback` after the delay, or at the end of a pause, unless the process is dead by then. */
  schedule(delayMs: number, label: string, callback: () => void): Timer {
    const timer = new ProcessTimer(label, callback)
    if (this.#isAlive) this.scheduler.at(delayMs, () => this.#run(timer), `${this.name} ${label}`)
    return timer
  }

  /** Does `work` after the delay; an IoError becomes a rejection, anything else fails the run. */
  later<T>(delayMs: number, label: string, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.schedule(delayMs, label, () => {
        try {
          resolve(work())
        } catch (error) {
          if (!(error instanceof IoError)) throw error
          reject(error)
        }
      })
    })
  }

  timers(): Timers {
    return {
      after: (delayMs, callback) => {
        const lateMs = this.random.between(0, timerLatenessMsMax)
        return this.schedule(Math.max(0, delayMs) + lateMs, 'timer', callback)
      },
      soon: (callback) => {
        this.schedule(this.random.between(0, soonMsMax), 'soon', callback)
      },
    }
  }

  /** Like SIGSTOP, a long garbage collection or a sleeping laptop: time goes on, the process does not. */
  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    // Why not all in one event: the promises that follow from one callback run before the next callback.
    for (const [index, timer] of this.#deferred.splice(0).entries()) {
      this.scheduler.at(index * 1e-6, () => this.#run(timer), `${this.name} resumed ${timer.label}`)
    }
  }

  kill(): void {
    this.#isAlive = false
    this.#deferred.length = 0
  }

  #run(timer: ProcessTimer): void {
    if (!this.#isAlive || timer.isCancelled) return
    if (this.#isPaused) this.#deferred.push(timer)
    else timer.callback()
  }
}

class ProcessTimer implements Timer {
  readonly label: string
  readonly callback: () => void
  isCancelled = false

  constructor(label: string, callback: () => void) {
    this.label = label
    this.callback = callback
  }

  cancel(): void {
    this.isCancelled = true
  }
}
