// IncrementalAlterConfigs: sets, deletes, appends to and subtracts from single configurations of topics.

import type {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsRequestResource,
  IncrementalAlterConfigsResponse,
} from '@sluice/protocol/kafka/generated/incremental-alter-configs'
import type { Stream } from '../../../services/streams/stream.ts'
import {
  requireTopicConfig,
  streamConfigOf,
  topicConfigText,
} from '../../../services/streams/topic-configs.ts'
import type { BrokerSizes } from '../../../services/streams/topic-configs.ts'
import { alterEach } from '../config-resources.ts'
import type { KafkaSession } from '../kafka-session.ts'
import { KafkaRefusal, repeated } from '../refusal.ts'

const [set, remove, append, subtract] = [0, 1, 2, 3]

type Alteration = IncrementalAlterConfigsRequestResource['configs'][number]

export async function handleIncrementalAlterConfigs(
  session: KafkaSession,
  { resources, validateOnly }: IncrementalAlterConfigsRequest,
): Promise<IncrementalAlterConfigsResponse> {
  const { services } = session
  const sizes = services.streams.bounds
  const responses = await alterEach(services, resources, validateOnly, (stream, { configs }) => {
    if (repeated(configs.map(({ name }) => name)).size > 0)
      throw new KafkaRefusal('INVALID_REQUEST', 'Each configuration must appear at most once.')
    const texts = configs.map((each) => [each.name, textAfter(each, stream, sizes)] as const)
    return streamConfigOf(new Map(texts), stream.config.kafkaConfigs, sizes)
  })
  return { throttleTimeMs: session.throttleTimeMs(), responses }
}

/** Null: as if it was never said. */
function textAfter(
  { name, configOperation, value }: Alteration,
  { config }: Stream,
  sizes: BrokerSizes,
): string | null {
  if (configOperation === remove) {
    requireTopicConfig(name)
    return null
  }
  if (value === null) throw new KafkaRefusal('INVALID_REQUEST', `${name} has no value.`)
  if (configOperation === set) return value
  if (configOperation !== append && configOperation !== subtract)
    throw new KafkaRefusal('INVALID_REQUEST', `There is no operation ${configOperation}.`)
  const row = requireTopicConfig(name)
  if (row.type !== 'list')
    throw new KafkaRefusal('INVALID_CONFIG', `${name} is no list: nothing can be appended or subtracted.`)
  const current = partsOf(topicConfigText(row, config, sizes))
  const given = partsOf(value)
  const after =
    configOperation === append
      ? [...current, ...given.filter((part) => !current.includes(part))]
      : current.filter((part) => !given.includes(part))
  return after.join(',')
}

function partsOf(list: string): string[] {
  return list
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
