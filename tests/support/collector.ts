// Takes messages from a consumer without settling them, and lets a test look at what has come.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { BrokerError } from '@sluice/client'
import type { Consumer, Message } from '@sluice/client'

export class Collector {
  readonly messages: Message[] = []
  readonly #abort = new AbortController()
  readonly #ended: Promise<void>
  /** Why the messages ended, if not because the collector was closed. */
  error: BrokerError | undefined

  constructor(consumer: Consumer, window = 1000) {
    this.#ended = this.#run(consumer, window).catch((error: unknown) => {
      if (error instanceof BrokerError) this.error = error
    })
  }

  async #run(consumer: Consumer, window: number): Promise<void> {
    for await (const message of consumer.messages({ window, signal: this.#abort.signal }))
      this.messages.push(message)
  }

  /** Waits until so many messages have come in all. */
  async until(count: number, withinMs = 20_000): Promise<void> {
    const deadline = Date.now() + withinMs
    while (this.messages.length < count) {
      assert.ok(
        Date.now() < deadline,
        `${this.messages.length} of ${count} messages came: ${this.subjects()}`,
      )
      await sleep(5)
    }
  }

  subjects(): string {
    return this.messages
      .slice(0, 20)
      .map(({ subject, offset }) => `${subject}@${offset}`)
      .join(' ')
  }

  async close(): Promise<void> {
    this.#abort.abort()
    await this.#ended
  }
}
