// Streams as every door shows them.

/** The fault that an acknowledged record survives: of the machine, of the process, or none. */
export type Durability = 'fsync' | 'os' | 'memory'

/** What makes records go: their age and number, a younger record of the same key, or both. */
export type CleanupPolicy = 'delete' | 'compact' | 'compact,delete'

/** Whose clock says when a record is: the publisher's, or the broker's as it appends. */
export type TimestampType = 'create' | 'append'

/** What batches are compressed with: as their producer sent them, not at all, or so. */
export type CompressionType = 'producer' | 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

export interface StreamConfig {
  /** Patterns of the subjects that may be published; default `['>']`: all. */
  readonly subjects: readonly string[]
  readonly partitions: number
  readonly durability: Durability
  /** Size limit of one message: subject, headers and value together. */
  readonly messageBytesMax: number
  /** Records older than this are dropped from the start of their partition, segment by segment; 0: never. */
  readonly maxAgeMs: number
  /** Size of a partition beyond which its oldest segments are dropped; 0: no limit. */
  readonly maxBytes: number
  /** Records of a partition beyond which its oldest segments are dropped; 0: no limit. */
  readonly maxMessages: number
  /** With `compact` alone, `maxAgeMs`, `maxBytes` and `maxMessages` do not act. */
  readonly cleanupPolicy: CleanupPolicy
  /** Size at which a partition begins a new segment; 0: what the broker is configured to. */
  readonly segmentBytes: number
  /** Age at which a partition begins a new segment; 0: what the broker is configured to. */
  readonly segmentMs: number
  /** Records younger than this are not compacted. */
  readonly minCompactionLagMs: number
  /** Records older than this are compacted, whatever `minCleanableDirtyRatio` says; 0: no limit. */
  readonly maxCompactionLagMs: number
  /** Share of the closed segments that was not compacted yet from which on compacting is worth it; 0 to 1. */
  readonly minCleanableDirtyRatio: number
  /** How long a record without a value stays after those before it with its key are gone. */
  readonly deleteRetentionMs: number
  /** Of what Kafka's clients produce; what is published natively is kept as it comes. */
  readonly compressionType: CompressionType
  readonly timestampType: TimestampType
  /** How much older than the broker's time a published record may be; 0: no limit. */
  readonly timestampBeforeMaxMs: number
  /** How much younger than the broker's time a published record may be; 0: no limit. */
  readonly timestampAfterMaxMs: number
  /** Replicas that must have a record that is acknowledged to who asks for all of them. */
  readonly minInsyncReplicas: number
  /** With durability `os`: so many records after the last sync all are synced; 0: left to the system. */
  readonly flushMessages: number
  /** With durability `os`: so long after a record it is synced; 0: left to the system. */
  readonly flushMs: number
  /** Names of Kafka's configurations that were said, also to be what they are anyway: Kafka's clients ask. */
  readonly kafkaConfigs: readonly string[]
}

export interface PartitionInfo {
  readonly partition: number
  /** Offset of the first record that is kept. */
  readonly logStart: number
  /** Offset after the last record that may be read. */
  readonly highWatermark: number
  readonly sizeBytes: number
  /** Absent while all is well; else why nothing can be appended. */
  readonly offline?: string
  /** Records that are lost to damaged bytes, by the files' own account; see `sluice log verify`. */
  readonly quarantined: number
  /** The node that leads it; absent where there is only one. */
  readonly node?: number
}

export interface StreamInfo {
  readonly name: string
  readonly config: StreamConfig
  /** ISO 8601. */
  readonly createdAt: string
  readonly partitions: readonly PartitionInfo[]
}
