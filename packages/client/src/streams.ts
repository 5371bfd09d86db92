// `client.streams`.

import type { StreamConfig, StreamInfo } from '@sluice/protocol/model/stream'
import type { Control } from './control.ts'
import type { StreamCache } from './publish/stream-cache.ts'

export class Streams {
  readonly #control: Control
  readonly #cache: StreamCache

  constructor(control: Control, cache: StreamCache) {
    this.#control = control
    this.#cache = cache
  }

  /** Harmless when it exists with the same configuration, `stream-exists` when with another. */
  create(name: string, config: Partial<StreamConfig> = {}): Promise<StreamInfo> {
    return this.#control.order('streams.create', { name, config }).finally(() => this.#cache.forget(name))
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
      .finally(() => this.#cache.forget(name))
  }

  async delete(name: string): Promise<void> {
    await this.#control.order('streams.delete', { name }).finally(() => this.#cache.forget(name))
  }
}
