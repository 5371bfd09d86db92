// Groups of Kafka's consumers as every door shows them.

/** Kafka's words for how a group is. */
export type GroupPhase =
  | 'Empty'
  | 'PreparingRebalance'
  | 'CompletingRebalance'
  | 'Assigning'
  | 'Reconciling'
  | 'Stable'
  | 'Dead'

/** Which protocol its members speak: the classic one, or that of KIP-848. */
export type GroupType = 'classic' | 'consumer'

export interface GroupSummary {
  readonly name: string
  readonly type: GroupType
  readonly state: GroupPhase
  readonly members: number
  /** `consumer` for consumers; empty where the group never had members. */
  readonly protocolType: string
}

export interface GroupInfo {
  readonly name: string
  readonly type: GroupType
  readonly state: GroupPhase
  /** Of the consumer protocol: the epoch of the group. */
  readonly generation: number
  readonly protocolType: string
  /** How partitions are assigned; empty where that is not settled. */
  readonly protocol: string
  readonly members: readonly GroupMemberRow[]
  readonly partitions: readonly GroupPartitionRow[]
}

export interface GroupMemberRow {
  readonly id: string
  /** Of a static member. */
  readonly instance?: string
  readonly client: string
  readonly host: string
  readonly partitions: number
}

/** A partition that the group has an offset in, or that a member reads. */
export interface GroupPartitionRow {
  readonly stream: string
  readonly partition: number
  /** The next record that is to be read; absent: none was committed. */
  readonly offset?: number
  readonly metadata?: string
  readonly highWatermark: number
  /** Records from the offset on, or from the first that is kept where there is no offset. */
  readonly lag: number
  /** The id of the member that reads it. */
  readonly member?: string
}

/** Where a group is to go on; a time is ISO 8601, and means the first record at it or after it. */
export type GroupOffsetChoice =
  | 'earliest'
  | 'latest'
  | { readonly offset: number }
  | { readonly time: string }

export interface GroupOffsetRow {
  readonly stream: string
  readonly partition: number
  readonly offset: number
}
