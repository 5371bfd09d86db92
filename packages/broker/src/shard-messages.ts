// All that the shards of a broker and its control thread say to each other.

import type { CallMethod } from '@sluice/protocol/native/calls'
import type { PartitionMessages } from './cluster/partition-messages.ts'
import type { CatalogMessages } from './cluster/remote-catalog.ts'
import type { BrokerLimits } from './config/read-config.ts'
import type { DoorAddresses, KafkaNode } from './servers/connections/listen-address.ts'
import type { StreamMessages } from './services/streams/stream-messages.ts'

export interface CallBody {
  /** Its parameters have been checked by whoever had it from a client. */
  readonly method: CallMethod
  readonly params: unknown
}

/** What a shard is started with. */
export interface ShardSetup {
  readonly node: number
  readonly nodeCount: number
  readonly bootEpoch: number
  /** What the broker calls itself. */
  readonly name: string
  /** 16 hexadecimal digits. */
  readonly clusterId: string
  readonly dataDir: string
  readonly wasClosedCleanly: boolean
  /** Of this shard: a share of what is bounded for the whole process. */
  readonly limits: BrokerLimits
}

interface LifeRequests {
  /** Opens the logs that it leads. */
  readonly 'shard.open': { body: null; answer: null }
  /** All shards have opened their logs: streams and flow consumers begin. */
  readonly 'shard.begin': { body: null; answer: null }
  readonly 'shard.listen': { body: DoorAddresses; answer: DoorAddresses }
  /** Answers what is in progress and closes its connections. */
  readonly 'shard.closeDoors': { body: null; answer: null }
  /** All shards have closed their doors: flow consumers end, with their progress on disk. */
  readonly 'shard.closeFlow': { body: null; answer: null }
  /** No shard reads any more: the logs are closed. Refuses where one of them was offline. */
  readonly 'shard.closeLogs': { body: null; answer: null }
  /** A call, to whoever carries it out. */
  readonly call: { body: CallBody; answer: unknown }
}

interface LifeNotices {
  /** A channel to another shard comes with it. */
  readonly 'shard.joined': { readonly node: number }
  /** A shard that was started again has opened its logs. */
  readonly 'shard.renewed': { readonly node: number }
  /** What Kafka clients are told of where the nodes listen, by the address that they came by. */
  readonly 'shard.kafkaNodes': readonly (readonly KafkaNode[])[]
  /** A line for the operator. */
  readonly log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error'
    readonly fields: object
    readonly message: string
  }
}

export interface ShardMessages {
  readonly requests: LifeRequests &
    PartitionMessages['requests'] &
    StreamMessages['requests'] &
    CatalogMessages['requests']
  readonly notices: LifeNotices & PartitionMessages['notices']
}

/** What the control thread asks of all shards before it asks the next of any. */
export type ShardStep =
  | 'shard.open'
  | 'shard.begin'
  | 'shard.closeDoors'
  | 'shard.closeFlow'
  | 'shard.closeLogs'
