// DescribeConfigs: the configurations of topics, brokers and groups, all of them or those that are named.

import type {
  DescribeConfigsRequest,
  DescribeConfigsRequestResource,
  DescribeConfigsResponse,
  DescribeConfigsResponseResult,
  DescribeConfigsResponseResultConfig,
} from '@sluice/protocol/kafka/generated/describe-configs'
import { brokerEntries, configSources, configTypes, groupEntries, topicEntries } from '../config-entries.ts'
import type { ConfigEntry } from '../config-entries.ts'
import { distinctBy } from '../asked-places.ts'
import { findResource } from '../config-resources.ts'
import type { KafkaServices, KafkaSession } from '../kafka-session.ts'
import { notRefused, refusalOf } from '../refusal.ts'

export function handleDescribeConfigs(
  session: KafkaSession,
  request: DescribeConfigsRequest,
): DescribeConfigsResponse {
  const asked = distinctBy(request.resources, ({ resourceType, resourceName, configurationKeys }) => {
    return `${resourceType}/${resourceName}/${configurationKeys?.join() ?? '*'}`
  })
  const results = asked.map((resource) => resultOf(session.services, resource, request))
  return { throttleTimeMs: session.throttleTimeMs(), results }
}

function resultOf(
  services: KafkaServices,
  resource: DescribeConfigsRequestResource,
  request: DescribeConfigsRequest,
): DescribeConfigsResponseResult {
  const { resourceType, resourceName, configurationKeys } = resource
  try {
    const asked = configurationKeys === null ? undefined : new Set(configurationKeys)
    const entries = entriesOf(services, resource).filter(({ name }) => asked?.has(name) ?? true)
    const configs = entries.map((entry) => described(entry, request))
    return { ...notRefused, resourceType, resourceName, configs }
  } catch (error) {
    return { ...refusalOf(error), resourceType, resourceName, configs: [] }
  }
}

function entriesOf(services: KafkaServices, resource: DescribeConfigsRequestResource): ConfigEntry[] {
  const found = findResource(services, resource)
  if (found.kind === 'topic') return topicEntries(services, found.stream.config)
  if (found.kind === 'group') return groupEntries(services)
  // Why nothing of all brokers: that would be what was set for all of them while they run, which nothing is.
  return found.brokerId === undefined ? [] : brokerEntries(services, found.brokerId)
}

function described(
  { name, value, source, type, isReadOnly, synonyms, doc }: ConfigEntry,
  { includeSynonyms, includeDocumentation }: DescribeConfigsRequest,
): DescribeConfigsResponseResultConfig {
  return {
    name,
    value,
    readOnly: isReadOnly,
    isDefault: source === configSources.default,
    configSource: source,
    isSensitive: false,
    synonyms: includeSynonyms ? synonyms : [],
    configType: configTypes[type],
    documentation: includeDocumentation ? doc : null,
  }
}
