// After a restart, the blocked records of a partition until all of them have been read. Their subjects are
// not known before, so that until then everything that is read is parked: a record must not be delivered
// while its subject waits for an operator.

import type { FlowSettings } from './state/flow-settings.ts'
import type { RetryTable } from './state/retry-table.ts'
import { SubjectFilter } from './state/rule-table.ts'

const everything = new SubjectFilter(['>'])

export class BlockedRestore {
  /** After the last blocked record; 0 once it has been read. */
  #end = 0
  #settings: FlowSettings

  constructor(settings: FlowSettings, retries: RetryTable) {
    this.#settings = settings
    for (const [offset, { verdict }] of retries.entries()) {
      if (verdict?.reason === 'blocked' && offset >= this.#end) this.#end = offset + 1
    }
  }

  /** Everything is parked, though no operator has paused it. */
  get isPending(): boolean {
    return this.#end > 0
  }

  /** What holds now, where these are the consumer's settings. */
  settingsUnder(settings: FlowSettings): FlowSettings {
    this.#settings = settings
    return this.#end === 0 ? settings : { ...settings, paused: everything }
  }

  /** The settings that hold from now on, once, where reading has come past all that is blocked. */
  endedBy(readPosition: number): FlowSettings | undefined {
    if (this.#end === 0 || readPosition < this.#end) return undefined
    this.#end = 0
    return this.#settings
  }
}
