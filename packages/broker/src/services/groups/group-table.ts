// The groups of this node by their ids, with their number bounded.

import { GroupCoordinator } from './group-coordinator.ts'
import type { GroupGround } from './group-coordinator.ts'
import { GroupMemory } from './group-memory.ts'
import type { GroupImage } from './group-store.ts'

/** Most groups that one node coordinates: whoever reaches the door can begin one. */
const groupsMax = 100_000
/** Of one group beside its members and offsets. */
const groupBytes = 2500

export class GroupTable {
  readonly #ground: GroupGround
  readonly #groups = new Map<string, GroupCoordinator>()
  readonly memory: GroupMemory

  constructor(ground: GroupGround, images: ReadonlyMap<string, GroupImage>) {
    this.#ground = ground
    this.memory = new GroupMemory(ground.io.clock, () => this.#measure())
    for (const [id, image] of images) this.#groups.set(id, new GroupCoordinator(id, ground, image))
    ground.store.follow(() => this.#groups.values())
  }

  find(id: string): GroupCoordinator | undefined {
    return this.#groups.get(id)
  }

  all(): IterableIterator<GroupCoordinator> {
    return this.#groups.values()
  }

  /** Undefined where there are too many. */
  findOrMake(id: string): GroupCoordinator | undefined {
    const found = this.#groups.get(id)
    if (found !== undefined || this.#groups.size >= groupsMax || !this.memory.takes(groupBytes)) return found
    const made = new GroupCoordinator(id, this.#ground)
    this.#groups.set(id, made)
    return made
  }

  /** Forgets one that came to nothing. */
  dropUnused(group: GroupCoordinator): void {
    if (!group.isUnused) return
    group.end()
    this.#groups.delete(group.id)
  }

  /** With all its offsets, here and in the journal. */
  remove(group: GroupCoordinator): void {
    const { store } = this.#ground
    for (const { topic, partition } of group.offsets.rows()) {
      group.offsets.remove(topic, partition)
      store.removeOffset(group.id, topic, partition)
    }
    if (group.storedBytes !== undefined) store.removeGroup(group.id)
    group.end()
    this.#groups.delete(group.id)
  }

  #measure(): number {
    let bytes = 0
    for (const { state, offsets, storedBytes } of this.#groups.values()) {
      const readBytes = state.kind === 'consumer' ? state.readBytes : 0
      bytes += groupBytes + state.bytes + readBytes + offsets.bytes + (storedBytes?.length ?? 0)
    }
    return bytes
  }

  close(): void {
    for (const group of this.#groups.values()) group.close()
  }
}
