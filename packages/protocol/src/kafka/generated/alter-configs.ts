// Generated from definitions/alter-configs.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface AlterConfigsResponse {
  readonly throttleTimeMs: number
  readonly responses: readonly AlterConfigsResponseResponse[]
}

export interface AlterConfigsResponseResponse {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly resourceType: number
  readonly resourceName: string
}

export interface AlterConfigsRequest {
  readonly resources: readonly AlterConfigsRequestResource[]
  readonly validateOnly: boolean
}

export interface AlterConfigsRequestResource {
  readonly resourceType: number
  readonly resourceName: string
  readonly configs: readonly AlterConfigsRequestResourceConfig[]
}

export interface AlterConfigsRequestResourceConfig {
  readonly name: string
  readonly value: string | null
}

function readAlterConfigsRequestResourceConfig(
  reader: KafkaReader,
  version: number,
): AlterConfigsRequestResourceConfig {
  const isCompact = version >= 2
  const name = reader.string(isCompact)
  const value = reader.nullableString(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, value }
}

function writeAlterConfigsRequestResourceConfig(
  writer: KafkaWriter,
  value: AlterConfigsRequestResourceConfig,
  version: number,
): void {
  const isCompact = version >= 2
  writer.string(value.name, isCompact)
  writer.nullableString(value.value, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readAlterConfigsRequestResource(reader: KafkaReader, version: number): AlterConfigsRequestResource {
  const isCompact = version >= 2
  const resourceType = reader.i8()
  const resourceName = reader.string(isCompact)
  const configs: AlterConfigsRequestResourceConfig[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    configs.push(readAlterConfigsRequestResourceConfig(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { resourceType, resourceName, configs }
}

function writeAlterConfigsRequestResource(
  writer: KafkaWriter,
  value: AlterConfigsRequestResource,
  version: number,
): void {
  const isCompact = version >= 2
  writer.i8(value.resourceType)
  writer.string(value.resourceName, isCompact)
  writer.count(value.configs.length, isCompact)
  for (const element of value.configs) writeAlterConfigsRequestResourceConfig(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readAlterConfigsRequest(reader: KafkaReader, version: number): AlterConfigsRequest {
  const isCompact = version >= 2
  const resources: AlterConfigsRequestResource[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    resources.push(readAlterConfigsRequestResource(reader, version))
  const validateOnly = reader.bool()
  if (isCompact) {
    reader.skipTagged()
  }
  return { resources, validateOnly }
}

function writeAlterConfigsRequest(writer: KafkaWriter, value: AlterConfigsRequest, version: number): void {
  const isCompact = version >= 2
  writer.count(value.resources.length, isCompact)
  for (const element of value.resources) writeAlterConfigsRequestResource(writer, element, version)
  writer.bool(value.validateOnly)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readAlterConfigsResponseResponse(
  reader: KafkaReader,
  version: number,
): AlterConfigsResponseResponse {
  const isCompact = version >= 2
  const errorCode = reader.i16()
  const errorMessage = reader.nullableString(isCompact)
  const resourceType = reader.i8()
  const resourceName = reader.string(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { errorCode, errorMessage, resourceType, resourceName }
}

function writeAlterConfigsResponseResponse(
  writer: KafkaWriter,
  value: AlterConfigsResponseResponse,
  version: number,
): void {
  const isCompact = version >= 2
  writer.i16(value.errorCode)
  writer.nullableString(value.errorMessage, isCompact)
  writer.i8(value.resourceType)
  writer.string(value.resourceName, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readAlterConfigsResponse(reader: KafkaReader, version: number): AlterConfigsResponse {
  const isCompact = version >= 2
  const throttleTimeMs = reader.i32()
  const responses: AlterConfigsResponseResponse[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    responses.push(readAlterConfigsResponseResponse(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, responses }
}

function writeAlterConfigsResponse(writer: KafkaWriter, value: AlterConfigsResponse, version: number): void {
  const isCompact = version >= 2
  writer.i32(value.throttleTimeMs)
  writer.count(value.responses.length, isCompact)
  for (const element of value.responses) writeAlterConfigsResponseResponse(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** Replaces all properties of topics or brokers. */
export const alterConfigsApi: KafkaApi<AlterConfigsRequest, AlterConfigsResponse> = {
  name: 'AlterConfigs',
  key: 33,
  versions: { from: 0, to: 2 },
  advertisedFrom: 0,
  flexibleFrom: 2,
  readRequest: readAlterConfigsRequest,
  writeRequest: writeAlterConfigsRequest,
  readResponse: readAlterConfigsResponse,
  writeResponse: writeAlterConfigsResponse,
}
