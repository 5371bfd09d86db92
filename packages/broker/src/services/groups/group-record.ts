// The record of one group in the journal. At most one write of it is under way; the next one takes all that
// has changed meanwhile, so that a group in which much happens is written no oftener than the disk can sync.

import type { GroupStore } from './group-store.ts'

export class GroupRecord {
  /** As they are written; undefined: the journal does not know the group. */
  bytes: Uint8Array | undefined
  readonly #groupId: string
  readonly #store: GroupStore
  readonly #encode: () => Uint8Array
  #current: Promise<boolean> | undefined
  #next: Promise<boolean> | undefined
  #isEnded = false

  constructor(groupId: string, store: GroupStore, encode: () => Uint8Array) {
    this.#groupId = groupId
    this.#store = store
    this.#encode = encode
  }

  /** Of what was saved before: undefined when all of it is on disk, else as `save`. */
  get pending(): Promise<boolean> | undefined {
    return this.#next ?? this.#current
  }

  /** Resolves when the group is on disk as it is now, or later; false: it is unknown whether it is. */
  save(): Promise<boolean> {
    if (this.#next !== undefined) return this.#next
    if (this.#current === undefined) return this.#write()
    this.#next = this.#current.then(() => this.#write())
    return this.#next
  }

  /** The group is no more: it is removed from the journal by the caller. */
  end(): void {
    this.#isEnded = true
    this.bytes = undefined
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
    return current
  }
}
