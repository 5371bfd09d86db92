// SET_WINDOW: how many deliveries the member may hold from now on.

import type { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { opcodes } from '@sluice/protocol/native/frame'
import type { NativeSession } from '../native-session.ts'

export function handleSetWindow(
  session: NativeSession,
  correlation: number,
  body: ByteReader,
): Promise<void> | undefined {
  const subscription = session.subscriptions.require(body.u32())
  const window = body.u32()
  body.finish()
  subscription.membership.setWindow(window)
  // Why after: after the answer to window 0 nothing may come.
  return subscription.afterFlush(() => session.outbox.empty(opcodes.setWindow, correlation))
}
