// What consumers of a group say of themselves, and what their leader gives them: the bytes that the classic
// protocol carries and does not look into. One topic, and one partition for each member.
//
//   subscription | version 0 i16 | 1 i32 | topic | user data: -1 i32
//   assignment   | version 0 i16 | 1 i32 | topic | 1 i32 | partition i32 | user data: -1 i32

import { KafkaReader } from '@sluice/protocol/kafka/kafka-reader'
import { KafkaWriter } from '@sluice/protocol/kafka/kafka-writer'

export function subscriptionOf(topic: string): Uint8Array {
  const writer = aboutTopic(topic)
  writer.i32(-1)
  return writer.take()
}

export function assignmentOf(topic: string, partition: number): Uint8Array {
  const writer = aboutTopic(topic)
  writer.i32(1)
  writer.i32(partition)
  writer.i32(-1)
  return writer.take()
}

export function partitionOf(assignment: Uint8Array): number {
  const reader = new KafkaReader(assignment, 0)
  reader.i16()
  reader.i32()
  reader.string(false)
  reader.i32()
  return reader.i32()
}

function aboutTopic(topic: string): KafkaWriter {
  const writer = new KafkaWriter()
  writer.i16(0)
  writer.i32(1)
  writer.string(topic, false)
  return writer
}
