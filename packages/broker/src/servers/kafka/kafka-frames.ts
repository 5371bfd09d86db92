// What stands around Kafka's requests and answers. Big endian.
//
//   request    | size i32 | api key i16 | version i16 | correlation i32 | client id | tags? | body
//   answer     | size i32 | correlation i32 | tags? | body
//
// Client id: size i16, UTF-8; size -1: none. Tags (KIP-482) stand in flexible versions, but never in the
// answer to ApiVersions: who asks it may not know yet which versions there are.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { KafkaApi } from '@sluice/protocol/kafka/kafka-api'
import { KafkaReader } from '@sluice/protocol/kafka/kafka-reader'
import { KafkaWriter } from '@sluice/protocol/kafka/kafka-writer'

export const apiVersionsKey = 18

export interface RequestHead {
  readonly key: number
  readonly version: number
  readonly correlation: number
}

/** The reader stands behind it. Throws `invalid-request` for what is too short. */
export function readHead(reader: KafkaReader): RequestHead {
  const key = reader.i16()
  const version = reader.i16()
  return { key, version, correlation: reader.i32() }
}

/** The rest of the header: what the client calls itself. */
export function readClientId(reader: KafkaReader, isFlexible: boolean): string {
  const clientId = reader.nullableString(false) ?? ''
  if (isFlexible) reader.skipTagged()
  return clientId
}

/** `bytes[start, end)` is a whole frame. */
export function frameReader(bytes: Uint8Array, start: number, end: number): KafkaReader {
  return new KafkaReader(bytes, start + 4, end)
}

/** Of all answers, one after the other; a buffer for each would be most of what an answer costs. */
const shared = new KafkaWriter()
/** A larger one is not kept for the next. */
const keptBytesMax = 64 * 1024

/** An answer, to be taken from the writer before another is written. */
export function answerParts<Response>(
  api: KafkaApi<unknown, Response>,
  { version, correlation }: RequestHead,
  response: Response,
): KafkaWriter {
  const writer = shared
  writer.clear()
  if (writer.bytes.length > keptBytesMax) writer.take()
  writer.i32(0)
  writer.i32(correlation)
  if (version >= api.flexibleFrom && api.key !== apiVersionsKey) writer.u8(0)
  api.writeResponse(writer, response, version)
  if (writer.size - 4 > 0x7fff_ffff) throw new BrokerError('internal', `An answer of ${writer.size} bytes`)
  writer.patchU32(0, writer.size - 4)
  return writer
}
