// All that is claimed, in the order in which it is told.

import type { DemoEvent, Witness } from '../events.ts'
import type { Verdict } from './claim.ts'
import { DelayClaim } from './delay-claim.ts'
import { LimitClaim } from './limit-claim.ts'
import { LossClaim } from './loss-claim.ts'
import { OrderClaim } from './order-claim.ts'
import { ReturnClaim } from './return-claim.ts'

export class Claims implements Witness {
  readonly limits = new LimitClaim()
  readonly delays = new DelayClaim()
  readonly #all = [this.limits, new OrderClaim(), new LossClaim(), new ReturnClaim(), this.delays]

  see(event: DemoEvent): void {
    for (const claim of this.#all) claim.see(event)
  }

  verdicts(): Verdict[] {
    return this.#all.map((claim) => claim.verdict())
  }
}
