// READ: whole record batches of a stream's log; the answer may wait for the first one.

import type { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { opcodes } from '@sluice/protocol/native/frame'
import { readRead } from '@sluice/protocol/native/publish-messages'
import { fetch } from '../../../services/streams/fetch.ts'
import type { Fetched } from '../../../services/streams/fetch.ts'
import { crowdedReadBytes } from '../../connections/request-gate.ts'
import type { FrameOutbox } from '../frame-outbox.ts'
import type { NativeSession } from '../native-session.ts'

export async function handleRead(
  session: NativeSession,
  correlation: number,
  body: ByteReader,
): Promise<void> {
  const { services, outbox, signal } = session
  const asked = readRead(body)
  const stream = services.streams.require(asked.stream)
  const isSmall = asked.bytesMax > 0 && asked.bytesMax <= crowdedReadBytes
  const isCut = services.bounds.untaken.isHalfFull && !isSmall
  const request = isCut ? { ...asked, bytesMax: crowdedReadBytes } : asked
  let held = 0
  const hold = (bytes: number): void => {
    if (bytes > held) session.reserve(bytes - held)
    else session.release(held - bytes)
    held = bytes
  }
  try {
    const { io, bounds } = services
    const context = { timers: io.timers, signal, hold, waiting: bounds.waiting }
    const fetched = await fetch(stream, request, context)
    writeAnswer(outbox, correlation, fetched)
  } finally {
    hold(0)
  }
}

/** As `writeReadResult`, but large batches go out as they stand in the log's memory. */
function writeAnswer(outbox: FrameOutbox, correlation: number, fetched: Fetched): void {
  const { logStart, highWatermark, nextOffset, slices } = fetched
  const start = outbox.begin(opcodes.read, correlation)
  outbox.writer.i64(logStart)
  outbox.writer.i64(highWatermark)
  outbox.writer.i64(nextOffset)
  const sizeBytes = slices.reduce((sum, slice) => sum + slice.end - slice.start, 0)
  outbox.writer.u32(sizeBytes)
  outbox.endWith(start, slices, sizeBytes)
}
