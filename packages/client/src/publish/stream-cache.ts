// How many partitions each stream has, as far as it was asked. May be out of date: the broker refuses a wrong
// partition, and then it is forgotten here.

import type { Control } from '../control.ts'

const streamsMax = 10_000

export class StreamCache {
  readonly #control: Control
  readonly #partitionCounts = new Map<string, number>()
  readonly #asking = new Map<string, Promise<number>>()

  constructor(control: Control) {
    this.#control = control
  }

  /** Undefined when it has to be asked for. */
  partitionCount(stream: string): number | undefined {
    return this.#partitionCounts.get(stream)
  }

  /** Asks the broker, once for all who want to know at the time. */
  ask(stream: string): Promise<number> {
    const underWay = this.#asking.get(stream)
    if (underWay !== undefined) return underWay
    const asked = this.#ask(stream).finally(() => this.#asking.delete(stream))
    this.#asking.set(stream, asked)
    return asked
  }

  forget(stream: string): void {
    this.#partitionCounts.delete(stream)
  }

  clear(): void {
    this.#partitionCounts.clear()
  }

  async #ask(stream: string): Promise<number> {
    const { config } = await this.#control.ask('streams.get', { name: stream })
    if (this.#partitionCounts.size >= streamsMax) this.#partitionCounts.clear()
    this.#partitionCounts.set(stream, config.partitions)
    return config.partitions
  }
}
