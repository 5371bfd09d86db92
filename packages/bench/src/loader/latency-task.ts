// Latencies at a fixed rate: from when a message was due to be published until it is confirmed, and until it
// is delivered. The consumer is in this same process, so both ends are on one clock; the time it was due
// travels in the first eight bytes of the message.

import { runOpenLoop } from '../measure/open-loop.ts'
import type { TargetClient } from '../targets/target.ts'
import type { LatencySeries, LoadSession } from './load-session.ts'
import { payloadOf, subjectOf } from './load-messages.ts'
import type { LatencyParams, LatencyResult } from './task-types.ts'

const dueBytes = 8
/** What is not back so long after the last send is missing. */
const stragglerMsMax = 5_000
/** Requests without an answer beyond which the server does not keep up, and more would only fill memory. */
const outstandingMax = 200_000
const warmUpMs = 500

export async function latency(session: LoadSession, params: LatencyParams): Promise<LatencyResult> {
  const series = session.series(params.series)
  const run = new LatencyRun(await session.client(), params)
  session.receive = (data) => run.delivered(data)
  await run.load(session.series('warm-up'), warmUpMs)
  const { sentCount, latestMs } = await run.load(series, params.durationMs)
  return {
    ack: series.ack.summary(),
    deliver: series.deliver.summary(),
    sentCount,
    failedCount: run.failedCount + session.consumeFailures,
    missingCount: run.undelivered,
    loaderLateMs: latestMs,
  }
}

class LatencyRun {
  readonly #client: TargetClient
  readonly #params: LatencyParams
  readonly #payload: Uint8Array
  #series: LatencySeries | undefined
  #outstanding = 0
  undelivered = 0
  failedCount = 0

  constructor(client: TargetClient, params: LatencyParams) {
    this.#client = client
    this.#params = params
    this.#payload = payloadOf(Math.max(params.payloadBytes, dueBytes))
  }

  /** Ends when everything is answered and delivered, or the stragglers have had their time. */
  async load(series: LatencySeries, durationMs: number) {
    this.#series = series
    const result = await runOpenLoop({
      perSecond: this.#params.perSecond,
      durationMs,
      send: (dueMs, index) => this.#send(series, dueMs, index),
      isEnough: () => this.#outstanding > outstandingMax,
    })
    const endMs = performance.now() + stragglerMsMax
    while (performance.now() < endMs && (this.#outstanding > 0 || this.undelivered > 0)) {
      await new Promise((resolve) => {
        setTimeout(resolve, 1)
      })
    }
    return result
  }

  #send(series: LatencySeries, dueMs: number, index: number): void {
    const data = this.#payload.slice()
    new DataView(data.buffer).setFloat64(0, dueMs)
    this.#outstanding++
    this.undelivered++
    const message = { subject: subjectOf(index % this.#params.subjectCount), data }
    this.#client.publish(message).then(
      () => {
        this.#outstanding--
        series.ack.record(performance.now() - dueMs)
      },
      () => {
        this.#outstanding--
        this.undelivered--
        this.failedCount++
      },
    )
  }

  delivered(data: Uint8Array): boolean {
    const dueMs = new DataView(data.buffer, data.byteOffset).getFloat64(0)
    if (Number.isNaN(dueMs)) return false
    this.undelivered--
    this.#series?.deliver.record(performance.now() - dueMs)
    return true
  }
}
