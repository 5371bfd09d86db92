// What shows the run while it goes on.

import type { Witness } from '../events.ts'
import type { Sight } from './sight.ts'

export interface View extends Witness {
  /** `look` says how things stand at that moment. */
  start(look: () => Sight): void
  /** Leaves the terminal as it was. Harmless when called again. */
  stop(): void
}
