// What a view is drawn from, at one moment.

import type { BrokerView } from '../broker-watch.ts'
import type { Gauges } from '../gauges.ts'
import type { LimitClaim } from '../claims/limit-claim.ts'

export interface Sight {
  readonly nowMs: number
  /** What the run aims to take. */
  readonly seconds: number
  readonly brokerPid: number
  /** Undefined while the broker does not answer. */
  readonly broker: BrokerView | undefined
  readonly gauges: Gauges
  readonly limits: LimitClaim
}
