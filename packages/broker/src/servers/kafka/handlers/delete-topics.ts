// DeleteTopics: by name or by id. All of a stream goes with it, its flow consumers too.

import type {
  DeleteTopicsRequest,
  DeleteTopicsResponse,
  DeleteTopicsResponseResponse,
} from '@sluice/protocol/kafka/generated/delete-topics'
import { zeroUuid } from '@sluice/protocol/kafka/kafka-fields'
import type { KafkaServices, KafkaSession } from '../kafka-session.ts'
import { KafkaRefusal, notRefused, refusalOf, repeated } from '../refusal.ts'

/** From here on topics are named by structures that may hold an id. */
const versionWithIds = 6

interface AskedTopic {
  readonly name: string | null
  readonly topicId: string
}

export async function handleDeleteTopics(
  session: KafkaSession,
  { topics, topicNames }: DeleteTopicsRequest,
  version: number,
): Promise<DeleteTopicsResponse> {
  const { services } = session
  const asked: readonly AskedTopic[] =
    version >= versionWithIds ? topics : topicNames.map((name) => ({ name, topicId: zeroUuid }))
  const names = asked.map((each) => nameOf(services, each))
  const twice = repeated(names.filter((name) => name !== null))
  const responses: DeleteTopicsResponseResponse[] = []
  for (const [at, each] of asked.entries()) {
    const name = names[at]!
    const { topicId } = each
    const outcome = await deleteTopic(services, each, name, twice).then(() => notRefused, refusalOf)
    responses.push({ name: name ?? each.name, topicId, ...outcome })
  }
  return { throttleTimeMs: session.throttleTimeMs(), responses }
}

async function deleteTopic(
  { call, streams }: KafkaServices,
  asked: AskedTopic,
  name: string | null,
  twice: ReadonlySet<string>,
): Promise<void> {
  if ((asked.topicId === zeroUuid) === (asked.name === null))
    throw new KafkaRefusal('INVALID_REQUEST', 'A topic is named either by its name or by its id.')
  if (name === null) throw new KafkaRefusal('UNKNOWN_TOPIC_ID', 'No topic has this id.')
  if (twice.has(name)) throw new KafkaRefusal('INVALID_REQUEST', 'Duplicate topic.')
  streams.require(name)
  await call('streams.delete', { name })
}

function nameOf({ topics }: KafkaServices, { name, topicId }: AskedTopic): string | null {
  return topicId === zeroUuid ? name : (topics.find(topicId)?.name ?? null)
}
