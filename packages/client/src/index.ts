// The door of the package: all that users of the client import.

export { BrokerError } from '@sluice/protocol/errors/broker-error'
export type {
  AckPolicy,
  BlockedDecision,
  BlockedRow,
  ConsumerConfig,
  ConsumerInfo,
  ConsumerStats,
  DeadLetterPage,
  DeadLetterRow,
  DeliverFrom,
  Exhausted,
  Explanation,
  FlowRate,
  FlowRule,
  HeldReason,
  MessagePlace,
  Pause,
  PoolOrder,
  PoolRow,
  SharedPool,
} from '@sluice/protocol/model/consumer'
export type {
  CleanupPolicy,
  CompressionType,
  Durability,
  PartitionInfo,
  StreamConfig,
  StreamInfo,
  TimestampType,
} from '@sluice/protocol/model/stream'
export { Client } from './client.ts'
export type {
  ClientEvents,
  ClientListener,
  GroupInfo,
  GroupMemberRow,
  GroupOffsetRow,
  GroupPartitionRow,
  GroupPhase,
  GroupType,
  GroupResetOptions,
  Groups,
  GroupSummary,
} from './client.ts'
export type { ClientOptions } from './client-options.ts'
export { connect } from './connect.ts'
export type {
  BlockedOptions,
  Consumer,
  FetchOptions,
  MessagesOptions,
  PauseOptions,
  PoolsOptions,
  ResumeOptions,
} from './consume/consumer.ts'
export type { Consumers, ConsumerSettings, NewConsumer } from './consume/consumers.ts'
export type { DeadLetterChoice, DeadLetterListOptions, DeadLetters } from './consume/dead-letters.ts'
export type { Message } from './consume/message.ts'
export type { MessageHandler, SubscribeOptions, Subscription } from './consume/subscription.ts'
export type { Log, LogBatch, LogMessage, LogReadOptions, LogStart } from './log/log-reader.ts'
export type { MessageOptions, NewMessage, Published, PublishOptions } from './publish/published.ts'
export type { Publisher, PublisherOptions } from './publish/publisher.ts'
export type { PurgeOptions } from './streams.ts'
