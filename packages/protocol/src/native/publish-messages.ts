// PUBLISH and READ: record batches as they are, in and out of a stream's log.
//
// PUBLISH  stream string16 · count u16 · { partition u32 · size u32 · record batch }*
// answer   count u16 · { partition u32 · baseOffset i64 }*         in the order of the request
// READ     stream string16 · partition u32 · from u8 · value i64 · bytesMax u32 · waitMs u32
//          from: 0 offset, 1 time, 2 first, 3 last, 4 next, 5 an offset whose bytes came damaged: as 0, but
//          the broker looks again at every checksum; waits for a record, for waitMs at the most
// answer   logStart i64 · highWatermark i64 · nextOffset i64 · size u32 · whole record batches
//
// The first batch of a READ answer may begin below the offset that was asked for; the reader skips.
// nextOffset is what to ask for next: it is beyond the batches, and beyond records that are quarantined.

import type { ByteReader } from '../bytes/byte-reader.ts'
import type { ByteWriter } from '../bytes/byte-writer.ts'

export interface PublishPart {
  readonly partition: number
  /** One whole record batch. */
  readonly batch: Uint8Array
}

export interface PublishRequest {
  readonly stream: string
  readonly parts: readonly PublishPart[]
}

export interface PublishedPart {
  readonly partition: number
  readonly baseOffset: number
}

export const readFrom = { offset: 0, time: 1, first: 2, last: 3, next: 4, doubtedOffset: 5 } as const
export type ReadFrom = (typeof readFrom)[keyof typeof readFrom]

export interface ReadRequest {
  readonly stream: string
  readonly partition: number
  readonly from: ReadFrom
  /** The offset of the two that are one, or the time in milliseconds since 1970; 0 for the others. */
  readonly value: number
  readonly bytesMax: number
  readonly waitMs: number
}

/** What an answer begins with. */
export interface ReadPlace {
  readonly logStart: number
  readonly highWatermark: number
  readonly nextOffset: number
}

export const readPlaceBytes = 24

export interface ReadResult extends ReadPlace {
  readonly batches: Uint8Array
}

export function writePublish(writer: ByteWriter, request: PublishRequest): void {
  writer.string16(request.stream)
  writer.u16(request.parts.length)
  for (const { partition, batch } of request.parts) {
    writer.u32(partition)
    writer.u32(batch.length)
    writer.raw(batch)
  }
}

/** The batches are views of what is read. */
export function readPublish(reader: ByteReader): PublishRequest {
  const stream = reader.string16()
  const count = reader.u16()
  const parts: PublishPart[] = []
  for (let index = 0; index < count; index++) {
    const partition = reader.u32()
    parts.push({ partition, batch: reader.raw(reader.u32()) })
  }
  reader.finish()
  return { stream, parts }
}

export function writePublished(writer: ByteWriter, parts: readonly PublishedPart[]): void {
  writer.u16(parts.length)
  for (const { partition, baseOffset } of parts) {
    writer.u32(partition)
    writer.i64(baseOffset)
  }
}

export function readPublished(reader: ByteReader): PublishedPart[] {
  const count = reader.u16()
  const parts: PublishedPart[] = []
  for (let index = 0; index < count; index++)
    parts.push({ partition: reader.u32(), baseOffset: reader.i64() })
  reader.finish()
  return parts
}

export function writeRead(writer: ByteWriter, request: ReadRequest): void {
  writer.string16(request.stream)
  writer.u32(request.partition)
  writer.u8(request.from)
  writer.i64(request.value)
  writer.u32(request.bytesMax)
  writer.u32(request.waitMs)
}

export function readRead(reader: ByteReader): ReadRequest {
  const stream = reader.string16()
  const partition = reader.u32()
  const from = reader.u8() as ReadFrom
  const value = reader.i64()
  const bytesMax = reader.u32()
  const waitMs = reader.u32()
  reader.finish()
  return { stream, partition, from, value, bytesMax, waitMs }
}

export function writeReadResult(writer: ByteWriter, result: ReadResult): void {
  writer.i64(result.logStart)
  writer.i64(result.highWatermark)
  writer.i64(result.nextOffset)
  writer.u32(result.batches.length)
  writer.raw(result.batches)
}

export function readReadPlace(reader: ByteReader): ReadPlace {
  const logStart = reader.i64()
  const highWatermark = reader.i64()
  const nextOffset = reader.i64()
  return { logStart, highWatermark, nextOffset }
}

export function readReadResult(reader: ByteReader): ReadResult {
  const place = readReadPlace(reader)
  const batches = reader.raw(reader.u32())
  reader.finish()
  return { ...place, batches }
}
