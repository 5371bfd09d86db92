// Path of a message 3/5 · from servers/native/handlers/publish.ts · to cluster/partition.ts.
// Checks record batches and appends them: from here on the protocol they came by does not matter.
// Must never append one part of a request before it has checked all of them.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { PublishedPart, PublishPart } from '@sluice/protocol/native/publish-messages'
import { lastOffsetDeltaOf } from '@sluice/protocol/record/record-batch'
import { LedPartition } from '../../cluster/partition.ts'
import { checkPublishedBatch } from './publish-check.ts'
import type { PublishedKeys } from './publish-check.ts'
import { checkTimes, stampTimes } from './published-times.ts'
import type { Stream } from './stream.ts'

export interface PublishManner {
  readonly keys?: PublishedKeys
  /** The batches are the log's from now on; else they are borrowed until the first wait. */
  readonly areOwned?: boolean
}

/**
 * Resolves when everything is durable, and answers in the order of the parts. All that it does before the
 * first wait, it does before it returns: calls made in order are appended in order. Partitions
 * that another node leads are asked to store their share. What one partition gets is stored as a whole or not
 * at all; where only some partitions store their share, it rejects with `partly-stored`, which names them.
 */
export async function publish(
  stream: Stream,
  parts: readonly PublishPart[],
  { keys = 'subjects', areOwned = false }: PublishManner = {},
): Promise<PublishedPart[]> {
  let bytes = 0
  for (const part of parts) {
    checkPart(stream, part, keys)
    bytes += part.batch.length
  }
  stream.admission.enter(bytes)
  try {
    const owned = areOwned ? parts : parts.map(ownPart)
    return owned.length === 1 ? await store(stream, owned) : await storeShares(stream, owned)
  } catch (error) {
    throw stream.isDeleted ? deletedMeanwhile(stream) : error
  } finally {
    stream.admission.leave(bytes)
  }
}

function checkPart(stream: Stream, { partition, batch }: PublishPart, keys: PublishedKeys): void {
  if (stream.isDeleted) throw deletedMeanwhile(stream)
  const { offline } = stream.requirePartition(partition)
  if (offline !== undefined) throw offline
  checkPublishedBatch(stream, batch, keys)
  // Why not of what is published for others: a dead letter is as old as its record.
  if (keys === 'subjects') checkTimes(stream, batch)
}

/** All parts are of one partition, and their batches the log's. */
async function store(stream: Stream, parts: readonly PublishPart[]): Promise<PublishedPart[]> {
  const index = parts[0]!.partition
  const partition = stream.requirePartition(index)
  const batches = parts.map(({ batch }) => batch)
  stampTimes(stream, batches)
  const isLed = partition instanceof LedPartition
  let baseOffset = isLed ? partition.appendAll(batches) : await partition.store(batches)
  const published: PublishedPart[] = []
  for (const { batch } of parts) {
    published.push({ partition: index, baseOffset })
    baseOffset += lastOffsetDeltaOf(batch, 0) + 1
  }
  if (isLed) await partition.durable()
  return published
}

/** Why not `slice`: of a Buffer, which is what sockets give, it is another view. */
function ownPart({ partition, batch }: PublishPart): PublishPart {
  return { partition, batch: new Uint8Array(batch) }
}

/** Each partition with its share. Waits for all of them: only then is it known what is stored. */
async function storeShares(stream: Stream, parts: readonly PublishPart[]): Promise<PublishedPart[]> {
  const shares = new Map<number, PublishPart[]>()
  for (const part of parts) {
    const share = shares.get(part.partition)
    if (share === undefined) shares.set(part.partition, [part])
    else share.push(part)
  }
  const outcomes = await Promise.allSettled(Array.from(shares.values(), (share) => store(stream, share)))
  const stored = new Map<number, readonly PublishedPart[]>()
  const failures = new Map<number, BrokerError>()
  for (const [at, index] of [...shares.keys()].entries()) {
    const outcome = outcomes[at]!
    if (outcome.status === 'fulfilled') stored.set(index, outcome.value)
    else failures.set(index, outcome.reason as BrokerError)
  }
  if (failures.size > 0) throw refusal(stream, stored, failures)
  const answers = new Map(Array.from(stored, ([index, share]) => [index, share.values()]))
  return parts.map(({ partition }) => answers.get(partition)!.next().value!)
}

function refusal(
  stream: Stream,
  stored: ReadonlyMap<number, readonly PublishedPart[]>,
  failures: ReadonlyMap<number, BrokerError>,
): BrokerError {
  const errors = [...failures.values()]
  // Why not just the first: `disk-full` says that nothing was kept, which others cannot.
  const cause = errors.find(({ code }) => code !== 'disk-full') ?? errors[0]!
  if (stored.size === 0) return cause
  const places = Array.from(stored, ([index, [first]]) => `${index} from offset ${first!.baseOffset}`)
  const text =
    `Of a publish to ${stream.name} only a part is stored, in partition ${places.join(', ')}; ` +
    `not confirmed is partition ${[...failures.keys()].join(', ')}: ${cause.message.replace(/\.$/, '')}`
  return new BrokerError('partly-stored', text, { cause })
}

function deletedMeanwhile(stream: Stream): BrokerError {
  return new BrokerError('stream-deleted', `Stream ${stream.name} was deleted`)
}
