// Sends at a fixed rate whatever comes back: the load of users who do not know each other.
// Every send is told when it was due. Being late never thins the load out: what is overdue is sent at once,
// and its lateness counts as latency.

export interface OpenLoopPlan {
  readonly perSecond: number
  readonly durationMs: number
  /** Called once for each send, in order. Must not wait. */
  readonly send: (dueMs: number, index: number) => void
  /** Called between sends; true ends the loop early. */
  readonly isEnough?: () => boolean
}

/** What the loop asks of time: the test's is its own. */
export interface Pace {
  nowMs(): number
  /** Calls back after about so long; 0 as soon as the sockets were looked at. */
  after(ms: number, callback: () => void): void
}

export interface OpenLoopResult {
  readonly sentCount: number
  /** How late the latest send was: time that our own process lost. */
  readonly latestMs: number
}

/** So many overdue sends, then the sockets have their turn. */
const sendsAtOnceMax = 256
/** A timer of Node is exact to a millisecond or two; the rest is waited for busily. */
const timerErrorMs = 2

export const machinePace: Pace = {
  nowMs: () => performance.now(),
  after: (ms, callback) => void (ms > 0 ? setTimeout(callback, ms) : setImmediate(callback)),
}

export function runOpenLoop(plan: OpenLoopPlan, pace: Pace = machinePace): Promise<OpenLoopResult> {
  const startMs = pace.nowMs()
  const total = Math.floor((plan.perSecond * plan.durationMs) / 1000)
  let index = 0
  let latestMs = 0
  return new Promise((resolve, reject) => {
    const turn = (): void => {
      try {
        const nowMs = pace.nowMs()
        const until = Math.min(index + sendsAtOnceMax, total)
        while (index < until && dueMs(index) <= nowMs) {
          latestMs = Math.max(latestMs, nowMs - dueMs(index))
          plan.send(dueMs(index), index++)
        }
        if (index >= total || plan.isEnough?.() === true) return resolve({ sentCount: index, latestMs })
        pace.after(Math.max(0, Math.floor(dueMs(index) - nowMs - timerErrorMs)), turn)
      } catch (error) {
        reject(error as Error)
      }
    }
    const dueMs = (at: number): number => startMs + (at * 1000) / plan.perSecond
    turn()
  })
}
