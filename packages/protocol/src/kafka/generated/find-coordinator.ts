// Generated from definitions/find-coordinator.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface FindCoordinatorResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly coordinators: readonly FindCoordinatorResponseCoordinator[]
}

export interface FindCoordinatorResponseCoordinator {
  readonly key: string
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly errorCode: number
  readonly errorMessage: string | null
}

export interface FindCoordinatorRequest {
  readonly key: string
  readonly keyType: number
  readonly coordinatorKeys: readonly string[]
}

function readFindCoordinatorRequest(reader: KafkaReader, version: number): FindCoordinatorRequest {
  const isCompact = version >= 3
  const key: string = version <= 3 ? reader.string(isCompact) : ''
  const keyType: number = version >= 1 ? reader.i8() : 0
  const coordinatorKeys: readonly string[] = version >= 4 ? reader.strings(isCompact) : []
  if (isCompact) {
    reader.skipTagged()
  }
  return { key, keyType, coordinatorKeys }
}

function writeFindCoordinatorRequest(
  writer: KafkaWriter,
  value: FindCoordinatorRequest,
  version: number,
): void {
  const isCompact = version >= 3
  if (version <= 3) {
    writer.string(value.key, isCompact)
  }
  if (version >= 1) {
    writer.i8(value.keyType)
  }
  if (version >= 4) {
    writer.strings(value.coordinatorKeys, isCompact)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readFindCoordinatorResponseCoordinator(
  reader: KafkaReader,
  _version: number,
): FindCoordinatorResponseCoordinator {
  const key = reader.string(true)
  const nodeId = reader.i32()
  const host = reader.string(true)
  const port = reader.i32()
  const errorCode = reader.i16()
  const errorMessage = reader.nullableString(true)
  reader.skipTagged()
  return { key, nodeId, host, port, errorCode, errorMessage }
}

function writeFindCoordinatorResponseCoordinator(
  writer: KafkaWriter,
  value: FindCoordinatorResponseCoordinator,
  _version: number,
): void {
  writer.string(value.key, true)
  writer.i32(value.nodeId)
  writer.string(value.host, true)
  writer.i32(value.port)
  writer.i16(value.errorCode)
  writer.nullableString(value.errorMessage, true)
  writer.uvarint(0)
}

function readFindCoordinatorResponse(reader: KafkaReader, version: number): FindCoordinatorResponse {
  const isCompact = version >= 3
  const throttleTimeMs: number = version >= 1 ? reader.i32() : 0
  const errorCode: number = version <= 3 ? reader.i16() : 0
  const errorMessage: string | null = version >= 1 && version <= 3 ? reader.nullableString(isCompact) : null
  const nodeId: number = version <= 3 ? reader.i32() : 0
  const host: string = version <= 3 ? reader.string(isCompact) : ''
  const port: number = version <= 3 ? reader.i32() : 0
  const coordinators: FindCoordinatorResponseCoordinator[] = []
  if (version >= 4) {
    for (let left = reader.countOfSome(isCompact); left > 0; left--)
      coordinators.push(readFindCoordinatorResponseCoordinator(reader, version))
  }
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, errorCode, errorMessage, nodeId, host, port, coordinators }
}

function writeFindCoordinatorResponse(
  writer: KafkaWriter,
  value: FindCoordinatorResponse,
  version: number,
): void {
  const isCompact = version >= 3
  if (version >= 1) {
    writer.i32(value.throttleTimeMs)
  }
  if (version <= 3) {
    writer.i16(value.errorCode)
  }
  if (version >= 1 && version <= 3) {
    writer.nullableString(value.errorMessage, isCompact)
  }
  if (version <= 3) {
    writer.i32(value.nodeId)
  }
  if (version <= 3) {
    writer.string(value.host, isCompact)
  }
  if (version <= 3) {
    writer.i32(value.port)
  }
  if (version >= 4) {
    writer.count(value.coordinators.length, isCompact)
    for (const element of value.coordinators)
      writeFindCoordinatorResponseCoordinator(writer, element, version)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** Which broker coordinates a group or a transactional id. */
export const findCoordinatorApi: KafkaApi<FindCoordinatorRequest, FindCoordinatorResponse> = {
  name: 'FindCoordinator',
  key: 10,
  versions: { from: 0, to: 6 },
  advertisedFrom: 0,
  flexibleFrom: 3,
  readRequest: readFindCoordinatorRequest,
  writeRequest: writeFindCoordinatorRequest,
  readResponse: readFindCoordinatorResponse,
  writeResponse: writeFindCoordinatorResponse,
}
