// Streams as every door shows them.

/** The fault that an acknowledged record survives: of the machine, of the process, or none. */
export type Durability = 'fsync' | 'os' | 'memory'

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
