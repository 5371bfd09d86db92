// Deliberate mistakes, one at a time, made in the process of the test: each is what a broker could
// plausibly get wrong, and a history must find it from outside, without the broker's own checks.
// `sim.sim.test.ts` shows that every one is found; a mistake that is not found is a hole in the checker.

import { LedPartition } from '../cluster/partition.ts'
import type { File, FileSystem, Io } from '../io/io.ts'
import { DeadLetters } from '../services/flow/dead-letters.ts'
import { DelayHeap } from '../services/flow/state/delay-heap.ts'
import { deliveryPhases } from '../services/flow/state/delivery-table.ts'
import { FlowState } from '../services/flow/state/flow-state.ts'
import { LaneTurns } from '../services/flow/state/lane-turns.ts'
import { PoolTable } from '../services/flow/state/pool-table.ts'
import { ProgressWriter } from '../services/flow/progress/progress-store.ts'
import { SettledSet } from '../services/flow/state/settled-set.ts'
import type { Mutation } from './mutation.ts'
import { flowMutations } from './mutations-flow.ts'
import type { SimFiles } from './sim-disk-files.ts'
import type { SimIo } from './sim-io.ts'
import { wrapMethod } from './wrapped-method.ts'

export const mutations: Readonly<Record<string, Mutation>> = {
  'skip-fsync': {
    what: 'a sync of a log does nothing',
    asSeen: (io) => withFiles(io, { sync: () => Promise.resolve() }),
  },
  'confirm-before-sync': {
    what: 'a sync of a log is said to be done when it has only begun',
    asSeen: (io) =>
      withFiles(io, { sync: (file) => (file.sync().catch(() => undefined), Promise.resolve()) }),
  },
  'skip-directory-sync': {
    what: 'a sync of a folder does nothing',
    asSeen: (io) => withFiles(io, { syncDirectory: () => Promise.resolve() }),
  },
  'forget-log-start': {
    what: 'where a log begins after a purge is not on the disk',
    asSeen: (io) => withFiles(io, { isRenamed: (to) => !/\/streams\/.*\/log-start$/.test(to) }),
  },
  'ack-before-durable': {
    what: 'a publish is confirmed before the log has it',
    apply: () => {
      LedPartition.prototype.durable = () => Promise.resolve()
    },
  },
  'settle-before-durable': {
    what: 'a settle is confirmed before the journal has it',
    apply: () => {
      ProgressWriter.prototype.durable = () => Promise.resolve()
    },
  },
  'drop-hole': {
    what: 'the journal now and then takes the record before one that is settled for settled too',
    apply: () => {
      let settles = 0
      wrapMethod(ProgressWriter.prototype, 'settled', (settled) => {
        return function settledAndOneMore(this: ProgressWriter, offset) {
          settled.call(this, offset)
          if (++settles % 10 === 0 && offset > 0) settled.call(this, offset - 1)
        }
      })
    },
  },
  'release-slot-twice': {
    what: 'a settle frees the slot of its subject twice',
    apply: () => {
      wrapMethod(FlowState.prototype, 'settle', (settle) => {
        return function settleTwice(this: FlowState, slot) {
          const pool = this.deliveries.pool[slot]
          settle.call(this, slot)
          if (this.pools.inFlight[pool] > 0) this.pools.inFlight[pool]--
        }
      })
    },
  },
  'leak-slot': {
    what: 'a release now and then does not free its slot',
    apply: () => {
      wrapMethod(FlowState.prototype, 'release', (release) => {
        return function releaseAndHold(this: FlowState, slot) {
          const pool = this.deliveries.pool[slot]
          release.call(this, slot)
          if (this.counters.released % 4 === 0) this.pools.inFlight[pool]!++
        }
      })
    },
  },
  'forget-attempts': {
    what: 'failed attempts and delays are not in the journal',
    apply: () => {
      ProgressWriter.prototype.retry = () => undefined
    },
  },
  'early-delay': {
    what: 'a delay ends 20 ms early',
    apply: () => {
      wrapMethod(DelayHeap.prototype, 'add', (add) => {
        return function addEarly(this: DelayHeap, dueMs, ...rest) {
          add.call(this, dueMs - 20, ...rest)
        }
      })
    },
  },
  overtake: {
    what: 'at limit 1 a record that waits out its delay is overtaken',
    apply: () => {
      wrapMethod(PoolTable.prototype, 'hasRoom', (hasRoom) => {
        return function hasRoomBesidesDelayed(this: PoolTable, pool) {
          const delayed = this.delayed[pool]!
          this.delayed[pool] = 0
          const answer = hasRoom.call(this, pool)
          this.delayed[pool] = delayed
          return answer
        }
      })
    },
  },
  'no-fence': {
    what: 'a settle is taken though its delivery was taken back',
    apply: () => {
      FlowState.prototype.checkToken = function checkSlotAlone(slot) {
        return this.deliveries.phase[slot] === deliveryPhases.out ? undefined : 'stale-delivery'
      }
    },
  },
  'lose-letter': {
    what: 'a dead letter is settled and not written',
    apply: () => {
      DeadLetters.prototype.write = () => Promise.resolve()
    },
  },
  'keep-cut': {
    what: 'offsets that a log lost and gives again count as settled',
    apply: () => {
      SettledSet.prototype.truncate = () => undefined
    },
  },
  'miss-ready': {
    what: 'a subject with room is now and then not served any more',
    apply: () => {
      let calls = 0
      wrapMethod(LaneTurns.prototype, 'makeReady', (makeReady) => {
        return function makeSomeReady(this: LaneTurns, pool) {
          if (++calls % 50 > 0) makeReady.call(this, pool)
        }
      })
    },
  },
  ...flowMutations,
}

interface FilesMistake {
  readonly sync?: (file: File) => Promise<void>
  readonly syncDirectory?: (path: string) => Promise<void>
  /** Whether a rename to this path is carried out. */
  readonly isRenamed?: (to: string) => boolean
}

/** The same world, but for what is done wrong to its files. */
function withFiles(io: SimIo, mistake: FilesMistake): Io {
  const { files } = io
  const open: FileSystem['open'] = async (path, options) => withSync(await files.open(path, options), mistake)
  const { isRenamed } = mistake
  const rename: FileSystem['rename'] = async (from, to) => {
    if (isRenamed?.(to) !== false) await files.rename(from, to)
  }
  const wrong = { ...mistake, open, rename }
  const handler: ProxyHandler<SimFiles> = {
    get(_files, name): unknown {
      const value: unknown = Reflect.get(name in wrong ? wrong : files, name)
      return typeof value === 'function' ? value.bind(files) : value
    },
  }
  Object.defineProperty(io, 'files', { value: new Proxy(files, handler) })
  return io
}

function withSync(file: File, { sync }: FilesMistake): File {
  if (sync === undefined || !file.path.includes('/streams/')) return file
  return {
    path: file.path,
    read: (target, position) => file.read(target, position),
    write: (buffers, position) => file.write(buffers, position),
    sync: () => sync(file),
    truncate: (size) => file.truncate(size),
    size: () => file.size(),
    close: () => file.close(),
  }
}
