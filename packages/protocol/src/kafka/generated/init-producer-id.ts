// Generated from definitions/init-producer-id.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface InitProducerIdResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  readonly producerId?: number | undefined
  readonly producerEpoch: number
}

export interface InitProducerIdRequest {
  readonly transactionalId: string | null
  readonly transactionTimeoutMs: number
  readonly producerId: number
  readonly producerEpoch: number
}

function readInitProducerIdRequest(reader: KafkaReader, version: number): InitProducerIdRequest {
  const isCompact = version >= 2
  const transactionalId = reader.nullableString(isCompact)
  const transactionTimeoutMs = reader.i32()
  const producerId: number = version >= 3 ? reader.i64() : -1
  const producerEpoch: number = version >= 3 ? reader.i16() : -1
  if (isCompact) {
    reader.skipTagged()
  }
  return { transactionalId, transactionTimeoutMs, producerId, producerEpoch }
}

function writeInitProducerIdRequest(
  writer: KafkaWriter,
  value: InitProducerIdRequest,
  version: number,
): void {
  const isCompact = version >= 2
  writer.nullableString(value.transactionalId, isCompact)
  writer.i32(value.transactionTimeoutMs)
  if (version >= 3) {
    writer.i64(value.producerId)
  }
  if (version >= 3) {
    writer.i16(value.producerEpoch)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readInitProducerIdResponse(reader: KafkaReader, version: number): InitProducerIdResponse {
  const isCompact = version >= 2
  const throttleTimeMs = reader.i32()
  const errorCode = reader.i16()
  const producerId = reader.i64()
  const producerEpoch = reader.i16()
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, errorCode, producerId, producerEpoch }
}

function writeInitProducerIdResponse(
  writer: KafkaWriter,
  value: InitProducerIdResponse,
  version: number,
): void {
  const isCompact = version >= 2
  writer.i32(value.throttleTimeMs)
  writer.i16(value.errorCode)
  writer.i64(value.producerId ?? -1)
  writer.i16(value.producerEpoch)
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** Names a producer, so that what it sends twice is stored once. */
export const initProducerIdApi: KafkaApi<InitProducerIdRequest, InitProducerIdResponse> = {
  name: 'InitProducerId',
  key: 22,
  versions: { from: 0, to: 5 },
  advertisedFrom: 0,
  flexibleFrom: 2,
  readRequest: readInitProducerIdRequest,
  writeRequest: writeInitProducerIdRequest,
  readResponse: readInitProducerIdResponse,
  writeResponse: writeInitProducerIdResponse,
}
