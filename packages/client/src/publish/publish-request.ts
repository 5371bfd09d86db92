// One PUBLISH frame and its answer. What it means for each message is up to the caller.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { opcodes } from '@sluice/protocol/native/frame'
import { readPublished, writePublish } from '@sluice/protocol/native/publish-messages'
import type { PublishPart } from '@sluice/protocol/native/publish-messages'
import type { Link } from '../link/link.ts'
import type { LoadPlace } from './publish-load.ts'
import type { Published } from './published.ts'

/** Where the broker has put each part. */
export class PublishedParts {
  readonly #partitions: readonly number[]
  readonly #baseOffsets: readonly number[]

  constructor(parts: readonly { partition: number; baseOffset: number }[]) {
    this.#partitions = parts.map(({ partition }) => partition)
    this.#baseOffsets = parts.map(({ baseOffset }) => baseOffset)
  }

  placeOf({ part, index }: LoadPlace): Published {
    return { partition: this.#partitions[part]!, offset: this.#baseOffsets[part]! + index }
  }
}

export interface PublishFrame {
  readonly stream: string
  readonly parts: readonly PublishPart[]
  /** How long its first message has been waiting already. */
  readonly waitedMs: number
}

/** The bytes are not counted against maxBufferedBytes: the caller has reserved them. */
export function requestPublish(
  link: Link,
  { stream, parts, waitedMs }: PublishFrame,
): Promise<PublishedParts> {
  return link.request({
    opcode: opcodes.publish,
    isRepeatable: false,
    sizeBytes: 0,
    waitMs: -waitedMs,
    encode: (writer) => {
      writer.ensure(parts.reduce((size, { batch }) => size + batch.length + 8, 512))
      writePublish(writer, { stream, parts })
    },
    decode: (reader) => {
      const published = readPublished(reader)
      if (published.length !== parts.length) {
        throw new BrokerError(
          'malformed-frame',
          `${published.length} parts are confirmed, ${parts.length} were sent`,
        )
      }
      return new PublishedParts(published)
    },
  })
}

/** The stream is not as it was when the partition was chosen; nothing was stored. */
export function isStreamChanged(error: unknown): boolean {
  if (!(error instanceof BrokerError)) return false
  return (
    error.code === 'unknown-partition' || error.code === 'unknown-stream' || error.code === 'stream-deleted'
  )
}
