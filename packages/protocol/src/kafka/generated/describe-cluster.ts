// Generated from definitions/describe-cluster.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface DescribeClusterResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly endpointType?: number | undefined
  readonly clusterId: string
  readonly controllerId?: number | undefined
  readonly brokers: readonly DescribeClusterResponseBroker[]
  readonly clusterAuthorizedOperations?: number | undefined
}

export interface DescribeClusterResponseBroker {
  readonly brokerId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

export interface DescribeClusterRequest {
  readonly includeClusterAuthorizedOperations: boolean
  readonly endpointType: number
}

function readDescribeClusterRequest(reader: KafkaReader, version: number): DescribeClusterRequest {
  const includeClusterAuthorizedOperations = reader.bool()
  const endpointType: number = version >= 1 ? reader.i8() : 1
  reader.skipTagged()
  return { includeClusterAuthorizedOperations, endpointType }
}

function writeDescribeClusterRequest(
  writer: KafkaWriter,
  value: DescribeClusterRequest,
  version: number,
): void {
  writer.bool(value.includeClusterAuthorizedOperations)
  if (version >= 1) {
    writer.i8(value.endpointType)
  }
  writer.uvarint(0)
}

function readDescribeClusterResponseBroker(
  reader: KafkaReader,
  _version: number,
): DescribeClusterResponseBroker {
  const brokerId = reader.i32()
  const host = reader.string(true)
  const port = reader.i32()
  const rack = reader.nullableString(true)
  reader.skipTagged()
  return { brokerId, host, port, rack }
}

function writeDescribeClusterResponseBroker(
  writer: KafkaWriter,
  value: DescribeClusterResponseBroker,
  _version: number,
): void {
  writer.i32(value.brokerId)
  writer.string(value.host, true)
  writer.i32(value.port)
  writer.nullableString(value.rack, true)
  writer.uvarint(0)
}

function readDescribeClusterResponse(reader: KafkaReader, version: number): DescribeClusterResponse {
  const throttleTimeMs = reader.i32()
  const errorCode = reader.i16()
  const errorMessage = reader.nullableString(true)
  const endpointType: number = version >= 1 ? reader.i8() : 1
  const clusterId = reader.string(true)
  const controllerId = reader.i32()
  const brokers: DescribeClusterResponseBroker[] = []
  for (let left = reader.countOfSome(true); left > 0; left--)
    brokers.push(readDescribeClusterResponseBroker(reader, version))
  const clusterAuthorizedOperations = reader.i32()
  reader.skipTagged()
  return {
    throttleTimeMs,
    errorCode,
    errorMessage,
    endpointType,
    clusterId,
    controllerId,
    brokers,
    clusterAuthorizedOperations,
  }
}

function writeDescribeClusterResponse(
  writer: KafkaWriter,
  value: DescribeClusterResponse,
  version: number,
): void {
  writer.i32(value.throttleTimeMs)
  writer.i16(value.errorCode)
  writer.nullableString(value.errorMessage, true)
  if (version >= 1) {
    writer.i8(value.endpointType ?? 1)
  }
  writer.string(value.clusterId, true)
  writer.i32(value.controllerId ?? -1)
  writer.count(value.brokers.length, true)
  for (const element of value.brokers) writeDescribeClusterResponseBroker(writer, element, version)
  writer.i32(value.clusterAuthorizedOperations ?? -2147483648)
  writer.uvarint(0)
}

/** The brokers of the cluster. */
export const describeClusterApi: KafkaApi<DescribeClusterRequest, DescribeClusterResponse> = {
  name: 'DescribeCluster',
  key: 60,
  versions: { from: 0, to: 1 },
  advertisedFrom: 0,
  flexibleFrom: 0,
  readRequest: readDescribeClusterRequest,
  writeRequest: writeDescribeClusterRequest,
  readResponse: readDescribeClusterResponse,
  writeResponse: writeDescribeClusterResponse,
}
