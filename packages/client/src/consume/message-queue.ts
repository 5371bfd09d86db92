// Messages that have come and nobody has taken yet, first in first out.

import type { Message } from './message.ts'

const compactFrom = 1024

export class MessageQueue {
  #messages: (Message | undefined)[] = []
  #first = 0

  get size(): number {
    return this.#messages.length - this.#first
  }

  push(message: Message): void {
    this.#messages.push(message)
  }

  shift(): Message | undefined {
    if (this.#first === this.#messages.length) return undefined
    const message = this.#messages[this.#first]
    // Why: a message that is taken must not be kept alive by its old place.
    this.#messages[this.#first++] = undefined
    if (this.#first === this.#messages.length) this.clear()
    else if (this.#first >= compactFrom && this.#first * 2 > this.#messages.length) this.#compact()
    return message
  }

  /** All that wait, at once. */
  take(): Message[] {
    const taken = this.#messages.slice(this.#first) as Message[]
    this.clear()
    return taken
  }

  clear(): void {
    this.#messages.length = 0
    this.#first = 0
  }

  #compact(): void {
    this.#messages = this.#messages.slice(this.#first)
    this.#first = 0
  }
}
