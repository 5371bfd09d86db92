// ApiVersions: which requests are served, at which versions. The first request of nearly every client.

import type { ApiVersionsRequest, ApiVersionsResponse } from '@sluice/protocol/kafka/generated/api-versions'
import type { KafkaApi } from '@sluice/protocol/kafka/kafka-api'
import { kafkaErrors } from '../kafka-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'

const softwareForm = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

export function handleApiVersions(
  session: KafkaSession,
  { clientSoftwareName, clientSoftwareVersion }: ApiVersionsRequest,
  version: number,
): ApiVersionsResponse {
  const isNamed = softwareForm.test(clientSoftwareName) && softwareForm.test(clientSoftwareVersion)
  if (version >= 3 && !isNamed) return answer(kafkaErrors.INVALID_REQUEST, [], 0)
  return answer(kafkaErrors.NONE, session.apis, session.throttleTimeMs())
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
