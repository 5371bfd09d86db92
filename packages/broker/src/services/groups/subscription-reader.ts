// What consumers say when they join a group, and what their leader answers: bytes that the broker passes on,
// and reads where somebody wants to know what members read.
//
//   subscription   version i16 · count i32 · { topic string16 }* · …
//   assignment     version i16 · count i32 · { topic string16 · count i32 · { partition i32 }* }* · …
//
// Must never throw: a client may put there what it likes.

import { ByteReader } from '@sluice/protocol/bytes/byte-reader'

/** Undefined where it is no subscription of a consumer. */
export function topicsOf(metadata: Uint8Array): string[] | undefined {
  const reader = new ByteReader(metadata)
  try {
    reader.u16()
    const count = reader.u32()
    if (count > reader.remaining / 2) return undefined
    return Array.from({ length: count }, () => reader.string16())
  } catch {
    return undefined
  }
}

/** Undefined where it is no assignment of a consumer. */
export function assignedPartitions(
  assignment: Uint8Array,
): { readonly topic: string; readonly partition: number }[] | undefined {
  const reader = new ByteReader(assignment)
  const assigned: { topic: string; partition: number }[] = []
  try {
    reader.u16()
    for (let topics = reader.u32(); topics > 0; topics--) {
      const topic = reader.string16()
      for (let count = reader.u32(); count > 0; count--) assigned.push({ topic, partition: reader.u32() })
    }
    return assigned
  } catch {
    return undefined
  }
}
