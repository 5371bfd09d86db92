// ApiVersions: which requests are served, at which versions. The first request of nearly every client.

import type { ApiVersionsRequest, ApiVersionsResponse } from '@sluice/protocol/kafka/generated/api-versions'
import type { KafkaApi } from '@sluice/protocol/kafka/kafka-api'
import { kafkaErrors } from '../kafka-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'

/** The consumer protocol of groups: clients look here whether it is on, as well as whether it is served. */
const groupVersion = 1
const supportedFeatures = [{ name: 'group.version', minVersion: 0, maxVersion: groupVersion }]
const finalized = {
  finalizedFeaturesEpoch: 0,
  finalizedFeatures: [
    { name: 'group.version', maxVersionLevel: groupVersion, minVersionLevel: groupVersion },
  ],
}

const versionWithZero = 4

const softwareForm = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

export function handleApiVersions(
  session: KafkaSession,
  { clientSoftwareName, clientSoftwareVersion }: ApiVersionsRequest,
  version: number,
): ApiVersionsResponse {
  const isNamed = softwareForm.test(clientSoftwareName) && softwareForm.test(clientSoftwareVersion)
  if (version >= 3 && !isNamed) return answer(kafkaErrors.INVALID_REQUEST, [], 0)
  const told = answer(kafkaErrors.NONE, session.apis, session.throttleTimeMs())
  // Why so: who asks in an older version takes a feature that begins at 0 for a malformed answer.
  return { ...told, ...finalized, ...(version >= versionWithZero && { supportedFeatures }) }
}

/** For a version that is not served, in version 0: which versions of ApiVersions itself are. */
export function unsupportedApiVersions(api: KafkaApi<unknown, unknown>): ApiVersionsResponse {
  return answer(kafkaErrors.UNSUPPORTED_VERSION, [api], 0)
}

function answer(
  errorCode: number,
  apis: readonly KafkaApi<unknown, unknown>[],
  throttleTimeMs: number,
): ApiVersionsResponse {
  const apiKeys = apis.map(({ key, advertisedFrom, versions }) => ({
    apiKey: key,
    minVersion: advertisedFrom,
    maxVersion: versions.to,
  }))
  return { errorCode, apiKeys, throttleTimeMs }
}
