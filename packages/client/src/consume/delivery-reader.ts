// DELIVER → messages. Copies each record once, into blocks that a few messages share: a message that is kept
// for long pins 16 KiB at the most (or itself, if it is larger), never the chunk that it came in.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { deliveryHeaderBytes } from '@sluice/protocol/native/flow-messages'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import { Message } from './message.ts'
import type { MessageQueue } from './message-queue.ts'
import type { Tenure } from './tenure.ts'

const blockBytesMax = 16 * 1024
const sizePosition = 36
const cursor = new RecordCursor()

export interface DeliveryFrame {
  readonly bytes: Uint8Array
  /** Where the count stands. */
  readonly start: number
  readonly end: number
}

/** Throws `malformed-frame`; some messages may then be in the queue, of a connection that is about to end. */
export function readDeliveries(
  { bytes, start, end }: DeliveryFrame,
  tenure: Tenure,
  queue: MessageQueue,
): void {
  if (end - start < 4) throw malformed('it has no count')
  let left = u32(bytes, start)
  let at = start + 4
  let blockStart = at
  for (; left > 0; left--) {
    if (end - at < deliveryHeaderBytes) throw malformed('it ends in the middle of a message')
    const next = at + deliveryHeaderBytes + u32(bytes, at + sizePosition)
    if (next > end) throw malformed('it ends in the middle of a record')
    if (next - blockStart > blockBytesMax && at > blockStart) {
      readBlock(copyOf(bytes, blockStart, at), tenure, queue)
      blockStart = at
    }
    at = next
  }
  if (at !== end) throw malformed(`${end - at} bytes too many`)
  if (at > blockStart) readBlock(copyOf(bytes, blockStart, at), tenure, queue)
}

function readBlock(bytes: Buffer, tenure: Tenure, queue: MessageQueue): void {
  const block = { bytes, tenure }
  for (let at = 0; at < bytes.length;) {
    const recordStart = at + deliveryHeaderBytes
    const recordEnd = recordStart + u32(bytes, at + sizePosition)
    cursor.openRecord(bytes, recordStart, recordEnd)
    if (cursor.isDamaged) throw malformed('a record does not fit its size')
    queue.push(new Message(block, at, cursor))
    at = recordEnd
  }
}

function copyOf(bytes: Uint8Array, start: number, end: number): Buffer {
  // Why not allocUnsafe: its pool would share 64 KiB between messages that have nothing to do
  // with each other.
  const block = Buffer.allocUnsafeSlow(end - start)
  block.set(bytes.subarray(start, end), 0)
  return block
}

function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

function malformed(what: string): BrokerError {
  return new BrokerError('malformed-frame', `A DELIVER cannot be read: ${what}`)
}
