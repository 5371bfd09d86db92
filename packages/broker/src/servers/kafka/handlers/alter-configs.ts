// AlterConfigs: replaces all configurations of topics; what is not named is as if it was never said.

import type {
  AlterConfigsRequest,
  AlterConfigsRequestResource,
  AlterConfigsResponse,
} from '@sluice/protocol/kafka/generated/alter-configs'
import { streamConfigOf, unsaidTopicConfigs } from '../../../services/streams/topic-configs.ts'
import { alterEach } from '../config-resources.ts'
import type { KafkaSession } from '../kafka-session.ts'
import { KafkaRefusal, repeated } from '../refusal.ts'

export async function handleAlterConfigs(
  session: KafkaSession,
  { resources, validateOnly }: AlterConfigsRequest,
): Promise<AlterConfigsResponse> {
  const responses = await alterEach(session.services, resources, validateOnly, (_, resource) => {
    const texts: Map<string, string | null> = unsaidTopicConfigs()
    for (const [name, value] of saidBy(resource)) texts.set(name, value)
    return streamConfigOf(texts, [], session.services.streams.bounds)
  })
  return { throttleTimeMs: session.throttleTimeMs(), responses }
}

function saidBy({ configs }: AlterConfigsRequestResource): [string, string][] {
  if (repeated(configs.map(({ name }) => name)).size > 0)
    throw new KafkaRefusal('INVALID_REQUEST', 'Each configuration must appear at most once.')
  return configs.map(({ name, value }) => {
    if (value === null) throw new KafkaRefusal('INVALID_REQUEST', `${name} has no value.`)
    return [name, value]
  })
}
