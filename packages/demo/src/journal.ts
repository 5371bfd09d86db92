// Writes every event as a line of JSON, so that the claims can be recomputed by somebody else.

import { closeSync, openSync, writeSync } from 'node:fs'
import type { DemoEvent, Witness } from './events.ts'

const bufferedLinesMax = 2_000

export class Journal implements Witness {
  readonly #file: number
  #lines: string[] = []
  #isClosed = false

  /** Throws when the file cannot be made. */
  constructor(path: string) {
    this.#file = openSync(path, 'w')
  }

  see(event: DemoEvent): void {
    if (this.#isClosed) return
    this.#lines.push(JSON.stringify(event))
    if (this.#lines.length >= bufferedLinesMax) this.#write()
  }

  /** Harmless when called again. */
  close(): void {
    if (this.#isClosed) return
    this.#write()
    this.#isClosed = true
    closeSync(this.#file)
  }

  #write(): void {
    if (this.#lines.length > 0) writeSync(this.#file, `${this.#lines.join('\n')}\n`)
    this.#lines = []
  }
}
