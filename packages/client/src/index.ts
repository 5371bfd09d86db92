// The door of the package: all that users of the client import.

export { BrokerError } from '@sluice/protocol/errors/broker-error'
export type {
  ConsumerConfig,
  ConsumerInfo,
  ConsumerStats,
  Explanation,
  FlowRule,
  HeldReason,
  PoolRow,
} from '@sluice/protocol/model/consumer'
export type { Durability, PartitionInfo, StreamConfig, StreamInfo } from '@sluice/protocol/model/stream'
export { Client } from './client.ts'
export type { ClientEvents, ClientListener } from './client-events.ts'
export type { ClientOptions } from './client-options.ts'
export { connect } from './connect.ts'
export type { Consumer, MessagesOptions, PoolsOptions } from './consume/consumer.ts'
export type { Consumers, NewConsumer } from './consume/consumers.ts'
export type { Message } from './consume/message.ts'
export type { MessageHandler, SubscribeOptions, Subscription } from './consume/subscription.ts'
export type { LogMessage } from './log/log-message.ts'
export type { Log, LogBatch, LogReadOptions, LogStart } from './log/log-reader.ts'
export type { MessageOptions, NewMessage, Published, PublishOptions } from './publish/published.ts'
export type { Publisher, PublisherOptions } from './publish/publisher.ts'
