// Messages on their way into one PUBLISH frame: a record batch per partition, more where one would be too
// large. Messages are encoded when they are added, so the caller's bytes are free at once.

import { partitionOfKey } from '@sluice/protocol/bytes/murmur2'
import type { PublishPart } from '@sluice/protocol/native/publish-messages'
import { batchHeaderBytes } from '@sluice/protocol/record/record-batch'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { messageBytesMax } from './published.ts'
import type { NewMessage } from './published.ts'

/** A batch of more than one message stays below this. */
const batchBytesMax = 1024 * 1024
/** What a frame adds: its header, the stream's name, the count. */
export const publishFrameBytes = 512
/** What a part adds: partition, size, the header of its batch. */
export const publishPartBytes: number = 8 + batchHeaderBytes

const encoder = new TextEncoder()

interface OpenBatch {
  readonly partition: number
  readonly builder: RecordBatchBuilder
}

/** Where a message stands in a load. */
export interface LoadPlace {
  readonly part: number
  readonly index: number
}

/** A load that is complete. */
export interface SealedLoad {
  readonly parts: readonly PublishPart[]
  readonly messageCount: number
  readonly sizeBytes: number
}

export class PublishLoad {
  readonly #batches: OpenBatch[] = []
  /** By partition, the batch that still grows. */
  readonly #growing = new Map<number, number>()
  #messageCount = 0
  #sizeBytes = 0

  get messageCount(): number {
    return this.#messageCount
  }

  /** Never less than what the parts take in the frame. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  add(message: NewMessage, partitionCount: number, nowMs: number): LoadPlace {
    const size = messageBytesMax(message)
    const key = partitionCount === 1 ? message.subject : encoder.encode(message.subject)
    const partition = typeof key === 'string' ? 0 : partitionOfKey(key, partitionCount)
    const part = this.#partFor(partition, size)
    const { builder } = this.#batches[part]!
    const index = builder.recordCount
    builder.add(message.timestamp ?? nowMs, key, message.data, message.headers)
    this.#messageCount++
    this.#sizeBytes += size
    return { part, index }
  }

  /** The load as it stands; this object is done with. */
  seal(): SealedLoad {
    const parts = this.#batches.map(({ partition, builder }) => ({ partition, batch: builder.take() }))
    return { parts, messageCount: this.#messageCount, sizeBytes: this.#sizeBytes }
  }

  #partFor(partition: number, size: number): number {
    const growing = this.#growing.get(partition)
    if (growing !== undefined && this.#batches[growing]!.builder.sizeBytes + size <= batchBytesMax)
      return growing
    const part = this.#batches.length
    this.#batches.push({ partition, builder: new RecordBatchBuilder() })
    this.#growing.set(partition, part)
    this.#sizeBytes += publishPartBytes
    return part
  }
}
