// SUBSCRIBE: makes this connection a member of a flow consumer.

import type { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { readSubscribe } from '@sluice/protocol/native/flow-messages'
import { opcodes } from '@sluice/protocol/native/frame'
import type { NativeSession } from '../native-session.ts'
import { Subscription } from '../subscription.ts'

export function handleSubscribe(session: NativeSession, correlation: number, body: ByteReader): void {
  const { services, outbox, subscriptions, peerName } = session
  const { subscription: id, stream, consumer, window } = readSubscribe(body)
  const subscription = new Subscription(id, `${peerName} #${id}`, outbox, (ended) =>
    subscriptions.remove(ended),
  )
  subscriptions.add(subscription)
  try {
    subscription.start(
      (port) => services.flow.join(stream, consumer, port, window),
      () => outbox.empty(opcodes.subscribe, correlation),
    )
  } catch (error) {
    subscriptions.remove(subscription)
    throw error
  }
}
