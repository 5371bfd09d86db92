// What generated codecs share.

import type { KafkaReader } from './kafka-reader.ts'
import { KafkaWriter } from './kafka-writer.ts'

export const noBytes: Uint8Array = new Uint8Array(0)
export const zeroUuid: string = '0'.repeat(32)

/** The elements of a tagged array, which is always compact. */
export function readAll<T>(
  reader: KafkaReader,
  version: number,
  read: (reader: KafkaReader, version: number) => T,
): T[] {
  const values: T[] = []
  for (let left = reader.countOfSome(true); left > 0; left--) values.push(read(reader, version))
  return values
}

export function writeAll<T>(
  writer: KafkaWriter,
  values: readonly T[],
  version: number,
  write: (writer: KafkaWriter, value: T, version: number) => void,
): void {
  writer.count(values.length, true)
  for (const value of values) write(writer, value, version)
}

/** The bytes of a tagged field, whose size goes before it. */
export function taggedBytes(write: (writer: KafkaWriter) => void): Uint8Array {
  const writer = new KafkaWriter()
  write(writer)
  return writer.take()
}
