// Path of a message 3/5 · from servers/native/handlers/publish.ts · to cluster/partition.ts.
// Checks record batches and appends them: from here on the protocol they came by does not matter.
// Must never append one part of a request before it has checked all of them.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { PublishedPart, PublishPart } from '@sluice/protocol/native/publish-messages'
import type { Partition } from '../../cluster/partition.ts'
import { checkPublishedBatch } from './publish-check.ts'
import type { Stream } from './stream.ts'

/**
 * Resolves when everything is durable, and answers in the order of the parts. All that it does before the
 * first wait, it does before it returns: calls made in order are appended in order. The batches are borrowed
 * until then.
 */
export async function publish(stream: Stream, parts: readonly PublishPart[]): Promise<PublishedPart[]> {
  let bytes = 0
  for (const part of parts) {
    checkPart(stream, part)
    bytes += part.batch.length
  }
  stream.admission.enter(bytes)
  try {
    const published = parts.map(({ partition, batch }) => append(stream.requirePartition(partition), batch))
    await durable(stream, parts)
    return published
  } catch (error) {
    throw stream.isDeleted ? deletedMeanwhile(stream) : error
  } finally {
    stream.admission.leave(bytes)
  }
}

function checkPart(stream: Stream, { partition, batch }: PublishPart): void {
  if (stream.isDeleted) throw deletedMeanwhile(stream)
  const { offline } = stream.requirePartition(partition)
  if (offline !== undefined) throw offline
  checkPublishedBatch(stream, batch)
}

/**
 * The one copy on the way in: the batch is a view of a socket's bytes, and the log keeps what it is given.
 * Why not `slice`: of a Buffer, which is what sockets give, it is another view.
 */
function append(partition: Partition, batch: Uint8Array): PublishedPart {
  return { partition: partition.index, baseOffset: partition.append(new Uint8Array(batch)) }
}

/** One wait per partition, not per part. */
async function durable(stream: Stream, parts: readonly PublishPart[]): Promise<void> {
  if (parts.length === 1) return stream.partitions[parts[0]!.partition]!.durable()
  const touched = new Set(parts.map(({ partition }) => partition))
  await Promise.all(Array.from(touched, (index) => stream.partitions[index]!.durable()))
}

function deletedMeanwhile(stream: Stream): BrokerError {
  return new BrokerError('stream-deleted', `Stream ${stream.name} was deleted`)
}
