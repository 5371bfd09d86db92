// One run of the demo from the first process to the summary: puts scenario, observer, claims and view
// together, and makes sure that it ends.

import { BrokerProcess } from './broker-process.ts'
import { Claims } from './claims/claims.ts'
import { CrashTimes } from './crash-times.ts'
import { Gauges } from './gauges.ts'
import { Journal } from './journal.ts'
import { MachineNoise } from './machine-noise.ts'
import { Observer } from './observer.ts'
import type { DemoOptions } from './options.ts'
import { planOf } from './plan.ts'
import { Scenario } from './scenario.ts'
import type { Summary } from './summary.ts'
import type { View } from './view/view.ts'

export class DemoRun {
  readonly #options: DemoOptions
  readonly #view: View
  readonly #broker = new BrokerProcess()
  readonly #claims = new Claims()
  readonly #crash = new CrashTimes()
  readonly #noise = new MachineNoise()
  readonly #gauges = new Gauges(this.#claims.limits.open)
  readonly #journal: Journal | undefined
  readonly #observer: Observer

  /** Throws when the journal cannot be written. */
  constructor(options: DemoOptions, view: View) {
    this.#options = options
    this.#view = view
    this.#journal = options.journalPath === undefined ? undefined : new Journal(options.journalPath)
    const journals = this.#journal === undefined ? [] : [this.#journal]
    this.#observer = new Observer([this.#claims, this.#crash, this.#noise, this.#gauges, ...journals, view])
  }

  /** Rejects when the run could not be brought to its end; that some claim failed is said by the summary. */
  async run(): Promise<Summary> {
    const stopped = Promise.withResolvers<never>()
    const { seed, seconds } = this.#options
    const plan = planOf(seconds)
    const hardStop = setTimeout(() => stopped.reject(this.#tooLong(plan.hardStopMs)), plan.hardStopMs)
    this.#broker.onUnexpectedEnd = stopped.reject
    const scenario = new Scenario({
      plan,
      seed,
      broker: this.#broker,
      observer: this.#observer,
      open: this.#claims.limits.open,
      failed: stopped.reject,
    })
    this.#startView(scenario)
    this.#noise.start()
    try {
      await Promise.race([scenario.run(), stopped.promise])
      await Promise.race([scenario.close(), stopped.promise])
      return this.#summary()
    } finally {
      clearTimeout(hardStop)
      await this.destroy()
    }
  }

  /** Ends view and journal; resolves when broker and folder are gone. Harmless when called again. */
  destroy(): Promise<void> {
    this.#stop()
    return this.#broker.destroy()
  }

  /** For the very end of this process, when nothing can be awaited any more. */
  destroyNow(): void {
    this.#stop()
    this.#broker.destroyNow()
  }

  #stop(): void {
    this.#view.stop()
    this.#noise.stop()
    this.#journal?.close()
  }

  #startView(scenario: Scenario): void {
    this.#view.start(() => ({
      nowMs: this.#observer.nowMs(),
      seconds: this.#options.seconds,
      brokerPid: this.#broker.pid,
      broker: scenario.watch?.latest,
      gauges: this.#gauges,
      limits: this.#claims.limits,
    }))
  }

  #summary(): Summary {
    const claims = this.#claims.verdicts()
    return {
      isHeld: claims.every(({ isHeld }) => isHeld),
      seed: this.#options.seed,
      tookMs: this.#observer.nowMs(),
      claims,
      delays: this.#claims.delays.rows(),
      noise: this.#noise.read(),
      crash: this.#crash.read(),
    }
  }

  #tooLong(ms: number): Error {
    return new Error(`The run was not over after ${ms / 1000} s; it stood at: ${this.#gauges.phase}`)
  }
}
