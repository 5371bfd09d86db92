// The streams and consumers of a history by their names, each with the model of its present incarnation.

import type { ConsumerPlan, StreamPlan } from './history-plan.ts'
import { ConfigsInForce } from './reference-configs.ts'
import { ReferenceConsumer } from './reference-consumer.ts'
import { ReferenceStream } from './reference-stream.ts'

/** A consumer by its name. */
export interface ConsumerRecord {
  readonly stream: StreamRecord
  readonly name: string
  configs: ConfigsInForce
  /** It is known to exist. */
  isAlive: boolean
  /** It exists, or may. */
  isFollowed: boolean
  /** It has had predecessors of the same name. */
  wasDeleted: boolean
  id: number | undefined
  reference: ReferenceConsumer
}

/** A stream by its name. */
export interface StreamRecord {
  readonly plan: StreamPlan
  state: 'absent' | 'alive'
  reference: ReferenceStream
  readonly consumers: Map<string, ConsumerRecord>
}

export function newStreamRecord(plan: StreamPlan): StreamRecord {
  const reference = new ReferenceStream(plan.name, plan.config)
  const stream: StreamRecord = { plan, state: 'absent', reference, consumers: new Map() }
  for (const consumer of plan.consumers)
    stream.consumers.set(consumer.name, newConsumerRecord(stream, consumer))
  return stream
}

function newConsumerRecord(stream: StreamRecord, { name, config }: ConsumerPlan): ConsumerRecord {
  const configs = new ConfigsInForce(config)
  return {
    stream,
    name,
    configs,
    isAlive: false,
    isFollowed: false,
    wasDeleted: false,
    id: undefined,
    reference: new ReferenceConsumer(`${stream.plan.name} ${name}`, configs, stream.reference),
  }
}
