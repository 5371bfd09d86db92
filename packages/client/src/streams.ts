// `client.streams`.

import type { MessagePlace } from '@sluice/protocol/model/consumer'
import type { StreamConfig, StreamInfo } from '@sluice/protocol/model/stream'
import type { Control } from './control.ts'
import type { StreamRoutes } from './routing/stream-routes.ts'

/** What to remove: all records where nothing is named, else those that meet everything that is. */
export interface PurgeOptions {
  /** Pattern of the subjects. */
  readonly match?: string | undefined
  readonly partition?: number | undefined
  /** Only what is below this offset of `partition`. */
  readonly before?: number | undefined
}

export class Streams {
  readonly #control: Control
  readonly #routes: StreamRoutes

  constructor(control: Control, routes: StreamRoutes) {
    this.#control = control
    this.#routes = routes
  }

  /** Harmless when it exists with the same configuration, `stream-exists` when with another. */
  create(name: string, config: Partial<StreamConfig> = {}): Promise<StreamInfo> {
    return this.#control.order('streams.create', { name, config }).finally(() => this.#routes.forget(name))
  }

  get(name: string): Promise<StreamInfo> {
    return this.#control.ask('streams.get', { name })
  }

  list(): Promise<StreamInfo[]> {
    return this.#control.ask('streams.list', {})
  }

  alter(name: string, changes: Partial<StreamConfig>): Promise<StreamInfo> {
    return this.#control
      .order('streams.alter', { name, config: changes })
      .finally(() => this.#routes.forget(name))
  }

  async delete(name: string): Promise<void> {
    await this.#control.order('streams.delete', { name }).finally(() => this.#routes.forget(name))
  }

  /** Removes records for good, for every consumer and reader; returns how many. */
  async purge(name: string, { match, partition, before }: PurgeOptions = {}): Promise<number> {
    const { removed } = await this.#control.order('streams.purge', {
      name,
      ...(match !== undefined && { match }),
      ...(partition !== undefined && { partition }),
      ...(before !== undefined && { before }),
    })
    return removed
  }

  /** Removes single records for good; returns how many were still there. */
  async deleteMessages(name: string, messages: readonly MessagePlace[]): Promise<number> {
    // Why picked: a Message or a Published may be given, and only its place is anybody's business.
    const places = messages.map(({ partition, offset }) => ({ partition, offset }))
    const { removed } = await this.#control.order('streams.deleteMessages', { name, messages: places })
    return removed
  }
}
