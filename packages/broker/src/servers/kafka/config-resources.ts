// The things that have configurations, as requests name them: topics, brokers by their numbers, and groups.

import type { Stream } from '../../services/streams/stream.ts'
import { checkStreamName } from '../../services/streams/stream-config.ts'
import type { KafkaServices } from './kafka-session.ts'
import { KafkaRefusal, notRefused, refusalOf, repeated } from './refusal.ts'
import type { Refusal } from './refusal.ts'

const topicType = 2
const brokerType = 4
const groupType = 32

export interface ConfigResource {
  readonly resourceType: number
  readonly resourceName: string
}

export type FoundResource =
  | { readonly kind: 'topic'; readonly stream: Stream }
  /** The id is undefined where all of them are meant. */
  | { readonly kind: 'broker'; readonly brokerId: number | undefined }
  /** Also one that there is not, as in Kafka. */
  | { readonly kind: 'group' }

/** Throws what is wrong with the name. */
export function findResource(
  { streams, cluster }: KafkaServices,
  { resourceType, resourceName }: ConfigResource,
): FoundResource {
  if (resourceType === topicType) {
    checkStreamName(resourceName)
    return { kind: 'topic', stream: streams.require(resourceName) }
  }
  if (resourceType === groupType) {
    if (resourceName === '') throw new KafkaRefusal('INVALID_REQUEST', 'A group has a name.')
    return { kind: 'group' }
  }
  if (resourceType !== brokerType) {
    const text = `Resources of type ${resourceType} have no configurations here.`
    throw new KafkaRefusal('INVALID_REQUEST', text)
  }
  if (resourceName === '') return { kind: 'broker', brokerId: undefined }
  const brokerId = /^\d{1,10}$/.test(resourceName) ? Number(resourceName) : -1
  if (cluster.hasBroker(brokerId)) return { kind: 'broker', brokerId }
  throw new KafkaRefusal('INVALID_REQUEST', `There is no broker ${JSON.stringify(resourceName)}.`)
}

export interface AlteredResource extends Refusal, ConfigResource {}

/** One after the other; what is wrong with one says nothing of the others. */
export async function alterEach<T extends ConfigResource>(
  services: KafkaServices,
  resources: readonly T[],
  isValidatedOnly: boolean,
  changesOf: (stream: Stream, resource: T) => object,
): Promise<AlteredResource[]> {
  const twice = repeated(resources.map(keyOf))
  const answers: AlteredResource[] = []
  for (const resource of resources) {
    const { resourceType, resourceName } = resource
    const alter = async (): Promise<Refusal> => {
      if (twice.has(keyOf(resource)))
        throw new KafkaRefusal('INVALID_REQUEST', 'Each resource must appear at most once.')
      const found = findResource(services, resource)
      if (found.kind !== 'topic') {
        const text = 'Brokers, and groups as their members, are configured where brokers are started.'
        throw new KafkaRefusal('INVALID_REQUEST', text)
      }
      const { name } = found.stream
      const config = changesOf(found.stream, resource)
      if (isValidatedOnly) services.streams.checkAlteration(name, config)
      else await services.call('streams.alter', { name, config })
      return notRefused
    }
    answers.push({ ...(await alter().catch(refusalOf)), resourceType, resourceName })
  }
  return answers
}

function keyOf({ resourceType, resourceName }: ConfigResource): string {
  return `${resourceType}/${resourceName}`
}
