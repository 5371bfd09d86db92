// What the scenarios ask of a Kafka client, whatever it is written in. One implementation per client
// library is in ../clients/. Must never hide a fault of the broker's by trying again where the library
// would not.

export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Codec = (typeof CODECS)[number]

export interface NewRecord {
  readonly key: string | null
  readonly value: string | null
  readonly headers?: Readonly<Record<string, string>>
  /** Default: as the client chooses. */
  readonly partition?: number
  /** Milliseconds. Default: now. */
  readonly timestamp?: number
}

export interface SeenRecord {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: Readonly<Record<string, string>>
}

/** Where reading begins: at the first record, so many before the end, at an offset, or at a time. */
export type From =
  | 'first'
  | { readonly last: number }
  | { readonly offset: number }
  | { readonly time: number }

export interface Reading {
  readonly topic: string
  readonly partition: number
  readonly from: From
  readonly count: number
}

export interface Sending {
  readonly codec?: Codec
  /** Numbered by the producer, so that a repetition is not stored twice. */
  readonly isIdempotent?: boolean
}

export type GroupProtocol = 'classic' | 'consumer'

export interface Membership {
  readonly group: string
  readonly topic: string
  /** Makes the member a static one. */
  readonly instanceId?: string
  /** By the library's name for it. Default: as the client under test chooses. */
  readonly assignor?: string
  /** Who assigns: members among themselves, or the broker. Default: as the client under test chooses. */
  readonly protocol?: GroupProtocol
}

/** A member of a group, which commits what it has seen. */
export interface GroupMember {
  readonly seen: readonly SeenRecord[]
  /** Its partitions now, ascending. */
  readonly partitions: readonly number[]
  /** How often it was given partitions. */
  readonly assignments: number
  /** Orderly: what it saw is committed. A static member stays in the group until its session times out. */
  leave(): Promise<void>
}

export interface Committed {
  /** Undefined: nothing is committed. */
  readonly offset: number | undefined
  readonly metadata: string
}

export interface GroupPlace {
  readonly group: string
  readonly topic: string
  readonly partition: number
}

/** What is undefined the library cannot do. */
export interface Admin {
  createTopic(topic: string, partitions: number, configs?: Readonly<Record<string, string>>): Promise<void>
  partitionCount(topic: string): Promise<number>
  topics(): Promise<string[]>
  deleteTopic(topic: string): Promise<void>
  /** `total` includes those that are there. */
  addPartitions?(topic: string, total: number): Promise<void>
  configs?(topic: string): Promise<Readonly<Record<string, string>>>
  alterConfigs?(topic: string, configs: Readonly<Record<string, string>>): Promise<void>
  deleteRecords?(topic: string, partition: number, before: number): Promise<void>
  groups?(): Promise<string[]>
  groupState?(group: string): Promise<{ readonly state: string; readonly members: number }>
  deleteGroup?(group: string): Promise<void>
}

/** What a library cannot do at all: the scenarios that need it leave it out, and the page says so. */
export type Lack =
  | 'timestamps'
  | 'static members'
  | 'static members of the consumer protocol'
  | 'description of groups of the consumer protocol'
  | 'idempotence'
  | 'outages'
  | 'metadata of commits'

export interface KafkaClient {
  readonly name: string
  readonly lacks: readonly Lack[]
  /** Default: all. */
  readonly codecs?: readonly Codec[] | undefined
  /** Resolves when all are confirmed by acks=all. */
  produce(topic: string, records: readonly NewRecord[], sending?: Sending): Promise<void>
  read(reading: Reading): Promise<SeenRecord[]>
  join?(membership: Membership): Promise<GroupMember>
  /** That a member can be told to use. */
  readonly assignors?: Readonly<Partial<Record<GroupProtocol, readonly string[]>>> | undefined
  /** Whether what a member subscribes to may be a pattern, which begins with ^. */
  readonly hasPatterns?: boolean
  commit?(place: GroupPlace, offset: number, metadata: string): Promise<void>
  committed?(place: GroupPlace): Promise<Committed>
  readonly admin?: Admin
  close(): Promise<void>
}

/** Makes a client of a broker. Rejects when the library is not there. */
export type ClientLibrary = (address: string) => Promise<KafkaClient>
