// A group under test: members that ask, and what they have been answered.

import type { JoinAnswer, JoinRequest, SyncAnswer } from '../group-messages.ts'
import { GroupState } from './group-state.ts'
import type { GroupBounds, GroupEffect, KnownGroup } from './group-state.ts'

export const sessionMs = 10_000
export const rebalanceMs = 60_000

const encoder = new TextEncoder()

export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text)
}

/** A join of one who offers `range`, of version 3: its id is made for it at once. */
export function joinOf(changes: Partial<JoinRequest> = {}): JoinRequest {
  return {
    memberId: '',
    instanceId: null,
    clientId: 'client',
    clientHost: 'host',
    sessionTimeoutMs: sessionMs,
    rebalanceTimeoutMs: rebalanceMs,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: bytesOf('m') }],
    isIdRequired: false,
    canSkipAssignment: false,
    ...changes,
  }
}

export class GroupScript {
  readonly state: GroupState
  nowMs = 0
  readonly joins = new Map<number, JoinAnswer>()
  readonly syncs = new Map<number, SyncAnswer>()
  /** Generations whose assignment waits to be stored. */
  readonly storing: number[] = []
  storeCount = 0
  #ticket = 0
  #ids = 0

  constructor(bounds: Partial<GroupBounds> = {}, known?: KnownGroup) {
    this.state = new GroupState(
      { membersMax: 100, membersBytesMax: 100_000, initialDelayMs: 0, ...bounds },
      known,
    )
  }

  /** Its ticket. */
  join(changes: Partial<JoinRequest> = {}): number {
    const ticket = ++this.#ticket
    this.state.join(ticket, joinOf(changes), `${changes.instanceId ?? 'm'}${++this.#ids}`, this.nowMs)
    this.perform()
    return ticket
  }

  sync(memberId: string, changes: Partial<Parameters<GroupState['sync']>[1]> = {}): number {
    const ticket = ++this.#ticket
    const usual = { instanceId: null, protocolType: null, protocolName: null, assignments: [] }
    this.state.sync(ticket, { memberId, generation: this.state.generation, ...usual, ...changes }, this.nowMs)
    this.perform()
    return ticket
  }

  /** The leader gives everybody its own name, and the store takes it. */
  syncAll(): void {
    const { leaderId, members } = this.state
    const assignments = [...members.keys()].map((memberId) => ({ memberId, assignment: bytesOf(memberId) }))
    this.sync(leaderId!, { assignments })
    for (const memberId of members.keys()) if (memberId !== leaderId) this.sync(memberId)
    this.stored()
  }

  stored(isStored = true): void {
    for (const generation of this.storing.splice(0)) this.state.assigned(generation, isStored, this.nowMs)
    this.perform()
  }

  heartbeat(memberId: string, generation: number = this.state.generation): string {
    return this.state.heartbeat({ memberId, instanceId: null }, generation, this.nowMs)
  }

  leave(...memberIds: string[]): string[] {
    const left = this.state.leave(
      memberIds.map((memberId) => ({ memberId, instanceId: null })),
      this.nowMs,
    )
    this.perform()
    return left.map(({ error }) => error)
  }

  /** Time goes by, with everything that falls due meanwhile. */
  pass(ms: number): void {
    const endMs = this.nowMs + ms
    for (;;) {
      const { deadlineMs, waitMs } = this.state.due
      const nextMs = Math.min(deadlineMs, waitMs)
      if (nextMs > endMs) break
      this.nowMs = Math.max(this.nowMs, nextMs)
      this.state.expire(this.nowMs, true)
      this.perform()
    }
    this.nowMs = endMs
  }

  perform(): void {
    for (const effect of this.state.takeEffects()) this.#do(effect)
  }

  #do(effect: GroupEffect): void {
    if (effect.kind === 'joined') return void this.joins.set(effect.ticket, effect.answer)
    if (effect.kind === 'synced') return void this.syncs.set(effect.ticket, effect.answer)
    this.storeCount++
    if (effect.generation !== undefined) this.storing.push(effect.generation)
    if (effect.joined !== undefined) this.joins.set(effect.joined.ticket, effect.joined.answer)
  }
}
