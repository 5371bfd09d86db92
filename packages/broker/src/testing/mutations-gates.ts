// Deliberate mistakes in what subjects share: captured pools, totals and rates. See mutations.ts.

import { gateKinds, GateTable } from '../services/flow/state/gate-table.ts'
import { Gates } from '../services/flow/state/gates.ts'
import { capturedTokens, sharedBy } from '../services/flow/state/rule-table.ts'
import { TokenBuckets } from '../services/flow/state/token-buckets.ts'
import type { Mutation } from './mutation.ts'
import { wrapMethod } from './wrapped-method.ts'

export const gateMutations: Readonly<Record<string, Mutation>> = {
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
