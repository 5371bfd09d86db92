// The workers: members of the flow consumer, each on a connection of its own. Every message takes its time,
// and whoever gets a message of the hot tenant hangs.

import { BrokerError } from '@sluice/client'
import type { Client, Message, Subscription } from '@sluice/client'
import type { Observer } from './observer.ts'
import { decodePayload } from './payload.ts'
import type { Random } from './random.ts'
import { consumerName, hotSubject, streamName } from './tenants.ts'

const workMsMin = 5
const workMsMax = 20
/** Messages that one worker has at work at a time: all that it is sent, so that nothing waits unseen. */
const concurrency = 512

export class Workers {
  readonly #observer: Observer
  readonly #random: Random
  readonly #subscriptions: Subscription[] = []
  #deliveryCount = 0

  constructor(observer: Observer, random: Random) {
    this.#observer = observer
    this.#random = random
  }

  /** `failed` hears when the broker ends a subscription, which it must not. */
  async join(client: Client, worker: string, failed: (error: Error) => void): Promise<void> {
    const consumer = await client.consumers.get(streamName, consumerName)
    const subscription = consumer.subscribe((message) => this.#handle(message, worker), { concurrency })
    subscription.closed.catch(failed)
    this.#subscriptions.push(subscription)
  }

  /** At once: what is in hand goes back to the broker. */
  async close(): Promise<void> {
    await Promise.all(this.#subscriptions.map((subscription) => subscription.close()))
  }

  async #handle(message: Message, worker: string): Promise<void> {
    const { subject, offset, attempt } = message
    const delivery = ++this.#deliveryCount
    const payload = decodePayload(message.data!)
    this.#observer.tell('delivered', { delivery, worker, subject, offset, attempt, ...payload })
    if (subject === hotSubject) return hangForEver()
    await this.#work()
    this.#observer.tell('ackSent', { delivery, subject, offset })
    try {
      await message.ack()
      this.#observer.tell('ackConfirmed', { delivery, subject, offset })
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
      this.#observer.tell('ackFailed', { delivery, subject, offset, code: error.code })
    }
  }

  #work(): Promise<void> {
    const workMs = workMsMin + this.#random() * (workMsMax - workMsMin)
    return new Promise((resolve) => setTimeout(resolve, workMs))
  }
}

function hangForEver(): Promise<never> {
  return new Promise(() => {})
}
