// `consumer.deadLetters`: what a consumer has given up, looked at, sent again, or dropped.

import type { DeadLetterPage, MessagePlace } from '@sluice/protocol/model/consumer'
import { inRange } from '../client-options.ts'
import type { Control } from '../control.ts'

/** The most that one page may have; the broker may give less. */
const pageCountMax = 10_000
const pageCountDefault = 100

export interface DeadLetterListOptions {
  /** Pattern of the subjects; default all. */
  readonly match?: string | undefined
  /** Letters of one page at the most. Default 100. */
  readonly count?: number | undefined
  /** `next` of the page before; default from the oldest. */
  readonly after?: readonly MessagePlace[] | undefined
}

/** These letters, or all whose subject matches; `{ match: '>' }` for all. */
export type DeadLetterChoice = { readonly letters: readonly MessagePlace[] } | { readonly match: string }

interface ConsumerName {
  readonly stream: string
  readonly name: string
}

export class DeadLetters {
  readonly #control: Control
  readonly #consumer: ConsumerName

  constructor(control: Control, consumer: ConsumerName) {
    this.#control = control
    this.#consumer = consumer
  }

  /** One page, oldest first. */
  async list({ match, count, after }: DeadLetterListOptions = {}): Promise<DeadLetterPage> {
    return this.#control.ask('deadLetters.list', {
      ...this.#consumer,
      count: inRange('count', count ?? pageCountDefault, 1, pageCountMax),
      ...(match !== undefined && { match }),
      ...(after !== undefined && { after }),
    })
  }

  /** Page after page, up to the last one; pages that are empty are skipped. */
  async *pages(options: DeadLetterListOptions = {}): AsyncGenerator<DeadLetterPage, void, void> {
    let { after } = options
    do {
      const page = await this.list({ ...options, after })
      if (page.letters.length > 0) yield page
      after = page.next
    } while (after !== undefined)
  }

  /**
   * Publishes the records to their stream anew, then removes the letters; returns how many. At least once:
   * when it fails on the way, some may be published and their letters still be there.
   */
  async replay(choice: DeadLetterChoice): Promise<number> {
    const { replayed } = await this.#control.order('deadLetters.replay', { ...this.#consumer, ...choice })
    return replayed
  }

  /** Removes the letters; returns how many. */
  async drop(choice: DeadLetterChoice): Promise<number> {
    const { dropped } = await this.#control.order('deadLetters.drop', { ...this.#consumer, ...choice })
    return dropped
  }
}
