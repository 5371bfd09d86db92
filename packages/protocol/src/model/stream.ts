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
}

export interface StreamInfo {
  readonly name: string
  readonly config: StreamConfig
  /** ISO 8601. */
  readonly createdAt: string
  readonly partitions: readonly PartitionInfo[]
}
