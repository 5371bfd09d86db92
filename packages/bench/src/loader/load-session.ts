// What a loader keeps between its tasks: its connection, what it takes part in, and latencies that add up.

import { Latency } from '../measure/latency.ts'
import { connectTarget } from '../targets/connect-target.ts'
import { STREAM } from '../targets/target.ts'
import type { TargetClient } from '../targets/target.ts'
import type { GroupLoad } from './group-load.ts'
import { HeldLinks } from './held-links.ts'
import type { LoaderPlace } from './task-types.ts'

export interface LatencySeries {
  readonly ack: Latency
  readonly deliver: Latency
}

export class LoadSession {
  readonly #place: LoaderPlace
  readonly #series = new Map<string, LatencySeries>()
  #client: Promise<TargetClient> | undefined
  /** Who takes what is delivered after `join`; false is said of what is not to be settled. */
  receive: (data: Uint8Array) => boolean = () => false
  /** Errors of consuming since `join`. */
  consumeFailures = 0
  readonly links = new HeldLinks()
  #group: GroupLoad | undefined

  constructor(place: LoaderPlace) {
    this.#place = place
  }

  client(): Promise<TargetClient> {
    const { target, address, stream } = this.#place
    if (target === undefined || address === undefined) throw new Error('This loader has no target')
    this.#client ??= connectTarget(target, address, stream ?? STREAM)
    return this.#client
  }

  async join(consumer: string, window: number): Promise<void> {
    const client = await this.client()
    await client.consume({
      consumer,
      window,
      onMessage: (data) => this.receive(data),
      onSettled: () => {},
      onError: () => this.consumeFailures++,
    })
  }

  /** The one that was set last. */
  get group(): GroupLoad {
    if (this.#group === undefined) throw new Error('This loader has no group')
    return this.#group
  }

  set group(group: GroupLoad) {
    this.#group = group
  }

  series(name: string): LatencySeries {
    const known = this.#series.get(name)
    if (known !== undefined) return known
    const made = { ack: new Latency(), deliver: new Latency() }
    this.#series.set(name, made)
    return made
  }

  async close(): Promise<void> {
    await (await this.#client)?.close()
  }
}
