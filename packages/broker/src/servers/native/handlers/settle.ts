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

/** Settles that are carried out before others have their turn: a few milliseconds' worth. */
const settlesPerTurn = 8192

export async function handleSettle(
  session: NativeSession,
  correlation: number,
  body: ByteReader,
): Promise<void> {
  const { subscriptions, outbox } = session
  const { membership } = subscriptions.require(body.u32())
  const count = body.u32()
  const failures =
    count > settlesPerTurn
      ? await settleInTurns(session, membership, { body, count })
      : settleAtOnce(membership, body, count)
  if (correlation === 0) return
  if (failures.length < count) await membership.durable()
  const start = outbox.begin(opcodes.settle, correlation)
  writeSettleFailures(outbox.writer, failures)
  outbox.end(start)
}

function settleAtOnce(membership: Membership, body: ByteReader, count: number): SettleFailure[] {
  const ahead = new ByteReader(body.bytes, body.position, body.end)
  checkSettles(ahead, count)
  ahead.finish()
  const failures: SettleFailure[] = []
  settleSome(membership, body, { from: 0, end: count }, failures)
  return failures
}

/** The same for a frame of very many. Requests that come after it wait until it is carried out. */
async function settleInTurns(
  session: NativeSession,
  membership: Membership,
  { body, count }: { readonly body: ByteReader; readonly count: number },
): Promise<SettleFailure[]> {
  // Why a copy: the bytes are borrowed until the first wait.
  const bytes = new Uint8Array(body.bytes.subarray(body.position, body.end))
  const failures: SettleFailure[] = []
  session.hold()
  try {
    const ahead = new ByteReader(bytes)
    await inTurns(session, count, (from, end) => checkSettles(ahead, end - from))
    ahead.finish()
    const reader = new ByteReader(bytes)
    await inTurns(session, count, (from, end) => settleSome(membership, reader, { from, end }, failures))
  } finally {
    session.letGo()
  }
  return failures
}

async function inTurns(
  { services, signal }: NativeSession,
  count: number,
  visit: (from: number, end: number) => void,
): Promise<void> {
  for (let from = 0; from < count; from += settlesPerTurn) {
    visit(from, Math.min(count, from + settlesPerTurn))
    await new Promise<void>((resolve) => {
      services.io.timers.soon(resolve)
    })
    // What its members held has come back: the rest would be stale, one by one.
    signal.throwIfAborted()
  }
}

/** Reads all of them once before the first takes effect: a request that cannot be read changes nothing. */
function checkSettles(ahead: ByteReader, count: number): void {
  for (let index = 0; index < count; index++) readSettleInto(ahead, settle)
}

function settleSome(
  membership: Membership,
  body: ByteReader,
  { from, end }: { readonly from: number; readonly end: number },
  failures: SettleFailure[],
): void {
  for (let index = from; index < end; index++) {
    readSettleInto(body, settle)
    const code = membership.settle(settle)
    if (code !== undefined) failures.push({ index, code })
  }
}
