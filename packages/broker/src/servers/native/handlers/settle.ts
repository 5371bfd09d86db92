// SETTLE: acks, nacks, releases, rejects and signs of work for deliveries of one subscription.
// With correlation 0 nobody waits for an answer; the settles are persisted all the same.

import { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { readSettleInto, settleVerbs, writeSettleFailures } from '@sluice/protocol/native/flow-messages'
import type { Settle, SettleFailure } from '@sluice/protocol/native/flow-messages'
import { opcodes } from '@sluice/protocol/native/frame'
import type { Membership } from '../../../services/flow/flow-consumers.ts'
import type { NativeSession } from '../native-session.ts'

/** Filled anew for each settle: handlers do not wait between reading one and giving it on. */
const settle: Settle = { verb: settleVerbs.ack, partition: 0, slot: 0, sequence: 0, delayMs: 0, reason: '' }

export async function handleSettle(
  session: NativeSession,
  correlation: number,
  body: ByteReader,
): Promise<void> {
  const { subscriptions, outbox } = session
  const { membership } = subscriptions.require(body.u32())
  const count = body.u32()
  checkSettles(body, count)
  const failures = settleAll(membership, body, count)
  if (correlation === 0) return
  if (failures.length < count) await membership.durable()
  const start = outbox.begin(opcodes.settle, correlation)
  writeSettleFailures(outbox.writer, failures)
  outbox.end(start)
}

/** Reads all of them once before the first takes effect: a request that cannot be read changes nothing. */
function checkSettles(body: ByteReader, count: number): void {
  const ahead = new ByteReader(body.bytes, body.position, body.end)
  for (let index = 0; index < count; index++) readSettleInto(ahead, settle)
  ahead.finish()
}

function settleAll(membership: Membership, body: ByteReader, count: number): SettleFailure[] {
  const failures: SettleFailure[] = []
  for (let index = 0; index < count; index++) {
    readSettleInto(body, settle)
    const code = membership.settle(settle)
    if (code !== undefined) failures.push({ index, code })
  }
  return failures
}
