// Generated from definitions/api-versions.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import { readAll, taggedBytes, writeAll } from '../kafka-fields.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface ApiVersionsResponse {
  readonly errorCode: number
  readonly apiKeys: readonly ApiVersionsResponseApiKey[]
  readonly throttleTimeMs: number
  readonly supportedFeatures?: readonly ApiVersionsResponseSupportedFeature[] | undefined
  readonly finalizedFeaturesEpoch?: number | undefined
  readonly finalizedFeatures?: readonly ApiVersionsResponseFinalizedFeature[] | undefined
  readonly zkMigrationReady?: boolean | undefined
}

export interface ApiVersionsResponseFinalizedFeature {
  readonly name: string
  readonly maxVersionLevel: number
  readonly minVersionLevel: number
}

export interface ApiVersionsResponseSupportedFeature {
  readonly name: string
  readonly minVersion: number
  readonly maxVersion: number
}

export interface ApiVersionsResponseApiKey {
  readonly apiKey: number
  readonly minVersion: number
  readonly maxVersion: number
}

export interface ApiVersionsRequest {
  readonly clientSoftwareName: string
  readonly clientSoftwareVersion: string
}

function readApiVersionsRequest(reader: KafkaReader, version: number): ApiVersionsRequest {
  const isCompact = version >= 3
  const clientSoftwareName: string = version >= 3 ? reader.string(isCompact) : ''
  const clientSoftwareVersion: string = version >= 3 ? reader.string(isCompact) : ''
  if (isCompact) {
    reader.skipTagged()
  }
  return { clientSoftwareName, clientSoftwareVersion }
}

function writeApiVersionsRequest(writer: KafkaWriter, value: ApiVersionsRequest, version: number): void {
  const isCompact = version >= 3
  if (version >= 3) {
    writer.string(value.clientSoftwareName, isCompact)
  }
  if (version >= 3) {
    writer.string(value.clientSoftwareVersion, isCompact)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readApiVersionsResponseApiKey(reader: KafkaReader, version: number): ApiVersionsResponseApiKey {
  const isCompact = version >= 3
  const apiKey = reader.i16()
  const minVersion = reader.i16()
  const maxVersion = reader.i16()
  if (isCompact) {
    reader.skipTagged()
  }
  return { apiKey, minVersion, maxVersion }
}

function writeApiVersionsResponseApiKey(
  writer: KafkaWriter,
  value: ApiVersionsResponseApiKey,
  version: number,
): void {
  const isCompact = version >= 3
  writer.i16(value.apiKey)
  writer.i16(value.minVersion)
  writer.i16(value.maxVersion)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readApiVersionsResponseSupportedFeature(
  reader: KafkaReader,
  _version: number,
): ApiVersionsResponseSupportedFeature {
  const name = reader.string(true)
  const minVersion = reader.i16()
  const maxVersion = reader.i16()
  reader.skipTagged()
  return { name, minVersion, maxVersion }
}

function writeApiVersionsResponseSupportedFeature(
  writer: KafkaWriter,
  value: ApiVersionsResponseSupportedFeature,
  _version: number,
): void {
  writer.string(value.name, true)
  writer.i16(value.minVersion)
  writer.i16(value.maxVersion)
  writer.uvarint(0)
}

function readApiVersionsResponseFinalizedFeature(
  reader: KafkaReader,
  _version: number,
): ApiVersionsResponseFinalizedFeature {
  const name = reader.string(true)
  const maxVersionLevel = reader.i16()
  const minVersionLevel = reader.i16()
  reader.skipTagged()
  return { name, maxVersionLevel, minVersionLevel }
}

function writeApiVersionsResponseFinalizedFeature(
  writer: KafkaWriter,
  value: ApiVersionsResponseFinalizedFeature,
  _version: number,
): void {
  writer.string(value.name, true)
  writer.i16(value.maxVersionLevel)
  writer.i16(value.minVersionLevel)
  writer.uvarint(0)
}

function readApiVersionsResponse(reader: KafkaReader, version: number): ApiVersionsResponse {
  const isCompact = version >= 3
  const errorCode = reader.i16()
  const apiKeys: ApiVersionsResponseApiKey[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    apiKeys.push(readApiVersionsResponseApiKey(reader, version))
  const throttleTimeMs: number = version >= 1 ? reader.i32() : 0
  let supportedFeatures: readonly ApiVersionsResponseSupportedFeature[] = []
  let finalizedFeaturesEpoch: number = -1
  let finalizedFeatures: readonly ApiVersionsResponseFinalizedFeature[] = []
  let zkMigrationReady: boolean = false
  if (isCompact) {
    for (let left = reader.taggedCount(); left > 0; left--) {
      const tag = reader.uvarint()
      const end = reader.taggedEnd()
      if (tag === 0 && version >= 3)
        supportedFeatures = readAll(reader, version, readApiVersionsResponseSupportedFeature)
      else if (tag === 1 && version >= 3) finalizedFeaturesEpoch = reader.i64()
      else if (tag === 2 && version >= 3)
        finalizedFeatures = readAll(reader, version, readApiVersionsResponseFinalizedFeature)
      else if (tag === 3 && version >= 3) zkMigrationReady = reader.bool()
      else reader.position = end
      reader.endTagged(end)
    }
  }
  return {
    errorCode,
    apiKeys,
    throttleTimeMs,
    supportedFeatures,
    finalizedFeaturesEpoch,
    finalizedFeatures,
    zkMigrationReady,
  }
}

function writeApiVersionsResponse(writer: KafkaWriter, value: ApiVersionsResponse, version: number): void {
  const isCompact = version >= 3
  writer.i16(value.errorCode)
  writer.count(value.apiKeys.length, isCompact)
  for (const element of value.apiKeys) writeApiVersionsResponseApiKey(writer, element, version)
  if (version >= 1) {
    writer.i32(value.throttleTimeMs)
  }
  if (isCompact) {
    const tagged: [number, Uint8Array][] = []
    if (version >= 3 && value.supportedFeatures !== undefined && value.supportedFeatures.length > 0)
      tagged.push([
        0,
        taggedBytes((writer) =>
          writeAll(writer, value.supportedFeatures!, version, writeApiVersionsResponseSupportedFeature),
        ),
      ])
    if (version >= 3 && value.finalizedFeaturesEpoch !== undefined && value.finalizedFeaturesEpoch !== -1)
      tagged.push([1, taggedBytes((writer) => writer.i64(value.finalizedFeaturesEpoch!))])
    if (version >= 3 && value.finalizedFeatures !== undefined && value.finalizedFeatures.length > 0)
      tagged.push([
        2,
        taggedBytes((writer) =>
          writeAll(writer, value.finalizedFeatures!, version, writeApiVersionsResponseFinalizedFeature),
        ),
      ])
    if (version >= 3 && value.zkMigrationReady !== undefined && value.zkMigrationReady !== false)
      tagged.push([3, taggedBytes((writer) => writer.bool(value.zkMigrationReady!))])
    writer.uvarint(tagged.length)
    for (const [tag, bytes] of tagged) writer.tagged(tag, bytes)
  }
}

/** Which requests the broker answers, at which versions. */
export const apiVersionsApi: KafkaApi<ApiVersionsRequest, ApiVersionsResponse> = {
  name: 'ApiVersions',
  key: 18,
  versions: { from: 0, to: 4 },
  advertisedFrom: 0,
  flexibleFrom: 3,
  readRequest: readApiVersionsRequest,
  writeRequest: writeApiVersionsRequest,
  readResponse: readApiVersionsResponse,
  writeResponse: writeApiVersionsResponse,
}
