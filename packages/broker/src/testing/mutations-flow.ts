// Deliberate mistakes in pauses, blocks, drains, beginnings, acks, removals and dead letters.
// See mutations.ts.

import { DeadLetterBox } from '../services/flow/dead-letter-box.ts'
import { ConsumerOpener } from '../services/flow/consumer-opener.ts'
import { PausesInForce } from '../services/flow/consumer-pauses.ts'
import { RecordDepartures } from '../services/flow/record-departures.ts'
import { ProgressWriter } from '../services/flow/progress/progress-store.ts'
import { FlowCoordinator } from '../services/flow/flow-coordinator.ts'
import { deliveryPhases } from '../services/flow/state/delivery-table.ts'
import { FlowState } from '../services/flow/state/flow-state.ts'
import { poolFlags, PoolTable } from '../services/flow/state/pool-table.ts'
import { SettledSet } from '../services/flow/state/settled-set.ts'
import type { Mutation } from './mutation.ts'
import { gateMutations } from './mutations-gates.ts'
import { wrapMethod } from './wrapped-method.ts'

export const flowMutations: Readonly<Record<string, Mutation>> = {
  'forget-pause': {
    what: 'pauses do not survive a restart',
    apply: () => {
      const known = new WeakSet<PausesInForce>()
      wrapMethod(PausesInForce.prototype, 'replace', (replace) => {
        return function replaceLater(this: PausesInForce, pauses) {
          replace.call(this, known.has(this) ? pauses : [])
          known.add(this)
        }
      })
    },
  },
  'endless-pause': {
    what: 'a pause is not ended by its time',
    apply: () => {
      wrapMethod(PausesInForce.prototype, 'replace', (replace) => {
        return function replaceForGood(this: PausesInForce, pauses) {
          replace.call(
            this,
            pauses.map(({ match, since }) => ({ match, since })),
          )
        }
      })
    },
  },
  'forget-block': {
    what: 'that a record is blocked does not survive a restart',
    apply: () => {
      wrapMethod(ProgressWriter.prototype, 'retry', (retry) => {
        return function retryUnlessBlocked(this: ProgressWriter, offset, known) {
          if (known.verdict?.reason !== 'blocked') retry.call(this, offset, known)
        }
      })
    },
  },
  'pass-block': {
    what: 'a subject goes on past a record that is blocked',
    apply: () => {
      wrapMethod(PoolTable.prototype, 'setFlag', (setFlag) => {
        return function setOtherFlags(this: PoolTable, pool, flag, isSet) {
          setFlag.call(this, pool, flag, isSet && flag !== poolFlags.blocked)
        }
      })
    },
  },
  'drain-in-flight': {
    what: 'a drain settles what is in flight too',
    apply: () => {
      const coordinators = new WeakMap<RecordDepartures, FlowCoordinator>()
      wrapMethod(FlowCoordinator.prototype, 'work', (work) => {
        return function noteAndWork(this: FlowCoordinator, ...given) {
          coordinators.set(this.departures, this)
          return work.call(this, ...given)
        }
      })
      wrapMethod(RecordDepartures.prototype, 'drain', (drain) => {
        return function drainAll(this: RecordDepartures, filter, context) {
          const state = coordinators.get(this)?.state
          state?.deliveries.forEach((slot) => {
            const isOut = state.deliveries.phase[slot] === deliveryPhases.out
            if (isOut && state.pools.isIn(state.deliveries.pool[slot]!, filter)) state.settle(slot)
          })
          return drain.call(this, filter, context)
        }
      })
    },
  },
  'forget-drain': {
    what: 'what a drain finds in memory is not in the journal',
    apply: () => {
      let isDraining = false
      wrapMethod(ProgressWriter.prototype, 'settled', (settled) => {
        return function settledUnlessDrained(this: ProgressWriter, offset) {
          if (!isDraining) settled.call(this, offset)
        }
      })
      wrapMethod(RecordDepartures.prototype, 'drain', (drain) => {
        return async function drainInMemory(this: RecordDepartures, filter, context) {
          isDraining = true
          const drained = drain.call(this, filter, context)
          isDraining = false
          return await drained
        }
      })
    },
  },
  'begin-late': {
    what: 'a consumer that begins somewhere begins one record later',
    apply: () => {
      let beginning = 0
      wrapMethod(ConsumerOpener.prototype, 'begin', (begin) => {
        return async function beginLate(this: ConsumerOpener, ...given) {
          beginning++
          return await begin.call(this, ...given).finally(() => beginning--)
        }
      })
      wrapMethod(SettledSet.prototype, 'addRange', (addRange) => {
        return function addRangeAndOne(this: SettledSet, start, end) {
          addRange.call(this, start, beginning > 0 && start === 0 && end > 0 ? end + 1 : end)
        }
      })
    },
  },
  'ack-later': {
    what: "with ackPolicy 'all' an ack settles one later delivery too",
    apply: () => {
      wrapMethod(FlowState.prototype, 'settleEarlier', (settleEarlier) => {
        return function settleOneLater(this: FlowState, slot, visit) {
          const { held, member, sequence } = this.deliveries
          settleEarlier.call(this, slot, visit)
          const later = held.slotsOf(member[slot]!).filter((other) => sequence[other]! > sequence[slot]!)
          if (later.length > 0) visit(later[0])
        }
      })
    },
  },
  'keep-removed': {
    what: 'consumers do not hear of records that are removed',
    apply: () => {
      RecordDepartures.prototype.removed = () => undefined
    },
  },
  'lose-replay': {
    what: 'dead letters are removed and not published anew',
    apply: () => {
      DeadLetterBox.prototype.replay = function replayNothing(choice) {
        return this.drop(choice)
      }
    },
  },
  ...gateMutations,
}
