// One thing that Kafka promises, tried with whatever client. A scenario makes topics and groups of its
// own, so that all of them share a broker.

import type { TestContext } from 'node:test'
import type { Client } from '@sluice/client'
import type { KafkaBroker } from './kafka-broker.ts'
import type { GroupProtocol, KafkaClient, Membership, NewRecord, SeenRecord } from './kafka-client.ts'

/** Short runs are part of `npm test`; long ones of `npm run compat`. */
export type Length = 'short' | 'long'

export interface Ground {
  readonly broker: KafkaBroker
  readonly client: KafkaClient
  /** Another library: reads what must have arrived, and sends what the client under test has to read. */
  readonly other: KafkaClient
  /** The native door, to the same streams. */
  readonly native: Client
  readonly length: Length
}

export interface Scenario {
  readonly name: string
  /** Whether the client has what it needs. */
  readonly suits: (client: KafkaClient) => boolean
  readonly run: (ground: Ground, test: TestContext) => Promise<void>
}

let topicCount = 0

/** A name that nobody else uses. */
export const newName = (): string => `compat.${++topicCount}`

/** A topic that nobody else uses: natively a stream. */
export async function newTopic({ native }: Ground, partitions = 1): Promise<string> {
  const topic = newName()
  await native.streams.create(topic, { partitions })
  return topic
}

/** How members share, once for each protocol of groups that they can be told to speak. */
export async function forEachProtocol(
  { assignors = {} }: KafkaClient,
  test: TestContext,
  run: (sharing: Partial<Membership>, test: TestContext) => Promise<void>,
): Promise<void> {
  const protocols = Object.keys(assignors) as GroupProtocol[]
  if (protocols.length < 2) return run({}, test)
  for (const protocol of protocols) await test.test(`${protocol} protocol`, (test) => run({ protocol }, test))
}

export const numbered = (count: number, first = 0): NewRecord[] =>
  Array.from({ length: count }, (_, index) => ({
    key: `key.${(first + index) % 17}`,
    value: String(first + index),
  }))

export const valuesOf = (records: readonly SeenRecord[]): (string | null)[] =>
  records.map(({ value }) => value)
