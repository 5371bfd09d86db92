// CALL: the control plane, asked seldom, so its bodies are JSON: `{ "method": …, "params": … }`,
// answered with the result as JSON. This table is the list of methods with their parameters and results,
// for both sides.

import type { ConsumerConfig, ConsumerInfo, ConsumerStats, Explanation, PoolRow } from '../model/consumer.ts'
import type { StreamConfig, StreamInfo } from '../model/stream.ts'

export interface BrokerInfo {
  readonly name: string
  readonly version: string
  readonly bootEpoch: number
  readonly uptimeMs: number
}

interface ConsumerName {
  readonly stream: string
  readonly name: string
}

export interface Calls {
  'broker.info': { params: Record<string, never>; result: BrokerInfo }
  /** Answers with the stream as it is; harmless when it exists with the same configuration. */
  'streams.create': { params: { name: string; config: Partial<StreamConfig> }; result: StreamInfo }
  'streams.get': { params: { name: string }; result: StreamInfo }
  'streams.list': { params: Record<string, never>; result: StreamInfo[] }
  'streams.alter': { params: { name: string; config: Partial<StreamConfig> }; result: StreamInfo }
  'streams.delete': { params: { name: string }; result: null }
  'consumers.create': { params: ConsumerName & { config: Partial<ConsumerConfig> }; result: ConsumerInfo }
  'consumers.get': { params: ConsumerName; result: ConsumerInfo }
  'consumers.list': { params: { stream: string }; result: ConsumerInfo[] }
  'consumers.alter': { params: ConsumerName & { config: Partial<ConsumerConfig> }; result: ConsumerInfo }
  'consumers.delete': { params: ConsumerName; result: null }
  'consumers.stats': { params: ConsumerName; result: ConsumerStats }
  'consumers.explain': { params: ConsumerName & { subject: string }; result: Explanation }
  'consumers.pools': {
    params: ConsumerName & { top: 'inflight' | 'parked'; count: number }
    result: PoolRow[]
  }
}

export type CallMethod = keyof Calls
export type CallParams<M extends CallMethod> = Calls[M]['params']
export type CallResult<M extends CallMethod> = Calls[M]['result']
