// What has happened on one partition of one flow consumer since the broker started.

export class FlowCounters {
  delivered = 0
  redelivered = 0
  acked = 0
  nacked = 0
  released = 0
  rejected = 0
  timedOut = 0
  deadLettered = 0
  staleSettles = 0
  /** Settled after their last attempt, by `onExhausted: 'drop'`. */
  dropped = 0
  drained = 0
  /** Left the log before they were settled. */
  expired = 0
  quarantined = 0
}
