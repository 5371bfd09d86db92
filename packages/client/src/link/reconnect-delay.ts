// How long to wait before the next try to connect. Pure.

export interface ReconnectRange {
  readonly minMs: number
  readonly maxMs: number
}

/**
 * Full jitter: anything from nothing to twice as much as the time before, up to `maxMs`. Why all of the range
 * and not a part of it: after a restart of the broker its clients must not come back in step.
 */
export function reconnectDelayMs(range: ReconnectRange, round: number, randomU32: number): number {
  const ceilingMs = Math.min(range.maxMs, range.minMs * 2 ** Math.min(round, 30))
  return (randomU32 / 0x1_0000_0000) * ceilingMs
}
