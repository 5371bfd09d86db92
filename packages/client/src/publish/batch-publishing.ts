// `client.publishBatch`: many messages, confirmed as a whole.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { PublishLoad, publishFrameBytes, publishPartBytes } from './publish-load.ts'
import type { LoadPlace, SealedLoad } from './publish-load.ts'
import type { PublishDoors } from './publish-queue.ts'
import { isStreamChanged, requestPublish } from './publish-request.ts'
import type { PublishedParts } from './publish-request.ts'
import { checkMessage, messageBytesMax } from './published.ts'
import type { NewMessage, Published } from './published.ts'

interface Plan {
  readonly loads: readonly SealedLoad[]
  /** Of each message, in the order given. */
  readonly places: readonly (LoadPlace & { readonly load: number })[]
}

/**
 * Checks every message before any is sent. What one partition gets of a frame is stored as a whole or not at
 * all; where frames, or partitions of one, were stored before a failure, the error says which.
 */
export async function publishBatch(
  stream: string,
  messages: readonly NewMessage[],
  doors: PublishDoors,
): Promise<Published[]> {
  messages.forEach(checkMessage)
  if (messages.length === 0) return []
  const { routes } = doors.router
  const { partitionCount } = routes.get(stream) ?? (await routes.ask(stream))
  const plan = planLoads(messages, partitionCount, doors)
  const sizeBytes = plan.loads.reduce((size, load) => size + load.sizeBytes, 0)
  doors.home.reserve(sizeBytes)
  try {
    return await sendLoads(stream, plan, doors)
  } finally {
    doors.home.release(sizeBytes)
  }
}

function planLoads(messages: readonly NewMessage[], partitionCount: number, doors: PublishDoors): Plan {
  const sizeMax = doors.home.frameBytesMax - publishFrameBytes
  const nowMs = Math.floor(doors.platform.wallMs())
  const loads: PublishLoad[] = [new PublishLoad()]
  const places = messages.map((message, position) => {
    const size = messageBytesMax(message) + publishPartBytes
    if (size > sizeMax) {
      const text = `Message ${position} of the batch has ${size} bytes; the broker takes frames of ${sizeMax}`
      throw new BrokerError('message-too-large', text)
    }
    if (loads.at(-1)!.sizeBytes + size > sizeMax) loads.push(new PublishLoad())
    return { ...loads.at(-1)!.add(message, partitionCount, nowMs), load: loads.length - 1 }
  })
  return { loads: loads.map((load) => load.seal()), places }
}

async function sendLoads(stream: string, { loads, places }: Plan, doors: PublishDoors): Promise<Published[]> {
  const confirmed: PublishedParts[] = []
  let storedCount = 0
  for (const { parts, messageCount } of loads) {
    try {
      const published = await requestPublish(doors.router, { stream, parts, waitedMs: 0 })
      confirmed.push(published.whole(stream))
    } catch (error) {
      if (isStreamChanged(error)) doors.router.routes.forget(stream)
      throw storedCount === 0 ? error : partlyStored(error as BrokerError, storedCount, places.length)
    }
    storedCount += messageCount
  }
  return places.map((place) => confirmed[place.load]!.placeOf(place))
}

/** Why the code only of some: what is wrong in itself stays so, and is not to be tried again. */
function partlyStored(cause: BrokerError, storedCount: number, messageCount: number): BrokerError {
  const text = `The first ${storedCount} of ${messageCount} messages are stored, then: ${cause.message}`
  if (!cause.isRetryable) return BrokerError.received(cause.code, text)
  return new BrokerError('partly-stored', text.replace(/\.$/, ''), { cause })
}
