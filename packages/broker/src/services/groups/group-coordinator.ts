// Runs one group: tells its state the time, keeps whoever waits for an answer, has it stored, and wakes up
// when something is due. Must never answer with an assignment that a crash could forget.

import { assert } from '../../base/assert.ts'
import type { Io } from '../../io/io.ts'
import { DueTimer } from '../flow/due-timer.ts'
import { GroupState } from './classic/group-state.ts'
import type { GroupBounds, GroupEffect } from './classic/group-state.ts'
import { encodeGroup } from './group-codec.ts'
import { joinRefused, syncRefused } from './group-messages.ts'
import type {
  GroupError,
  JoinAnswer,
  JoinRequest,
  LeftMember,
  MemberName,
  SyncAnswer,
  SyncRequest,
} from './group-messages.ts'
import type { GroupImage, GroupStore, StoredSource } from './group-store.ts'
import { OffsetTable } from './offsets/offset-table.ts'
import { topicsOf } from './subscription-reader.ts'

export interface GroupGround {
  readonly io: Pick<Io, 'clock' | 'timers' | 'random'>
  readonly store: GroupStore
  readonly bounds: GroupBounds
}

export class GroupCoordinator implements StoredSource {
  readonly id: string
  readonly offsets: OffsetTable
  readonly state: GroupState
  /** Wall clock; undefined while it has members. */
  emptySinceMs: number | undefined
  storedBytes: Uint8Array | undefined
  readonly #ground: GroupGround
  readonly #timer: DueTimer
  readonly #joins = new Map<number, (answer: JoinAnswer) => void>()
  readonly #syncs = new Map<number, (answer: SyncAnswer) => void>()
  #lastTicket = 0

  constructor(id: string, ground: GroupGround, image?: GroupImage) {
    this.id = id
    this.#ground = ground
    this.offsets = image?.offsets ?? new OffsetTable()
    this.storedBytes = image?.bytes
    this.emptySinceMs = image?.group?.emptySinceMs
    this.#timer = new DueTimer(ground.io.timers, () => this.#expire())
    this.state = new GroupState(ground.bounds, image?.group, this.#nowMs)
    this.#perform()
  }

  /** Nothing would be lost with it. */
  get isUnused(): boolean {
    const { phase, members, pendingCount } = this.state
    return (
      phase === 'Empty' &&
      members.size === 0 &&
      pendingCount === 0 &&
      this.offsets.isEmpty &&
      this.storedBytes === undefined
    )
  }

  /** What its members read; undefined where they do not say it as consumers do. */
  get topics(): ReadonlySet<string> | undefined {
    const { protocolType, protocolName, members } = this.state
    if (protocolType !== 'consumer') return undefined
    const topics = new Set<string>()
    for (const member of members.values()) {
      const known = topicsOf(member.metadataOf(protocolName))
      if (known === undefined) return undefined
      for (const topic of known) topics.add(topic)
    }
    return topics
  }

  /** Resolves when the generation begins that the member is in, or is not. */
  join(request: JoinRequest): Promise<JoinAnswer> {
    return new Promise((resolve) => {
      const ticket = ++this.#lastTicket
      this.#joins.set(ticket, resolve)
      this.state.join(ticket, request, this.#newMemberId(request), this.#nowMs)
      this.#perform()
    })
  }

  /** Resolves when the leader's assignment is stored. */
  sync(request: SyncRequest): Promise<SyncAnswer> {
    return new Promise((resolve) => {
      const ticket = ++this.#lastTicket
      this.#syncs.set(ticket, resolve)
      this.state.sync(ticket, request, this.#nowMs)
      this.#perform()
    })
  }

  heartbeat(name: MemberName, generation: number): GroupError {
    return this.state.heartbeat(name, generation, this.#nowMs)
  }

  leave(names: readonly MemberName[]): LeftMember[] {
    const left = this.state.leave(names, this.#nowMs)
    this.#perform()
    return left
  }

  commitErrorOf(name: MemberName, generation: number): GroupError {
    return this.state.commitErrorOf(name, generation, this.#nowMs)
  }

  /** It is deleted, or has expired: what the journal knows of it is to be removed by the caller. */
  end(): void {
    this.state.end()
    this.storedBytes = undefined
    this.#timer.cancel()
  }

  /** Whoever waits is answered that this broker does not coordinate. */
  close(): void {
    this.#timer.cancel()
    for (const answer of this.#joins.values()) answer(joinRefused('not-coordinator', ''))
    for (const answer of this.#syncs.values()) answer(syncRefused('not-coordinator'))
    this.#joins.clear()
    this.#syncs.clear()
  }

  get #nowMs(): number {
    return this.#ground.io.clock.monotonicMs()
  }

  #expire(): void {
    const nowMs = this.#nowMs
    this.state.expire(nowMs, this.#timer.areDeadlinesKept(nowMs))
    this.#perform()
  }

  #perform(): void {
    for (let effects = this.state.takeEffects(); effects.length > 0; effects = this.state.takeEffects()) {
      for (const effect of effects) this.#do(effect)
    }
    const { deadlineMs, waitMs } = this.state.due
    this.#timer.arm(this.#nowMs, deadlineMs, waitMs)
  }

  #do(effect: GroupEffect): void {
    switch (effect.kind) {
      case 'joined':
        return this.#answerJoin(effect.ticket, effect.answer)
      case 'synced':
        this.#syncs.get(effect.ticket)?.(effect.answer)
        this.#syncs.delete(effect.ticket)
        return
      case 'store':
        void this.#save(effect)
    }
  }

  async #save({ generation, joined }: Extract<GroupEffect, { kind: 'store' }>): Promise<void> {
    const { store, io } = this.#ground
    this.emptySinceMs = this.state.members.size > 0 ? undefined : io.clock.wallMs()
    this.storedBytes = encodeGroup({ ...this.state.known(), emptySinceMs: this.emptySinceMs })
    store.putGroup(this.id, this.storedBytes)
    const isStored = await store.durable().then(
      () => true,
      () => false,
    )
    if (joined !== undefined) {
      const refused = joinRefused('coordinator-not-available', joined.answer.memberId)
      this.#answerJoin(joined.ticket, isStored ? joined.answer : refused)
    }
    if (generation === undefined) return
    this.state.assigned(generation, isStored, this.#nowMs)
    this.#perform()
  }

  #answerJoin(ticket: number, answer: JoinAnswer): void {
    this.#joins.get(ticket)?.(answer)
    this.#joins.delete(ticket)
  }

  /** Begins with what people know the member by. */
  #newMemberId({ clientId, instanceId }: JoinRequest): string {
    const { random } = this.#ground.io
    const digits = Array.from({ length: 4 }, () => random.u32().toString(16).padStart(8, '0')).join('')
    const parts = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20)]
    assert(digits.length === 32, 'a member id is made of 128 random bits')
    return `${instanceId ?? clientId}-${parts.join('-')}-${digits.slice(20)}`
  }
}
