// One stream as the broker holds it: its configuration and its partitions.
// Made and changed by streams.ts alone; everyone else reads.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { PartitionInfo, StreamConfig, StreamInfo } from '@sluice/protocol/model/stream'
import { LedPartition } from '../../cluster/partition.ts'
import type { Partition } from '../../cluster/partition.ts'
import type { PublishAdmission } from './publish-admission.ts'
import { SubjectAcceptance } from './subject-acceptance.ts'

export interface StreamIdentity {
  /** Never reused, so that files of a deleted stream are never taken for those of a new one. */
  readonly id: number
  readonly name: string
  /** ISO 8601. */
  readonly createdAt: string
  /** Partitions that it was created with. */
  readonly firstPartitions: number
}

export class Stream {
  readonly id: number
  readonly name: string
  readonly createdAt: string
  readonly admission: PublishAdmission
  /** Partitions that it was created with. */
  readonly firstPartitions: number
  #config: StreamConfig
  #partitions: readonly Partition[]
  #acceptance: SubjectAcceptance
  readonly #changeListeners = new Set<() => void>()
  readonly #deleteListeners = new Set<() => void>()
  #isDeleted = false

  constructor(
    identity: StreamIdentity,
    config: StreamConfig,
    partitions: readonly Partition[],
    admission: PublishAdmission,
  ) {
    this.id = identity.id
    this.name = identity.name
    this.createdAt = identity.createdAt
    this.firstPartitions = identity.firstPartitions
    this.admission = admission
    this.#config = config
    this.#partitions = partitions
    this.#acceptance = new SubjectAcceptance(config.subjects)
  }

  get config(): StreamConfig {
    return this.#config
  }

  get partitions(): readonly Partition[] {
    return this.#partitions
  }

  /** Decides which subjects may be published. */
  get acceptance(): SubjectAcceptance {
    return this.#acceptance
  }

  /** From the moment at which the catalog no longer knows it. */
  get isDeleted(): boolean {
    return this.#isDeleted
  }

  /**
   * Whether all records of a subject are in one partition. Not so once it has been given more: then a subject
   * may have older records in another.
   */
  get areSubjectsWhole(): boolean {
    return this.#partitions.length === this.firstPartitions
  }

  /** Throws `unknown-partition`. */
  requirePartition(index: number): Partition {
    const partition = this.#partitions[index]
    if (partition !== undefined) return partition
    const text = `Stream ${this.name} has ${this.#partitions.length} partitions, and none is number ${index}`
    throw new BrokerError('unknown-partition', text)
  }

  /** Throws `unknown-partition`, or `not-leader` where another node leads it. */
  requireLed(index: number): LedPartition {
    const partition = this.requirePartition(index)
    if (partition instanceof LedPartition) return partition
    const text = `Partition ${index} of stream ${this.name} is led by node ${partition.node}`
    throw new BrokerError('not-leader', text)
  }

  info(): StreamInfo {
    const { name, config, createdAt } = this
    return { name, config, createdAt, partitions: this.#partitions.map(partitionInfo) }
  }

  /** For streams.ts: an alteration that the catalog has confirmed. */
  changed(config: StreamConfig, partitions: readonly Partition[]): void {
    this.#config = config
    this.#partitions = partitions
    this.#acceptance = new SubjectAcceptance(config.subjects)
    for (const listener of this.#changeListeners) listener()
  }

  /** Hears of alterations, which may have added partitions; returns how to stop. */
  onChanged(listener: () => void): () => void {
    this.#changeListeners.add(listener)
    return () => {
      this.#changeListeners.delete(listener)
    }
  }

  /** For streams.ts. */
  deleted(): void {
    this.#isDeleted = true
    for (const listener of this.#deleteListeners) listener()
    this.#deleteListeners.clear()
  }

  /** For those who wait for its records; returns how to stop. */
  onDeleted(listener: () => void): () => void {
    this.#deleteListeners.add(listener)
    return () => {
      this.#deleteListeners.delete(listener)
    }
  }
}

function partitionInfo(partition: Partition): PartitionInfo {
  const { index, logStart, highWatermark, sizeBytes, quarantined, offline, node } = partition
  return {
    partition: index,
    logStart,
    highWatermark,
    sizeBytes,
    quarantined,
    ...(offline === undefined ? {} : { offline: offline.message }),
    ...(node === undefined ? {} : { node }),
  }
}
