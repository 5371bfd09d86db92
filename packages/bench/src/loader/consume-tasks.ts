// Consuming what was published before: read as a log, deliver and settle, or hold.

import { cpuMsSince } from '../measure/closed-loop.ts'
import type { LoadSession } from './load-session.ts'
import type { ConsumeParams, Counted, HoldParams, ReadCounted } from './task-types.ts'

const checkEveryMs = 5
const parkedMsMax = 300_000

/** Reads the log again and again until the time is over. */
export async function read(
  session: LoadSession,
  { durationMs }: { durationMs: number },
): Promise<ReadCounted> {
  const client = await session.client()
  const clock = new Stopwatch()
  let messageCount = 0
  let dataBytes = 0
  while (clock.elapsedMs < durationMs) {
    await client.read((count, bytes) => {
      messageCount += count
      dataBytes += bytes
      return clock.elapsedMs < durationMs
    })
  }
  return { ...clock.counted(messageCount), dataBytes }
}

/** The clock runs from the first delivery to the last settle that is counted. */
export async function consume(session: LoadSession, params: ConsumeParams): Promise<Counted> {
  const client = await session.client()
  const { promise: over, resolve, reject } = Promise.withResolvers<void>()
  let clock: Stopwatch | undefined
  let settledCount = 0
  let counted: Counted | undefined
  const finish = (): void => {
    counted ??= clock?.counted(settledCount)
    resolve()
  }
  const timer = setTimeout(finish, params.durationMs)
  const consumption = await client.consume({
    consumer: params.consumer,
    window: params.window,
    onMessage: () => {
      clock ??= new Stopwatch()
      return true
    },
    onSettled: (count) => {
      settledCount += count
      if (settledCount >= params.messageCount) finish()
    },
    onError: reject,
  })
  await over.finally(() => clearTimeout(timer))
  await consumption.stop()
  if (counted === undefined) throw new Error('Nothing was delivered')
  return counted
}

/** Settles nothing, and goes on holding when it returns. */
export async function hold(
  session: LoadSession,
  { consumer, window, messageCount }: HoldParams,
): Promise<void> {
  const client = await session.client()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let heldCount = 0
  await client.consume({
    consumer,
    window,
    onMessage: () => {
      if (++heldCount === messageCount) resolve()
      return false
    },
    onSettled: () => {},
    onError: reject,
  })
  await promise
}

export async function untilParked(
  session: LoadSession,
  { consumer, messageCount }: { consumer: string; messageCount: number },
): Promise<void> {
  const client = await session.client()
  const clock = new Stopwatch()
  for (;;) {
    const parked = await client.parkedCount(consumer)
    if (parked >= messageCount) return
    if (clock.elapsedMs > parkedMsMax) throw new Error(`Only ${parked} of ${messageCount} are parked`)
    await new Promise((resolve) => {
      setTimeout(resolve, checkEveryMs)
    })
  }
}

class Stopwatch {
  readonly #startedAt = Date.now()
  readonly #startMs = performance.now()
  readonly #cpu = process.cpuUsage()

  get elapsedMs(): number {
    return performance.now() - this.#startMs
  }

  counted(messageCount: number): Counted {
    const { elapsedMs } = this
    const startedAt = this.#startedAt
    return { messageCount, elapsedMs, cpuMs: cpuMsSince(this.#cpu), startedAt, endedAt: Date.now() }
  }
}
