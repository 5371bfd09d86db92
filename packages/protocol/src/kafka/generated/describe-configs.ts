// Generated from definitions/describe-configs.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface DescribeConfigsResponse {
  readonly throttleTimeMs: number
  readonly results: readonly DescribeConfigsResponseResult[]
}

export interface DescribeConfigsResponseResult {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly resourceType: number
  readonly resourceName: string
  readonly configs: readonly DescribeConfigsResponseResultConfig[]
}

export interface DescribeConfigsResponseResultConfig {
  readonly name: string
  readonly value: string | null
  readonly readOnly: boolean
  readonly isDefault: boolean
  readonly configSource?: number | undefined
  readonly isSensitive: boolean
  readonly synonyms: readonly DescribeConfigsResponseResultConfigSynonym[]
  readonly configType: number
  readonly documentation: string | null
}

export interface DescribeConfigsResponseResultConfigSynonym {
  readonly name: string
  readonly value: string | null
  readonly source: number
}

export interface DescribeConfigsRequest {
  readonly resources: readonly DescribeConfigsRequestResource[]
  readonly includeSynonyms: boolean
  readonly includeDocumentation: boolean
}

export interface DescribeConfigsRequestResource {
  readonly resourceType: number
  readonly resourceName: string
  readonly configurationKeys: readonly string[] | null
}

function readDescribeConfigsRequestResource(
  reader: KafkaReader,
  version: number,
): DescribeConfigsRequestResource {
  const isCompact = version >= 4
  const resourceType = reader.i8()
  const resourceName = reader.string(isCompact)
  const configurationKeys = reader.nullableStrings(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { resourceType, resourceName, configurationKeys }
}

function writeDescribeConfigsRequestResource(
  writer: KafkaWriter,
  value: DescribeConfigsRequestResource,
  version: number,
): void {
  const isCompact = version >= 4
  writer.i8(value.resourceType)
  writer.string(value.resourceName, isCompact)
  writer.strings(value.configurationKeys, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDescribeConfigsRequest(reader: KafkaReader, version: number): DescribeConfigsRequest {
  const isCompact = version >= 4
  const resources: DescribeConfigsRequestResource[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    resources.push(readDescribeConfigsRequestResource(reader, version))
  const includeSynonyms: boolean = version >= 1 ? reader.bool() : false
  const includeDocumentation: boolean = version >= 3 ? reader.bool() : false
  if (isCompact) {
    reader.skipTagged()
  }
  return { resources, includeSynonyms, includeDocumentation }
}

function writeDescribeConfigsRequest(
  writer: KafkaWriter,
  value: DescribeConfigsRequest,
  version: number,
): void {
  const isCompact = version >= 4
  writer.count(value.resources.length, isCompact)
  for (const element of value.resources) writeDescribeConfigsRequestResource(writer, element, version)
  if (version >= 1) {
    writer.bool(value.includeSynonyms)
  }
  if (version >= 3) {
    writer.bool(value.includeDocumentation)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDescribeConfigsResponseResultConfigSynonym(
  reader: KafkaReader,
  version: number,
): DescribeConfigsResponseResultConfigSynonym {
  const isCompact = version >= 4
  const name = reader.string(isCompact)
  const value = reader.nullableString(isCompact)
  const source = reader.i8()
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, value, source }
}

function writeDescribeConfigsResponseResultConfigSynonym(
  writer: KafkaWriter,
  value: DescribeConfigsResponseResultConfigSynonym,
  version: number,
): void {
  const isCompact = version >= 4
  writer.string(value.name, isCompact)
  writer.nullableString(value.value, isCompact)
  writer.i8(value.source)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDescribeConfigsResponseResultConfig(
  reader: KafkaReader,
  version: number,
): DescribeConfigsResponseResultConfig {
  const isCompact = version >= 4
  const name = reader.string(isCompact)
  const value = reader.nullableString(isCompact)
  const readOnly = reader.bool()
  const isDefault: boolean = version <= 0 ? reader.bool() : false
  const configSource: number = version >= 1 ? reader.i8() : -1
  const isSensitive = reader.bool()
  const synonyms: DescribeConfigsResponseResultConfigSynonym[] = []
  if (version >= 1) {
    for (let left = reader.countOfSome(isCompact); left > 0; left--)
      synonyms.push(readDescribeConfigsResponseResultConfigSynonym(reader, version))
  }
  const configType: number = version >= 3 ? reader.i8() : 0
  const documentation: string | null = version >= 3 ? reader.nullableString(isCompact) : null
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, value, readOnly, isDefault, configSource, isSensitive, synonyms, configType, documentation }
}

function writeDescribeConfigsResponseResultConfig(
  writer: KafkaWriter,
  value: DescribeConfigsResponseResultConfig,
  version: number,
): void {
  const isCompact = version >= 4
  writer.string(value.name, isCompact)
  writer.nullableString(value.value, isCompact)
  writer.bool(value.readOnly)
  if (version <= 0) {
    writer.bool(value.isDefault)
  }
  if (version >= 1) {
    writer.i8(value.configSource ?? -1)
  }
  writer.bool(value.isSensitive)
  if (version >= 1) {
    writer.count(value.synonyms.length, isCompact)
    for (const element of value.synonyms)
      writeDescribeConfigsResponseResultConfigSynonym(writer, element, version)
  }
  if (version >= 3) {
    writer.i8(value.configType)
  }
  if (version >= 3) {
    writer.nullableString(value.documentation, isCompact)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDescribeConfigsResponseResult(
  reader: KafkaReader,
  version: number,
): DescribeConfigsResponseResult {
  const isCompact = version >= 4
  const errorCode = reader.i16()
  const errorMessage = reader.nullableString(isCompact)
  const resourceType = reader.i8()
  const resourceName = reader.string(isCompact)
  const configs: DescribeConfigsResponseResultConfig[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    configs.push(readDescribeConfigsResponseResultConfig(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { errorCode, errorMessage, resourceType, resourceName, configs }
}

function writeDescribeConfigsResponseResult(
  writer: KafkaWriter,
  value: DescribeConfigsResponseResult,
  version: number,
): void {
  const isCompact = version >= 4
  writer.i16(value.errorCode)
  writer.nullableString(value.errorMessage, isCompact)
  writer.i8(value.resourceType)
  writer.string(value.resourceName, isCompact)
  writer.count(value.configs.length, isCompact)
  for (const element of value.configs) writeDescribeConfigsResponseResultConfig(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDescribeConfigsResponse(reader: KafkaReader, version: number): DescribeConfigsResponse {
  const isCompact = version >= 4
  const throttleTimeMs = reader.i32()
  const results: DescribeConfigsResponseResult[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    results.push(readDescribeConfigsResponseResult(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, results }
}

function writeDescribeConfigsResponse(
  writer: KafkaWriter,
  value: DescribeConfigsResponse,
  version: number,
): void {
  const isCompact = version >= 4
  writer.i32(value.throttleTimeMs)
  writer.count(value.results.length, isCompact)
  for (const element of value.results) writeDescribeConfigsResponseResult(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** Properties of topics and brokers, with where each value comes from. */
export const describeConfigsApi: KafkaApi<DescribeConfigsRequest, DescribeConfigsResponse> = {
  name: 'DescribeConfigs',
  key: 32,
  versions: { from: 0, to: 4 },
  advertisedFrom: 0,
  flexibleFrom: 4,
  readRequest: readDescribeConfigsRequest,
  writeRequest: writeDescribeConfigsRequest,
  readResponse: readDescribeConfigsResponse,
  writeResponse: writeDescribeConfigsResponse,
}
