// What there is to know of one of Kafka's requests: its number, its versions, and how it and its answer are
// read and written. The broker reads requests and writes answers; tests do the reverse too.

import type { KafkaReader } from './kafka-reader.ts'
import type { KafkaWriter } from './kafka-writer.ts'

export interface KafkaApi<Request, Response> {
  readonly name: string
  readonly key: number
  /** The versions that are served. */
  readonly versions: { readonly from: number; readonly to: number }
  /** The first version that ApiVersions tells; below `versions.from` the answer is UNSUPPORTED_VERSION. */
  readonly advertisedFrom: number
  /** The first version with compact encodings and tagged fields; Infinity: none. */
  readonly flexibleFrom: number
  /** Throws `invalid-request`. What it returns borrows the bytes that are read. */
  readRequest(reader: KafkaReader, version: number): Request
  writeRequest(writer: KafkaWriter, value: Request, version: number): void
  readResponse(reader: KafkaReader, version: number): Response
  writeResponse(writer: KafkaWriter, value: Response, version: number): void
}
