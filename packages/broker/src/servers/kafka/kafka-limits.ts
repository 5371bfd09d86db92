// Every bound of the Kafka door. Defaults are in config/.

import type { GateLimits } from '../connections/request-gate.ts'

export interface KafkaLimits extends GateLimits {
  /** Largest request, its size included. */
  readonly kafkaFrameBytesMax: number
  readonly connectionsMax: number
  /** The id of node 0. */
  readonly kafkaNodeId: number
  /** A connection is closed that asked for nothing so long, and waits for nothing. */
  readonly kafkaIdleMs: number
  /** How long a peer may take nothing while bytes wait for it, or complete no request while one has begun. */
  readonly stalledPeerMs: number
  /** How long stopping waits for requests in progress. */
  readonly stopTimeoutMs: number
  /** Whether a topic is made that is asked for by name and is not there. */
  readonly autoCreateTopics: 'on' | 'off'
  /** What becomes of a topic that is to have more than one replica. */
  readonly excessReplicas: 'refuse' | 'clamp'
  /** Of a topic that is made without saying how many. */
  readonly defaultPartitions: number
}
