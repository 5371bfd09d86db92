// What a client tells those who want to know: the ups and downs of its connection.

import type { BrokerError } from '@sluice/protocol/errors/broker-error'

export interface ClientEvents {
  /** The connection to a server broke; the client is looking for another one. One for each node in use. */
  readonly disconnect: { readonly server: string; readonly reason: BrokerError }
  /** Connected again, which may be to another server of the cluster; subscriptions go on. */
  readonly reconnect: { readonly server: string; readonly afterMs: number }
  /** `close` is through. */
  readonly close: Record<string, never>
}

export type ClientListener<E extends keyof ClientEvents> = (event: ClientEvents[E]) => void

export class EventListeners {
  readonly #listeners = new Map<keyof ClientEvents, Set<ClientListener<never>>>()

  /** Returns what takes the listener off again. */
  add<E extends keyof ClientEvents>(name: E, listener: ClientListener<E>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners)
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  }

  /**
   * A listener that throws is a fault of its own: reported as uncaught, and nobody else is kept from hearing.
   */
  tell<E extends keyof ClientEvents>(name: E, event: ClientEvents[E]): void {
    for (const listener of (this.#listeners.get(name) ?? []) as Iterable<ClientListener<E>>) {
      try {
        listener(event)
      } catch (fault) {
        queueMicrotask(() => {
          throw fault
        })
      }
    }
  }
}
