// Path of a message 2/5 · from servers/native/native-connection.ts · to services/streams/publish.ts.
// PUBLISH: the request as batches, the answer as their base offsets, sent when all are durable.

import type { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { opcodes } from '@sluice/protocol/native/frame'
import { readPublish, writePublished } from '@sluice/protocol/native/publish-messages'
import { publish } from '../../../services/streams/publish.ts'
import { batchFrameOverhead } from '../native-limits.ts'
import type { NativeSession } from '../native-session.ts'

export async function handlePublish(
  session: NativeSession,
  correlation: number,
  body: ByteReader,
): Promise<void> {
  const { services, outbox } = session
  const { stream, parts } = readPublish(body)
  const batchBytesMax = services.limits.frameBytesMax - batchFrameOverhead
  for (const { batch } of parts) if (batch.length > batchBytesMax) throw tooLarge(batch.length, batchBytesMax)
  const target = services.streams.require(stream)
  // Why not passed on: the client asks the leader itself, and pays for no copy between threads.
  for (const { partition } of parts) target.requireLed(partition)
  const published = await publish(target, parts, { areOwned: session.isRequestOwned })
  const start = outbox.begin(opcodes.publish, correlation)
  writePublished(outbox.writer, published)
  outbox.end(start)
}

/** Why: what cannot be sent back in a frame of the same limit must not be stored. */
function tooLarge(size: number, sizeMax: number): BrokerError {
  return new BrokerError('batch-too-large', `A record batch has ${size} bytes; the limit is ${sizeMax}`)
}
