// Draws frames on a terminal, on its second screen: what was there before comes back at the end.

import type { Paint } from './paint.ts'
import { frameLines } from './frame.ts'
import type { Sight } from './sight.ts'
import type { View } from './view.ts'

const redrawMs = 200
const escape = '\x1b['
const begin = `${escape}?1049h${escape}?25l`
const end = `${escape}?25h${escape}?1049l`

export class LiveView implements View {
  readonly #terminal: NodeJS.WriteStream
  readonly #paint: Paint
  #timer: NodeJS.Timeout | undefined

  constructor(terminal: NodeJS.WriteStream, paint: Paint) {
    this.#terminal = terminal
    this.#paint = paint
  }

  start(look: () => Sight): void {
    this.#terminal.write(begin)
    this.#timer = setInterval(() => this.#draw(look()), redrawMs)
    this.#draw(look())
  }

  see(): void {}

  stop(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#terminal.write(end)
  }

  /** One write per frame, and no clearing before it, so that nothing flickers. */
  #draw(sight: Sight): void {
    const lines = frameLines(sight, this.#terminal, this.#paint)
    this.#terminal.write(`${escape}H${lines.map((line) => `${line}${escape}K`).join('\r\n')}${escape}J`)
  }
}
