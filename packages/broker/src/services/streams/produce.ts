// Appends record batches as Kafka's clients send them: beside publish.ts, which it shares everything below
// with. Must never append a batch of an idempotent producer twice, nor out of its order.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { codecNames, recompressBatch } from '@sluice/protocol/record/compression/codecs'
import { compressionOf, maxTimestampOf, producerIdOf, stampBatch } from '@sluice/protocol/record/record-batch'
import { unreachable } from '../../base/assert.ts'
import type { Clock } from '../../io/io.ts'
import type { LedPartition } from '../../cluster/partition.ts'
import { checkBatchSize, checkProducedBatch } from './produce-check.ts'
import type { UnpackingRoom } from './produce-check.ts'
import type { Stream } from './stream.ts'

export interface ProducedBatch {
  /** Of the partition. */
  readonly index: number
  readonly bytes: Uint8Array
  /** The bytes are the log's from now on; else they are borrowed until `produce` returns. */
  readonly isOwned: boolean
  /** Of the request that it is from. */
  readonly room: UnpackingRoom
}

export interface Produced {
  readonly baseOffset: number
  /** Undefined where the records keep the times of their publisher. */
  readonly appendTimeMs: number | undefined
  readonly logStart: number
}

/**
 * Appends one batch before it returns, so that calls made in order are appended in order, and resolves when
 * it is durable as the stream promises; with the place of the first where it was appended before. Rejects
 * with what is wrong with it.
 */
export async function produce(
  stream: Stream,
  { index, bytes, isOwned, room }: ProducedBatch,
  clock: Clock,
): Promise<Produced> {
  if (stream.isDeleted) throw deletedMeanwhile(stream)
  const partition = stream.requireLed(index)
  if (partition.offline !== undefined) throw partition.offline
  const nowMs = Math.round(clock.wallMs())
  const maxTimestamp = checkProducedBatch(stream, bytes, nowMs, room)
  const repeatedAt = repeatOf(stream, partition, bytes)
  if (repeatedAt !== undefined) {
    await durable(stream, partition)
    return { baseOffset: repeatedAt, appendTimeMs: undefined, logStart: partition.logStart }
  }
  const kept = compressedAsKept(stream, bytes)
  stream.admission.enter(kept.length)
  try {
    const isAppendTime = stream.config.timestampType === 'append'
    // Why not `slice`: of a Buffer, which is what sockets give, it is another view.
    const batch = isOwned || kept !== bytes ? kept : new Uint8Array(kept)
    stamp(batch, isAppendTime ? nowMs : maxTimestamp, isAppendTime)
    const baseOffset = partition.append(batch)
    await partition.durable()
    return { baseOffset, appendTimeMs: isAppendTime ? nowMs : undefined, logStart: partition.logStart }
  } catch (error) {
    throw stream.isDeleted ? deletedMeanwhile(stream) : error
  } finally {
    stream.admission.leave(kept.length)
  }
}

/** Where the batch is stored already; undefined where it is the next. */
function repeatOf(stream: Stream, partition: LedPartition, bytes: Uint8Array): number | undefined {
  const id = producerIdOf(bytes, 0)
  if (id < 0) return undefined
  const verdict = partition.judgeSequence(bytes, 0)
  const what = `A batch of producer ${id} for partition ${partition.index} of stream ${stream.name}`
  switch (verdict.kind) {
    case 'next':
      return undefined
    case 'repeated':
      return verdict.baseOffset
    case 'out-of-order':
      throw new BrokerError('out-of-order-sequence', `${what} does not follow the one before`)
    case 'stale-epoch':
      throw new BrokerError('stale-producer-epoch', `${what} is of an earlier epoch`)
    default:
      return unreachable(verdict)
  }
}

/** The bytes themselves, or the batch in the compression that the stream is to have. */
function compressedAsKept(stream: Stream, bytes: Uint8Array): Uint8Array {
  const { compressionType } = stream.config
  if (compressionType === 'producer') return bytes
  const codec = codecNames.indexOf(compressionType)
  if (codec === compressionOf(bytes, 0)) return bytes
  const batch = recompressBatch(bytes, codec)
  checkBatchSize(stream, batch.length)
  return batch
}

/** Makes the header true where the client left that to the broker. */
function stamp(batch: Uint8Array, maxTimestamp: number, isAppendTime: boolean): void {
  if (isAppendTime || maxTimestampOf(batch, 0) !== maxTimestamp) {
    stampBatch(batch, 0, maxTimestamp, isAppendTime)
  }
}

async function durable(stream: Stream, partition: LedPartition): Promise<void> {
  try {
    await partition.durable()
  } catch (error) {
    throw stream.isDeleted ? deletedMeanwhile(stream) : error
  }
}

function deletedMeanwhile(stream: Stream): BrokerError {
  return new BrokerError('stream-deleted', `Stream ${stream.name} was deleted`)
}
