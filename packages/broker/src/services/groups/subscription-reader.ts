// What consumers say when they join a group, and what their leader answers: bytes that the broker passes on,
// reads where somebody wants to know what members read, and writes for classic members of a consumer group.
//
//   subscription   version i16 · count i32 · { topic string16 }* · user bytes32 (-1: none)
//                  from version 1: owned, as below; what newer ones add is not read
//   assignment     version i16 · owned, as below · user bytes32 (-1: none)
//   owned          count i32 · { topic string16 · count i32 · { partition i32 }* }*
//
// Must never throw: a client may put there what it likes.

import { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface ReadSubscription {
  readonly version: number
  readonly topics: readonly string[]
  /** What the member has, where it keeps that while it joins. */
  readonly owned: readonly TopicPartition[]
}

/** Undefined where it is no subscription of a consumer. */
export function readSubscription(metadata: Uint8Array): ReadSubscription | undefined {
  const reader = new ByteReader(metadata)
  try {
    const version = reader.u16()
    const count = reader.u32()
    if (count > reader.remaining / 2) return undefined
    const topics = Array.from({ length: count }, () => reader.string16())
    // Why: some clients end here.
    if (reader.remaining === 0) return { version, topics, owned: [] }
    const userBytes = reader.u32() | 0
    if (userBytes > 0) reader.raw(userBytes)
    const isOwnedTold = version >= 1 && reader.remaining > 0
    return { version, topics, owned: isOwnedTold ? readPartitions(reader) : [] }
  } catch {
    return undefined
  }
}

/** Undefined where it is no assignment of a consumer. */
export function assignedPartitions(assignment: Uint8Array): readonly TopicPartition[] | undefined {
  const reader = new ByteReader(assignment)
  try {
    reader.u16()
    return readPartitions(reader)
  } catch {
    return undefined
  }
}

function readPartitions(reader: ByteReader): TopicPartition[] {
  const partitions: TopicPartition[] = []
  for (let topics = reader.u32(); topics > 0; topics--) {
    const topic = reader.string16()
    for (let count = reader.u32(); count > 0; count--) partitions.push({ topic, partition: reader.u32() })
  }
  return partitions
}

/** In the version of the member's subscription. */
export function writeAssignment(
  version: number,
  topics: readonly { readonly topic: { readonly name: string }; readonly partitions: readonly number[] }[],
): Uint8Array {
  const writer = new ByteWriter(64)
  writer.u16(version)
  writer.u32(topics.length)
  for (const { topic, partitions } of topics) {
    writer.string16(topic.name)
    writer.u32(partitions.length)
    for (const partition of partitions) writer.u32(partition)
  }
  writer.u32(0xffff_ffff)
  return writer.take()
}
