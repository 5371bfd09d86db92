// The one place through which every event goes: gives it its time and tells all who listen.

import type { EventName, EventOf, Witness } from './events.ts'

export class Observer {
  readonly #witnesses: readonly Witness[]
  readonly #startMs = performance.now()

  constructor(witnesses: readonly Witness[]) {
    this.#witnesses = witnesses
  }

  /** Milliseconds since the demo began. */
  nowMs(): number {
    return Math.round((performance.now() - this.#startMs) * 1000) / 1000
  }

  tell<Name extends EventName>(name: Name, details: Omit<EventOf<Name>, 'event' | 'atMs'>): void {
    const event = { event: name, atMs: this.nowMs(), ...details } as unknown as EventOf<Name>
    for (const witness of this.#witnesses) witness.see(event)
  }
}
