// The record of one group in the journal. At most one write of it is under way, and a large one is followed
// by a pause; the next takes all that has changed meanwhile. So when a thousand members come to a new epoch
// one by one, their group is not written a thousand times.

import type { Timers } from '../../io/io.ts'
import type { GroupStore } from './group-store.ts'

/** Of one group: a pause lasts as long as its record would take at this rate, and members wait for it. */
const bytesPerMs = 1024
const pauseMsMax = 250

export class GroupRecord {
  /** As they are written; undefined: the journal does not know the group. */
  bytes: Uint8Array | undefined
  readonly #groupId: string
  readonly #store: GroupStore
  readonly #timers: Timers
  readonly #encode: () => Uint8Array
  #current: Promise<boolean> | undefined
  #next: Promise<boolean> | undefined
  /** Until another write may begin; undefined: one may. */
  #pause: Promise<void> | undefined
  #isEnded = false

  constructor(groupId: string, store: GroupStore, timers: Timers, encode: () => Uint8Array) {
    this.#groupId = groupId
    this.#store = store
    this.#timers = timers
    this.#encode = encode
  }

  /** Of what was saved before: undefined when all of it is on disk, else as `save`. */
  get pending(): Promise<boolean> | undefined {
    return this.#next ?? this.#current
  }

  /** Resolves when the group is on disk as it is now, or later; false: it is unknown whether it is. */
  save(): Promise<boolean> {
    if (this.#next !== undefined) return this.#next
    if (this.#pause === undefined) return this.#write()
    this.#next = this.#pause.then(() => this.#write())
    return this.#next
  }

  /** The group is no more: it is removed from the journal by the caller. */
  end(): void {
    this.#isEnded = true
    this.bytes = undefined
  }

  /** What waits for a pause is written now, and nothing after it. */
  stop(): void {
    if (this.#next !== undefined) void this.#write()
    this.#isEnded = true
  }

  #write(): Promise<boolean> {
    this.#next = undefined
    if (this.#isEnded) return Promise.resolve(false)
    this.bytes = this.#encode()
    this.#store.putGroup(this.#groupId, this.bytes)
    const written = this.#store.durable().then(
      () => true,
      () => false,
    )
    const current = written.then((isStored) => {
      if (this.#current === current) this.#current = undefined
      return isStored
    })
    this.#current = current
    this.#pause = this.#pauseAfter(current)
    return current
  }

  async #pauseAfter(written: Promise<boolean>): Promise<void> {
    await written
    const pauseMs = Math.min(pauseMsMax, Math.floor((this.bytes?.length ?? 0) / bytesPerMs))
    if (pauseMs > 0) await new Promise<void>((resolve) => this.#timers.after(pauseMs, resolve))
    this.#pause = undefined
  }
}
