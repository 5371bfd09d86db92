// CALL: the control plane, asked seldom, so its bodies are JSON: `{ "method": …, "params": … }`,
// answered with the result as JSON. This table is the list of methods with their parameters and results,
// for both sides.

import type {
  BlockedDecision,
  BlockedRow,
  ConsumerConfig,
  ConsumerInfo,
  ConsumerStats,
  DeadLetterPage,
  Explanation,
  MessagePlace,
  PoolOrder,
  PoolRow,
} from '../model/consumer.ts'
import type { GroupInfo, GroupOffsetChoice, GroupOffsetRow, GroupSummary } from '../model/group.ts'
import type { StreamConfig, StreamInfo } from '../model/stream.ts'

export interface BrokerInfo {
  readonly name: string
  readonly version: string
  readonly bootEpoch: number
  readonly uptimeMs: number
  /** The node that answers. */
  readonly node: number
}

/** A broker, or one shard of it, that clients talk to. */
export interface NodeAddress {
  readonly node: number
  /** Absent: where the client reached the one that answers. */
  readonly host?: string
  readonly port: number
}

interface ConsumerName {
  readonly stream: string
  readonly name: string
}

/** Which dead letters of a consumer: these, or all whose subject matches. */
type DeadLetterChoice = ConsumerName & { letters?: readonly MessagePlace[]; match?: string }

export interface Calls {
  'broker.info': { params: Record<string, never>; result: BrokerInfo }
  /** Answers with the stream as it is; harmless when it exists with the same configuration. */
  /** A stream that is there and is so is answered as if it was made; with `mustBeNew`: `stream-exists`. */
  'streams.create': {
    params: { name: string; config: Partial<StreamConfig>; mustBeNew?: boolean }
    result: StreamInfo
  }
  'streams.get': { params: { name: string }; result: StreamInfo }
  'streams.list': { params: Record<string, never>; result: StreamInfo[] }
  'streams.alter': { params: { name: string; config: Partial<StreamConfig> }; result: StreamInfo }
  'streams.delete': { params: { name: string }; result: null }
  /**
   * Removes all records, those below `before` (an offset of the partition), or those whose subject matches.
   * Answers with how many.
   */
  'streams.purge': {
    params: { name: string; match?: string; partition?: number; before?: number }
    result: { removed: number }
  }
  /** Removes single records; those that are gone already do not count. */
  'streams.deleteMessages': {
    params: { name: string; messages: readonly MessagePlace[] }
    result: { removed: number }
  }
  'consumers.create': { params: ConsumerName & { config: Partial<ConsumerConfig> }; result: ConsumerInfo }
  'consumers.get': { params: ConsumerName; result: ConsumerInfo }
  'consumers.list': { params: { stream: string }; result: ConsumerInfo[] }
  'consumers.alter': { params: ConsumerName & { config: Partial<ConsumerConfig> }; result: ConsumerInfo }
  'consumers.delete': { params: ConsumerName; result: null }
  'consumers.stats': { params: ConsumerName; result: ConsumerStats }
  'consumers.explain': { params: ConsumerName & { subject: string }; result: Explanation }
  'consumers.pools': { params: ConsumerName & { top: PoolOrder; count: number }; result: PoolRow[] }
  /** `match` is `>` where absent: the whole consumer. `until` is ISO 8601. Pausing again moves the end. */
  'consumers.pause': { params: ConsumerName & { match?: string; until?: string }; result: ConsumerInfo }
  /** Ends the pause of exactly this pattern; `not-paused` where there is none. */
  'consumers.resume': { params: ConsumerName & { match?: string }; result: ConsumerInfo }
  /**
   * Settles everything up to now whose subject matches and that is not in flight, for this consumer alone.
   * Answers with how many.
   */
  'consumers.drain': { params: ConsumerName & { match: string }; result: { drained: number } }
  'consumers.blocked': { params: ConsumerName & { count: number }; result: BlockedRow[] }
  /** Decides on all blocked records of a subject; `not-blocked` where there is none. */
  'consumers.unblock': {
    params: ConsumerName & { subject: string; decision: BlockedDecision }
    result: { records: number }
  }
  'deadLetters.list': {
    params: ConsumerName & { count: number; after?: readonly MessagePlace[]; match?: string }
    result: DeadLetterPage
  }
  /** Publishes the records to their stream anew, then removes the letters. At least once. */
  'deadLetters.replay': { params: DeadLetterChoice; result: { replayed: number } }
  'deadLetters.drop': { params: DeadLetterChoice; result: { dropped: number } }
  'groups.list': { params: Record<string, never>; result: GroupSummary[] }
  'groups.get': { params: { name: string }; result: GroupInfo }
  /**
   * Commits other offsets for a group without members: in all streams that it has offsets in, or in this one,
   * and there in all partitions or in these. What is not kept any more becomes the nearest that is.
   */
  'groups.resetOffsets': {
    params: { name: string; stream?: string; partitions?: readonly number[]; to: GroupOffsetChoice }
    result: GroupOffsetRow[]
  }
  /** Forgets a group without members, and how far it has come. */
  'groups.delete': { params: { name: string }; result: null }
  /** Where the nodes of this broker listen. */
  'cluster.nodes': { params: Record<string, never>; result: NodeAddress[] }
}

export type CallMethod = keyof Calls
export type CallParams<M extends CallMethod> = Calls[M]['params']
export type CallResult<M extends CallMethod> = Calls[M]['result']
