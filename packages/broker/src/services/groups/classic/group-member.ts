// One member of a group of the classic protocol, changed by group-state.ts alone.

import { noBytes } from '../group-messages.ts'
import type { JoinRequest, MemberProtocol } from '../group-messages.ts'

export interface KnownMember {
  readonly memberId: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocols: readonly MemberProtocol[]
  readonly assignment: Uint8Array
}

export class GroupMember implements KnownMember {
  readonly memberId: string
  readonly instanceId: string | null
  clientId: string
  clientHost: string
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  protocols: readonly MemberProtocol[]
  assignment: Uint8Array = noBytes
  /** Its join, as long as it waits for the others. */
  joining: number | undefined
  /** Its sync, as long as it waits for the leader's. */
  syncing: number | undefined
  /** It has never been answered: nobody can expect a heartbeat, and it is kept for a while at most. */
  isNew = false
  /** It joined the generation, and has not asked for its assignment yet. */
  hasToSync = false
  deadlineMs = Infinity

  constructor(known: Omit<KnownMember, 'assignment'>) {
    this.memberId = known.memberId
    this.instanceId = known.instanceId
    this.clientId = known.clientId
    this.clientHost = known.clientHost
    this.sessionTimeoutMs = known.sessionTimeoutMs
    this.rebalanceTimeoutMs = known.rebalanceTimeoutMs
    this.protocols = known.protocols
  }

  update(request: JoinRequest): void {
    this.clientId = request.clientId
    this.clientHost = request.clientHost
    this.sessionTimeoutMs = request.sessionTimeoutMs
    this.rebalanceTimeoutMs = request.rebalanceTimeoutMs
    this.protocols = request.protocols
  }

  /** Whether it says of its protocols what it has said before. */
  offersSame(protocols: readonly MemberProtocol[]): boolean {
    return (
      protocols.length === this.protocols.length &&
      protocols.every(({ name, metadata }, at) => {
        const own = this.protocols[at]!
        return own.name === name && areEqual(own.metadata, metadata)
      })
    )
  }

  metadataOf(protocol: string | null): Uint8Array {
    return this.protocols.find(({ name }) => name === protocol)?.metadata ?? noBytes
  }
}

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at])
}
