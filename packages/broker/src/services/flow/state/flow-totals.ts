// What all partitions of a flow consumer share: how much is out, and the gates of its rules.

import { Gates } from './gates.ts'

export class FlowTotals {
  /** Deliveries that count against `maxInflight`. */
  inFlight = 0
  /** Limits were altered while records were out: these stay out. */
  mayExceedLimits = false
  readonly gates = new Gates()
}
