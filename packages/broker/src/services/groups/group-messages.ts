// What members of groups ask and are answered, in Kafka's terms and without its bytes. A code stands for the
// Kafka error of the same name.

export type GroupError =
  | 'none'
  | 'coordinator-not-available'
  | 'not-coordinator'
  | 'illegal-generation'
  | 'inconsistent-group-protocol'
  | 'invalid-group-id'
  | 'unknown-member-id'
  | 'invalid-session-timeout'
  | 'rebalance-in-progress'
  | 'offset-metadata-too-large'
  | 'unknown-topic-or-partition'
  | 'invalid-request'
  | 'non-empty-group'
  | 'group-id-not-found'
  | 'member-id-required'
  | 'group-max-size-reached'
  | 'fenced-instance-id'
  | 'group-subscribed-to-topic'
  | 'fenced-member-epoch'
  | 'unreleased-instance-id'
  | 'unsupported-assignor'
  | 'stale-member-epoch'
  | 'invalid-regular-expression'
  | 'unsupported-version'

export interface MemberProtocol {
  readonly name: string
  /** Owned by the group: never borrowed. */
  readonly metadata: Uint8Array
}

/** Who asks; the instance id is of static members alone. */
export interface MemberName {
  readonly memberId: string
  readonly instanceId: string | null
}

/** What a member of the consumer protocol says when it asks for offsets. */
export interface MemberEpoch {
  readonly memberId: string
  readonly epoch: number
}

export interface JoinRequest extends MemberName {
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocolType: string
  readonly protocols: readonly MemberProtocol[]
  /** A new member is told its id first, and joins with it. */
  readonly isIdRequired: boolean
  /** A leader that comes back may be told that there is nothing to assign. */
  readonly canSkipAssignment: boolean
}

export interface JoinedMember extends MemberName {
  readonly metadata: Uint8Array
}

export interface JoinAnswer {
  readonly error: GroupError
  readonly memberId: string
  readonly generation: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly leaderId: string
  readonly isAssignmentSkipped: boolean
  /** For the leader; for others none. */
  readonly members: readonly JoinedMember[]
}

export interface SyncRequest extends MemberName {
  readonly generation: number
  /** Null where the member does not say. */
  readonly protocolType: string | null
  readonly protocolName: string | null
  /** Of the leader: who has what. */
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[]
}

export interface SyncAnswer {
  readonly error: GroupError
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly assignment: Uint8Array
}

export interface LeftMember extends MemberName {
  readonly error: GroupError
}

/** About what is kept of a member that joins. */
export function memberBytesOf(member: Pick<JoinRequest, 'clientId' | 'instanceId' | 'protocols'>): number {
  const names = member.clientId.length + 3 * (member.instanceId?.length ?? 0)
  return member.protocols.reduce(
    (sum, { name, metadata }) => sum + name.length + metadata.length + protocolBytes,
    names + recordBytes,
  )
}

export function assignmentBytesOf({ assignments }: SyncRequest): number {
  return assignments.reduce((sum, { assignment }) => sum + assignment.length, 0)
}

/** Of objects beside their texts and bytes. */
const recordBytes = 500
const protocolBytes = 100

export const noBytes: Uint8Array = new Uint8Array(0)

export function joinRefused(error: GroupError, memberId: string): JoinAnswer {
  return {
    error,
    memberId,
    generation: -1,
    protocolType: null,
    protocolName: null,
    leaderId: '',
    isAssignmentSkipped: false,
    members: [],
  }
}

export function syncRefused(error: GroupError): SyncAnswer {
  return { error, protocolType: null, protocolName: null, assignment: noBytes }
}
