// Runs a group of the classic protocol: keeps whoever waits for the others or for the leader. Must never
// answer with an assignment that a crash could forget.

import type { GroupHost } from '../group-host.ts'
import { joinRefused, syncRefused } from '../group-messages.ts'
import type {
  GroupError,
  JoinAnswer,
  JoinRequest,
  LeftMember,
  MemberName,
  SyncAnswer,
  SyncRequest,
} from '../group-messages.ts'
import { readSubscription } from '../subscription-reader.ts'
import type { GroupEffect, GroupState } from './group-state.ts'

export class ClassicCoordinator {
  readonly kind = 'classic'
  readonly state: GroupState
  readonly #host: GroupHost
  readonly #joins = new Map<number, (answer: JoinAnswer) => void>()
  readonly #syncs = new Map<number, (answer: SyncAnswer) => void>()
  #lastTicket = 0

  constructor(state: GroupState, host: GroupHost) {
    this.state = state
    this.#host = host
  }

  /** What its members read; undefined where they do not say it as consumers do. */
  get topics(): ReadonlySet<string> | undefined {
    const { protocolType, protocolName, members } = this.state
    if (protocolType !== 'consumer') return undefined
    const topics = new Set<string>()
    for (const member of members.values()) {
      const known = readSubscription(member.metadataOf(protocolName))
      if (known === undefined) return undefined
      for (const topic of known.topics) topics.add(topic)
    }
    return topics
  }

  /** Resolves when the generation begins that the member is in, or is not. */
  join(request: JoinRequest): Promise<JoinAnswer> {
    return new Promise((resolve) => {
      const ticket = ++this.#lastTicket
      this.#joins.set(ticket, resolve)
      this.state.join(ticket, request, this.#host.newMemberId(request), this.#host.nowMs)
      this.perform()
    })
  }

  /** Resolves when the leader's assignment is stored. */
  sync(request: SyncRequest): Promise<SyncAnswer> {
    return new Promise((resolve) => {
      const ticket = ++this.#lastTicket
      this.#syncs.set(ticket, resolve)
      this.state.sync(ticket, request, this.#host.nowMs)
      this.perform()
    })
  }

  heartbeat(name: MemberName, generation: number): GroupError {
    return this.state.heartbeat(name, generation, this.#host.nowMs)
  }

  leave(names: readonly MemberName[]): LeftMember[] {
    const left = this.state.leave(names, this.#host.nowMs)
    this.perform()
    return left
  }

  commitErrorOf(name: MemberName, generation: number): GroupError {
    return this.state.commitErrorOf(name, generation, this.#host.nowMs)
  }

  /** Offsets are told whoever asks. */
  fetchErrorOf(): GroupError {
    return 'none'
  }

  expire(nowMs: number, areDeadlinesKept: boolean): void {
    this.state.expire(nowMs, areDeadlinesKept)
    this.perform()
  }

  /** Whoever waits is answered that this broker does not coordinate. */
  close(): void {
    for (const answer of this.#joins.values()) answer(joinRefused('not-coordinator', ''))
    for (const answer of this.#syncs.values()) answer(syncRefused('not-coordinator'))
    this.#joins.clear()
    this.#syncs.clear()
  }

  perform(): void {
    for (let effects = this.state.takeEffects(); effects.length > 0; effects = this.state.takeEffects()) {
      for (const effect of effects) this.#do(effect)
    }
    this.#host.arm()
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
    const isStored = await this.#host.save()
    if (joined !== undefined) {
      const refused = joinRefused('coordinator-not-available', joined.answer.memberId)
      this.#answerJoin(joined.ticket, isStored ? joined.answer : refused)
    }
    if (generation === undefined) return
    this.state.assigned(generation, isStored, this.#host.nowMs)
    this.perform()
  }

  #answerJoin(ticket: number, answer: JoinAnswer): void {
    this.#joins.get(ticket)?.(answer)
    this.#joins.delete(ticket)
  }
}
