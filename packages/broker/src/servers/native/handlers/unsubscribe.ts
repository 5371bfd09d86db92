// UNSUBSCRIBE: the member leaves in order; what it holds is released.

import type { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { opcodes } from '@sluice/protocol/native/frame'
import type { NativeSession } from '../native-session.ts'

export function handleUnsubscribe(
  session: NativeSession,
  correlation: number,
  body: ByteReader,
): Promise<void> | undefined {
  const subscription = session.subscriptions.require(body.u32())
  body.finish()
  session.subscriptions.remove(subscription)
  // Why: what waits to go out still does, and no more comes to it.
  subscription.membership.setWindow(0)
  return subscription.afterFlush(() => {
    subscription.leave('closed')
    session.outbox.empty(opcodes.unsubscribe, correlation)
  })
}
