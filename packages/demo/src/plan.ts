// How long each part of the demo takes, from how long all of it may. Pure.

export interface Plan {
  readonly warmUpMs: number
  readonly calmMs: number
  readonly hotMs: number
  /** Between the end of the comparison and the kill: what was sent before must have been delivered by now. */
  readonly beforeKillMs: number
  /** How long the broker stays dead. */
  readonly deadMs: number
  readonly afterKillMs: number
  readonly ackWaitMs: number
  /** After this the run has failed. */
  readonly hardStopMs: number
}

/** What start, filling the backlog and draining take on a busy machine. */
const restMs = 6_000
const beforeKillMs = 500
const deadMs = 1_200
/** The shortest run fits three times in this. */
const hardStopMinMs = 58_000

export function planOf(seconds: number): Plan {
  const loadMs = seconds * 1000 - restMs - beforeKillMs - deadMs
  const share = (part: number): number => Math.round(loadMs * part)
  return {
    warmUpMs: share(0.09),
    calmMs: share(0.34),
    hotMs: share(0.38),
    beforeKillMs,
    deadMs,
    afterKillMs: share(0.19),
    ackWaitMs: Math.max(3_000, share(0.24)),
    hardStopMs: Math.max(hardStopMinMs, seconds * 1000 + 18_000),
  }
}
