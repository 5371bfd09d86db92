// PULL: the member asks for some deliveries more, whatever it holds.

import type { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { opcodes } from '@sluice/protocol/native/frame'
import type { NativeSession } from '../native-session.ts'

export function handlePull(
  session: NativeSession,
  correlation: number,
  body: ByteReader,
): Promise<void> | undefined {
  const subscription = session.subscriptions.require(body.u32())
  const count = body.u32()
  body.finish()
  subscription.membership.pull(count)
  // Why after: after the answer to count 0 nothing may come.
  return subscription.afterFlush(() => session.outbox.empty(opcodes.pull, correlation))
}
