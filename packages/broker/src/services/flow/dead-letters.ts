// Writes dead letters: the record as it was, with headers that say where it came from and why it is here.
// A letter is written at least once: a crash between the letter and its settlement writes it again.

import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import { partitionOfKey } from '@sluice/protocol/bytes/murmur2'
import type { Io } from '../../io/io.ts'
import type { Stream } from '../streams/stream.ts'
import type { Streams } from '../streams/streams.ts'
import { messageBytesLimit } from '../streams/stream-config.ts'
import { letterHeaders, ownHeaders } from './letter-headers.ts'
import type { LetterOrigin } from './letter-headers.ts'
import type { BatchView } from './reading/batch-view.ts'
import type { Retry } from './state/retry-table.ts'

export interface DeadLetter {
  readonly stream: Stream
  readonly consumer: string
  readonly deadLetterStream: string
  readonly partition: number
  readonly offset: number
  readonly view: BatchView
  readonly index: number
  readonly retry: Retry
}

export class DeadLetters {
  readonly #streams: Streams
  readonly #io: Io
  readonly #builder = new RecordBatchBuilder()
  readonly #cursor = new RecordCursor()

  constructor(streams: Streams, io: Io) {
    this.#streams = streams
    this.#io = io
  }

  /** Resolves when the letter is durable. Makes the dead-letter stream where there is none. */
  async write(letter: DeadLetter): Promise<void> {
    const target = await this.#target(letter)
    const { view, index } = letter
    this.#cursor.openRecord(view.bytes, view.recordStartAt(index), view.recordEndAt(index))
    const { bytes, keyStart, keyEnd, valueStart, valueEnd } = this.#cursor
    const key = keyEnd < 0 ? null : bytes.subarray(keyStart, keyEnd)
    const value = valueEnd < 0 ? null : bytes.subarray(valueStart, valueEnd)
    // Why filtered: a letter of a letter says where this one came from; else each hop would make it longer.
    const headers = [...ownHeaders(this.#cursor), ...letterHeaders(originOf(letter))]
    this.#builder.add(Math.round(this.#io.clock.wallMs()), key, value, headers)
    const partition = target.partitions[key === null ? 0 : partitionOfKey(key, target.partitions.length)]!
    await partition.store([this.#builder.take()])
  }

  async #target({ stream, deadLetterStream }: DeadLetter): Promise<Stream> {
    const existing = this.#streams.find(deadLetterStream)
    if (existing !== undefined) return existing
    const { durability } = stream.config
    const config = { subjects: ['>'], partitions: 1, durability, messageBytesMax: messageBytesLimit }
    await this.#streams.create(deadLetterStream, config)
    return this.#streams.require(deadLetterStream)
  }
}

function originOf({ stream, consumer, partition, offset, view, index, retry }: DeadLetter): LetterOrigin {
  const timestamp = view.timestampAt(index)
  const { reason, text } = retry.verdict!
  const attempts = retry.failures
  return { reason, error: text, attempts, consumer, stream: stream.name, partition, offset, timestamp }
}
