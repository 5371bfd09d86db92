// Generated from definitions/incremental-alter-configs.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface IncrementalAlterConfigsResponse {
  readonly throttleTimeMs: number
  readonly responses: readonly IncrementalAlterConfigsResponseResponse[]
}

export interface IncrementalAlterConfigsResponseResponse {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly resourceType: number
  readonly resourceName: string
}

export interface IncrementalAlterConfigsRequest {
  readonly resources: readonly IncrementalAlterConfigsRequestResource[]
  readonly validateOnly: boolean
}

export interface IncrementalAlterConfigsRequestResource {
  readonly resourceType: number
  readonly resourceName: string
  readonly configs: readonly IncrementalAlterConfigsRequestResourceConfig[]
}

export interface IncrementalAlterConfigsRequestResourceConfig {
  readonly name: string
  readonly configOperation: number
  readonly value: string | null
}

function readIncrementalAlterConfigsRequestResourceConfig(
  reader: KafkaReader,
  version: number,
): IncrementalAlterConfigsRequestResourceConfig {
  const isCompact = version >= 1
  const name = reader.string(isCompact)
  const configOperation = reader.i8()
  const value = reader.nullableString(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, configOperation, value }
}

function writeIncrementalAlterConfigsRequestResourceConfig(
  writer: KafkaWriter,
  value: IncrementalAlterConfigsRequestResourceConfig,
  version: number,
): void {
  const isCompact = version >= 1
  writer.string(value.name, isCompact)
  writer.i8(value.configOperation)
  writer.nullableString(value.value, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readIncrementalAlterConfigsRequestResource(
  reader: KafkaReader,
  version: number,
): IncrementalAlterConfigsRequestResource {
  const isCompact = version >= 1
  const resourceType = reader.i8()
  const resourceName = reader.string(isCompact)
  const configs: IncrementalAlterConfigsRequestResourceConfig[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    configs.push(readIncrementalAlterConfigsRequestResourceConfig(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { resourceType, resourceName, configs }
}

function writeIncrementalAlterConfigsRequestResource(
  writer: KafkaWriter,
  value: IncrementalAlterConfigsRequestResource,
  version: number,
): void {
  const isCompact = version >= 1
  writer.i8(value.resourceType)
  writer.string(value.resourceName, isCompact)
  writer.count(value.configs.length, isCompact)
  for (const element of value.configs)
    writeIncrementalAlterConfigsRequestResourceConfig(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readIncrementalAlterConfigsRequest(
  reader: KafkaReader,
  version: number,
): IncrementalAlterConfigsRequest {
  const isCompact = version >= 1
  const resources: IncrementalAlterConfigsRequestResource[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    resources.push(readIncrementalAlterConfigsRequestResource(reader, version))
  const validateOnly = reader.bool()
  if (isCompact) {
    reader.skipTagged()
  }
  return { resources, validateOnly }
}

function writeIncrementalAlterConfigsRequest(
  writer: KafkaWriter,
  value: IncrementalAlterConfigsRequest,
  version: number,
): void {
  const isCompact = version >= 1
  writer.count(value.resources.length, isCompact)
  for (const element of value.resources) writeIncrementalAlterConfigsRequestResource(writer, element, version)
  writer.bool(value.validateOnly)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readIncrementalAlterConfigsResponseResponse(
  reader: KafkaReader,
  version: number,
): IncrementalAlterConfigsResponseResponse {
  const isCompact = version >= 1
  const errorCode = reader.i16()
  const errorMessage = reader.nullableString(isCompact)
  const resourceType = reader.i8()
  const resourceName = reader.string(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { errorCode, errorMessage, resourceType, resourceName }
}

function writeIncrementalAlterConfigsResponseResponse(
  writer: KafkaWriter,
  value: IncrementalAlterConfigsResponseResponse,
  version: number,
): void {
  const isCompact = version >= 1
  writer.i16(value.errorCode)
  writer.nullableString(value.errorMessage, isCompact)
  writer.i8(value.resourceType)
  writer.string(value.resourceName, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readIncrementalAlterConfigsResponse(
  reader: KafkaReader,
  version: number,
): IncrementalAlterConfigsResponse {
  const isCompact = version >= 1
  const throttleTimeMs = reader.i32()
  const responses: IncrementalAlterConfigsResponseResponse[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    responses.push(readIncrementalAlterConfigsResponseResponse(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, responses }
}

function writeIncrementalAlterConfigsResponse(
  writer: KafkaWriter,
  value: IncrementalAlterConfigsResponse,
  version: number,
): void {
  const isCompact = version >= 1
  writer.i32(value.throttleTimeMs)
  writer.count(value.responses.length, isCompact)
  for (const element of value.responses)
    writeIncrementalAlterConfigsResponseResponse(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** Sets, deletes, appends to or subtracts from single properties. */
export const incrementalAlterConfigsApi: KafkaApi<
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse
> = {
  name: 'IncrementalAlterConfigs',
  key: 44,
  versions: { from: 0, to: 1 },
  advertisedFrom: 0,
  flexibleFrom: 1,
  readRequest: readIncrementalAlterConfigsRequest,
  writeRequest: writeIncrementalAlterConfigsRequest,
  readResponse: readIncrementalAlterConfigsResponse,
  writeResponse: writeIncrementalAlterConfigsResponse,
}
