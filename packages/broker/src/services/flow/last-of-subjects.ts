// The offset of the newest record of every subject, while a log is read from its start. Memory is columns and
// the subjects' bytes; no object per subject or record.

import { resized } from './state/columns.ts'
import { KeyIndex } from './state/key-index.ts'

const none = -1

export class LastOfSubjects {
  readonly #index = new KeyIndex()
  #offset = new Float64Array(64)
  #count = 0

  /**
   * The record at `offset` is the newest of the key `bytes[start, end)`, of the null key where `end` is -1.
   * Returns the offset of the one that was until now; -1 where there was none.
   */
  note(bytes: Uint8Array, start: number, end: number, offset: number): number {
    let row = this.#index.find(bytes, start, end)
    if (row !== none) {
      const before = this.#offset[row]!
      this.#offset[row] = offset
      return before
    }
    row = this.#count++
    if (row === this.#offset.length) this.#offset = resized(this.#offset, new Float64Array(row * 2))
    this.#index.insertMissed(row, bytes, start, end)
    this.#offset[row] = offset
    return none
  }
}
