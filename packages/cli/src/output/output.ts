// Where commands write: standard output for what was asked for, standard error for what else is to be said.
// Every write waits until it is taken, so a slow reader holds the command back instead of filling memory.

import type { OutputStream } from '../surroundings.ts'
import type { Cell, TableColumn } from './table.ts'
import { pairsText, tableText } from './table.ts'
import { oneLine } from './plain-text.ts'

/** Whoever read our output has stopped, as `head` does: the command ends, quietly. */
export class OutputClosed extends Error {
  constructor() {
    super('Nobody reads the output any more')
    this.name = 'OutputClosed'
  }
}

export class Output {
  readonly isJson: boolean
  readonly #stdout: OutputStream
  readonly #stderr: OutputStream
  readonly #isStyled: boolean

  constructor(stdout: OutputStream, stderr: OutputStream, options: { isJson: boolean; isStyled: boolean }) {
    this.#stdout = stdout
    this.#stderr = stderr
    this.isJson = options.isJson
    this.#isStyled = options.isStyled && stdout.isTTY === true
    // Why: without a listener a closed pipe would end the process before the write that met it is told.
    for (const stream of [stdout, stderr]) stream.on('error', () => {})
  }

  /** Rejects with `OutputClosed` without a reader, with the system's error when the bytes have no place. */
  write(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stdout.write(bytes, (error) => {
        if (error === undefined || error === null) resolve()
        else reject(isClosed(error) ? new OutputClosed() : unwritable(error))
      })
    })
  }

  /** The one answer of a command. */
  document(value: unknown): Promise<void> {
    return this.write(`${JSON.stringify(value, null, 2)}\n`)
  }

  /** One of many answers. */
  jsonLine(value: unknown): Promise<void> {
    return this.write(`${JSON.stringify(value)}\n`)
  }

  table<Row>(columns: readonly TableColumn<Row>[], rows: readonly Row[]): Promise<void> {
    return this.write(tableText(columns, rows, this.#isStyled))
  }

  pairs(pairs: readonly (readonly [name: string, value: Cell])[]): Promise<void> {
    return this.write(pairsText(pairs))
  }

  /** Says what happened meanwhile, on standard error. */
  notice(text: string): void {
    this.complain(`${this.isJson ? JSON.stringify({ notice: text }) : `sluice: ${oneLine(text)}`}\n`)
  }

  /** To standard error, whole lines. Nobody waits for it. */
  complain(text: string): void {
    this.#stderr.write(text, () => {})
  }
}

function unwritable({ code, message }: NodeJS.ErrnoException): Error {
  return Object.assign(new Error(`The output cannot be written: ${message}`), { code })
}

function isClosed(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED' || error.code === 'ECONNRESET'
}
