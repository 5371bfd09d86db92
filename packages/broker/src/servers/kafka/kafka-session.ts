// What a handler of a Kafka request sees of its connection, and what all connections share.
// `kafka-connection.ts` implements it.

import type { KafkaApi } from '@sluice/protocol/kafka/kafka-api'
import type { CallMethod, CallParams, CallResult } from '@sluice/protocol/native/calls'
import type { Logger } from '../../base/logger.ts'
import type { Io } from '../../io/io.ts'
import type { Groups } from '../../services/groups/groups.ts'
import type { ProducerIds } from '../../services/producers/producer-ids.ts'
import type { Streams } from '../../services/streams/streams.ts'
import type { GivenUpLines } from '../connections/given-up-lines.ts'
import type { KafkaNode } from '../connections/listen-address.ts'
import type { SharedBounds } from '../connections/request-gate.ts'
import type { KafkaLimits } from './kafka-limits.ts'
import type { TopicIndex } from './topic-index.ts'

/** What all connections of a node share. */
export interface KafkaServices {
  readonly io: Io
  readonly logger: Logger
  readonly streams: Streams
  readonly groups: Groups
  readonly topics: TopicIndex
  readonly producerIds: ProducerIds
  readonly limits: KafkaLimits
  readonly bounds: SharedBounds
  readonly givenUp: GivenUpLines
  readonly cluster: KafkaCluster
  /** Carries a call of the control plane out, at whatever node does that. */
  readonly call: <M extends CallMethod>(method: M, params: CallParams<M>) => Promise<CallResult<M>>
}

export interface KafkaCluster {
  /** 16 hexadecimal digits. */
  readonly id: string
  /** What clients call a node; undefined: the only one. */
  brokerIdOf(node: number | undefined): number
  /** Whether a node has this id. */
  hasBroker(brokerId: number): boolean
  readonly nodeCount: number
  /** Where clients that came by this listener reach the nodes; all of them, in their order. */
  nodes(listener: number): Promise<readonly KafkaNode[]>
}

export interface KafkaSession {
  readonly services: KafkaServices
  /** All that is served: what ApiVersions tells. */
  readonly apis: readonly KafkaApi<unknown, unknown>[]
  /** Which of the door's listeners the connection came by. */
  readonly listener: number
  /** What the client called itself in the present request; empty where it does not say. */
  readonly clientId: string
  /** Whether the byte strings of the present request may be kept. Ask before the first wait. */
  readonly isRequestOwned: boolean
  /** Where the client is, as Kafka shows it. */
  readonly clientHost: string
  /** The peer, for people. */
  readonly peerName: string
  /**
   * Aborted, with a `BrokerError` as its reason, when no request of this connection can be answered any more,
   * or the broker stops: what waits then answers with what it has.
   */
  readonly signal: AbortSignal
  /** Counts bytes that an answer will need against the connection's bound; give them back with `release`. */
  reserve(bytes: number): void
  release(bytes: number): void
  /** Bytes of an answer that are lent: `release` is called once when nobody looks at them any more. */
  lend(bytes: Uint8Array, release: () => void): void
  /** How long the client is to wait before its next request. The one place where quotas will act. */
  throttleTimeMs(): number
}

/**
 * Answers one request; undefined: without an answer. Byte strings in the request are borrowed until the first
 * wait, unless the session says that they may be kept. What it throws is answered as the row of the table
 * says.
 */
export type KafkaHandler<Request, Response> = (
  session: KafkaSession,
  request: Request,
  version: number,
) => Response | undefined | Promise<Response | undefined>
