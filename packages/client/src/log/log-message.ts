// A record of a stream's log as its reader sees it. Text is made when it is asked for.

import type { RecordCursor } from '@sluice/protocol/record/record-cursor'
import { findHeader, readHeaders } from '../headers.ts'

export class LogMessage {
  readonly partition: number
  readonly offset: number
  /** When it was published, in milliseconds since 1970. */
  readonly timestamp: number
  /** Shared by the messages of one answer: to keep a little of it for long, copy it. */
  readonly #bytes: Buffer
  readonly #keyStart: number
  readonly #keyEnd: number
  readonly #dataStart: number
  readonly #dataEnd: number
  readonly #headersStart: number
  readonly #recordEnd: number

  /** The cursor stands on the record, in `bytes`. */
  constructor(partition: number, bytes: Buffer, cursor: RecordCursor) {
    this.partition = partition
    this.offset = cursor.offset
    this.timestamp = cursor.timestamp
    this.#bytes = bytes
    this.#keyStart = cursor.keyStart
    this.#keyEnd = cursor.keyEnd
    this.#dataStart = cursor.valueStart
    this.#dataEnd = cursor.valueEnd
    this.#headersStart = cursor.headersStart
    this.#recordEnd = cursor.recordEnd
  }

  /** The key as text: lossy where it is no UTF-8, empty where there is none. `key` has the exact bytes. */
  get subject(): string {
    return this.#keyEnd < 0 ? '' : this.#bytes.toString('utf8', this.#keyStart, this.#keyEnd)
  }

  get key(): Buffer | null {
    return this.#keyEnd < 0 ? null : this.#bytes.subarray(this.#keyStart, this.#keyEnd)
  }

  /** Null for a tombstone. */
  get data(): Buffer | null {
    return this.#dataEnd < 0 ? null : this.#bytes.subarray(this.#dataStart, this.#dataEnd)
  }

  /** As text; made anew each time. */
  get headers(): Record<string, string> {
    return readHeaders(this.#bytes, this.#headersStart, this.#recordEnd)
  }

  /** The exact bytes of a header; null where it has no value, undefined where there is none. */
  headerBytes(name: string): Buffer | null | undefined {
    return findHeader(this.#bytes, this.#headersStart, this.#recordEnd, name)
  }
}
