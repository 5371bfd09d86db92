// Deliberate mistakes in what rules share, in pauses, blocks, drains, beginnings and removals.
// See mutations.ts.

import { DeadLetterBox } from '../services/flow/dead-letter-box.ts'
import { ConsumerOpener } from '../services/flow/consumer-opener.ts'
import { PausesInForce } from '../services/flow/consumer-pauses.ts'
import { RecordDepartures } from '../services/flow/record-departures.ts'
import { ProgressWriter } from '../services/flow/progress/progress-store.ts'
import { FlowCoordinator } from '../services/flow/flow-coordinator.ts'
import { deliveryPhases } from '../services/flow/state/delivery-table.ts'
import { FlowState } from '../services/flow/state/flow-state.ts'
import { gateKinds, GateTable } from '../services/flow/state/gate-table.ts'
import { Gates } from '../services/flow/state/gates.ts'
import { poolFlags, PoolTable } from '../services/flow/state/pool-table.ts'
import { capturedTokens, sharedBy } from '../services/flow/state/rule-table.ts'
import { SettledSet } from '../services/flow/state/settled-set.ts'
import { TokenBuckets } from '../services/flow/state/token-buckets.ts'
import type { Mutation } from './mutation.ts'
import { wrapMethod } from './wrapped-method.ts'

export const flowMutations: Readonly<Record<string, Mutation>> = {
  'lose-gate-wake': {
    what: 'now and then nobody who waits hears that a shared limit has room again',
    apply: () => {
      let settles = 0
      wrapMethod(Gates.prototype, 'count', (count) => {
        return function countSilently(this: Gates, bundle, inFlight, delayed) {
          if (inFlight < 0 && ++settles % 10 === 0) return countAt(this, bundle, inFlight)
          return count.call(this, bundle, inFlight, delayed)
        }
      })
    },
  },
  'free-gate-twice': {
    what: 'a settle frees its slots of captured pools and totals twice',
    apply: () => {
      wrapMethod(Gates.prototype, 'count', (count) => {
        return function countTwice(this: Gates, bundle, inFlight, delayed) {
          count.call(this, bundle, inFlight, delayed)
          if (inFlight < 0) countAt(this, bundle, inFlight)
        }
      })
    },
  },
  'uncounted-total': {
    what: 'the total of a rule holds nothing back',
    apply: () => openGates(gateKinds.total),
  },
  'uncounted-capture': {
    what: 'the limit of a captured pool holds nothing back',
    apply: () => openGates(gateKinds.capture),
  },
  'join-captures': {
    what: 'captured tokens are told apart by their text without dots',
    apply: () => {
      const joined = (captured: Uint8Array): Uint8Array => {
        const tokens = capturedTokens(captured)
        const text = Buffer.from(tokens.join(''))
        return tokens.length < 2 ? captured : Buffer.from([sharedBy.tokens, 1, text.length, ...text])
      }
      wrapMethod(GateTable.prototype, 'find', (find) => {
        return function findJoined(this: GateTable, kind, rule, captured) {
          return find.call(this, kind, rule, joined(captured))
        }
      })
      wrapMethod(GateTable.prototype, 'hold', (hold) => {
        return function holdJoined(this: GateTable, kind, rule, captured) {
          return hold.call(this, kind, rule, joined(captured))
        }
      })
    },
  },
  'double-burst': {
    what: 'a rate lets through twice its burst',
    apply: () => {
      wrapMethod(TokenBuckets.prototype, 'dueMs', (dueMs) => {
        return function dueEarly(this: TokenBuckets, row, spare, intervalMs) {
          return dueMs.call(this, row, 2 * spare + 1, intervalMs)
        }
      })
    },
  },
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
}

/** Counts at each gate of a bundle, and tells nobody. */
function countAt(gates: Gates, bundle: number, inFlight: number): void {
  const { table, bundles } = gates
  for (const gate of bundles.gatesOf(bundle))
    if (table.kind[gate] !== gateKinds.rate && table.inFlight[gate]! + inFlight >= 0)
      table.inFlight[gate]! += inFlight
}

function openGates(kind: number): void {
  wrapMethod(GateTable.prototype, 'hasRoom', (hasRoom) => {
    return function hasAllRoom(this: GateTable, gate) {
      return this.kind[gate] === kind || hasRoom.call(this, gate)
    }
  })
}
