// What consumers say of themselves when they join a group: which topics they want.
//
//   version i16 · count i32 · { topic string16 }* · …
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
