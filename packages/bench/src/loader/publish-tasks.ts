// Publishing: as fast as the server confirms, or a given number before a measurement.

import { runClosedLoop } from '../measure/closed-loop.ts'
import type { ClosedLoopResult } from '../measure/closed-loop.ts'
import type { OutgoingMessage } from '../targets/target.ts'
import type { LoadSession } from './load-session.ts'
import { HOLD_MARK, MessageBatches, payloadOf, subjectOf, tenantSubjectOf } from './load-messages.ts'
import type { PreloadParams, PublishParams } from './task-types.ts'

const warmUpShare = 0.3
const preloadBatchCount = 1000
const preloadLanes = 4

export async function publish(session: LoadSession, params: PublishParams): Promise<ClosedLoopResult> {
  const client = await session.client()
  const batches = new MessageBatches(params)
  const request =
    params.batchCount === 1
      ? (index: number): Promise<void> => client.publish(batches.at(index)[0]!)
      : (index: number): Promise<void> => client.publishBatch(batches.at(index))
  const { lanes, durationMs } = params
  return runClosedLoop({ lanes, durationMs, warmUpMs: durationMs * warmUpShare, request })
}

export async function preload(session: LoadSession, params: PreloadParams): Promise<void> {
  const client = await session.client()
  const { heldSubject, hasTenants } = params
  const subjectAt = hasTenants === true ? tenantSubjectOf : subjectOf
  const data = payloadOf(params.payloadBytes)
  if (heldSubject !== undefined) new DataView(data.buffer).setFloat64(0, HOLD_MARK)
  let next = 0
  const takeBatch = (): OutgoingMessage[] => {
    const first = next
    next = Math.min(first + preloadBatchCount, params.messageCount)
    return Array.from({ length: next - first }, (_, index) => {
      return { subject: heldSubject ?? subjectAt((first + index) % params.subjectCount), data }
    })
  }
  const lane = async (): Promise<void> => {
    while (next < params.messageCount) await client.publishBatch(takeBatch())
  }
  await Promise.all(Array.from({ length: preloadLanes }, lane))
}
