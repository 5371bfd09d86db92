// What a stream may be: the grammar of its name, the bounds of its configuration, and what an alteration may
// change. Pure; every refusal names the property.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Durability, StreamConfig } from '@sluice/protocol/model/stream'
import { parsePattern } from '@sluice/protocol/subject/pattern'
import { Type } from 'typebox'
import { Shape } from '../../base/shape.ts'

const subjectsMax = 256
const kafkaConfigsMax = 100
const nameForm = /^[A-Za-z0-9._-]{1,200}$/

const messageBytesDefault = 1024 * 1024
/** Leaves room in the largest frame for what stands around a message. */
export const messageBytesLimit: number = 15 * 1024 * 1024

/** Of what is kept; 0: no limit. */
const limit = Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))

/** What a segment file may be at least; 0 leaves it to the broker. */
const segmentBytesMin = 1024
const segmentBytesLimit = 2 ** 31 - 1
/** There is one replica of every record. */
const replicas = 1

/** What a stream is where nothing else was said. Also what entries of older catalogs do not have. */
export const streamDefaults: Omit<StreamConfig, 'durability'> = {
  subjects: ['>'],
  partitions: 1,
  messageBytesMax: messageBytesDefault,
  maxAgeMs: 0,
  maxBytes: 0,
  maxMessages: 0,
  cleanupPolicy: 'delete',
  segmentBytes: 0,
  segmentMs: 0,
  minCompactionLagMs: 0,
  maxCompactionLagMs: 0,
  minCleanableDirtyRatio: 0.5,
  deleteRetentionMs: 24 * 3_600_000,
  compressionType: 'producer',
  timestampType: 'create',
  timestampBeforeMaxMs: 0,
  timestampAfterMaxMs: 0,
  minInsyncReplicas: 1,
  flushMessages: 0,
  flushMs: 0,
  kafkaConfigs: [],
}

function oneOf(...values: string[]): ReturnType<typeof Type.Optional> {
  return Type.Optional(Type.Union(values.map((value) => Type.Literal(value))))
}

const configShape = new Shape(
  Type.Object(
    {
      subjects: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: subjectsMax })),
      partitions: Type.Optional(Type.Integer({ minimum: 1, maximum: 0xffff })),
      durability: oneOf('fsync', 'os', 'memory'),
      messageBytesMax: Type.Optional(Type.Integer({ minimum: 1, maximum: messageBytesLimit })),
      maxAgeMs: limit,
      maxBytes: limit,
      maxMessages: limit,
      cleanupPolicy: oneOf('delete', 'compact', 'compact,delete'),
      segmentBytes: Type.Optional(Type.Integer({ minimum: 0, maximum: segmentBytesLimit })),
      segmentMs: limit,
      minCompactionLagMs: limit,
      maxCompactionLagMs: limit,
      minCleanableDirtyRatio: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
      deleteRetentionMs: limit,
      compressionType: oneOf('producer', 'none', 'gzip', 'snappy', 'lz4', 'zstd'),
      timestampType: oneOf('create', 'append'),
      timestampBeforeMaxMs: limit,
      timestampAfterMaxMs: limit,
      minInsyncReplicas: Type.Optional(Type.Integer({ minimum: 1, maximum: replicas })),
      flushMessages: limit,
      flushMs: limit,
      kafkaConfigs: Type.Optional(Type.Array(Type.String({ maxLength: 100 }), { maxItems: kafkaConfigsMax })),
    },
    { additionalProperties: false },
  ),
)

/** What this broker can offer, beyond what any stream may be. */
export interface StreamBounds {
  readonly partitionsMax: number
  /** The one durability of a broker that has no disk; undefined where there is one. */
  readonly onlyDurability: Durability | undefined
}

export function checkStreamName(name: string): void {
  if (typeof name === 'string' && nameForm.test(name) && name !== '.' && name !== '..') return
  throw new BrokerError('invalid-stream-name', `${JSON.stringify(name)} is no name for a stream`)
}

/** The whole configuration of a new stream. Throws `invalid-stream-config` or `invalid-pattern`. */
export function newStreamConfig(given: Partial<StreamConfig>, bounds: StreamBounds): StreamConfig {
  checkShape(given)
  const durability = bounds.onlyDurability ?? 'fsync'
  const config: StreamConfig = { ...streamDefaults, durability, ...named(given) }
  checkAgainst(config, bounds)
  return config
}

/** The configuration after an alteration. Throws `invalid-stream-config` or `invalid-pattern`. */
export function alteredStreamConfig(
  current: StreamConfig,
  changes: Partial<StreamConfig>,
  bounds: StreamBounds,
): StreamConfig {
  checkShape(changes)
  const config = { ...current, ...named(changes) }
  if (config.durability !== current.durability) {
    throw invalid(`'durability' cannot be changed from ${current.durability} to ${config.durability}`)
  }
  if (config.partitions < current.partitions) {
    throw invalid(`'partitions' can only grow, and there are ${current.partitions}`)
  }
  checkAgainst(config, bounds)
  return config
}

/** Whether the newest record of each key is kept, and older ones go. */
export function isCompacted({ cleanupPolicy }: StreamConfig): boolean {
  return cleanupPolicy !== 'delete'
}

/** Whether records go for their age and number. */
export function isLimited({ cleanupPolicy, maxAgeMs, maxBytes, maxMessages }: StreamConfig): boolean {
  return cleanupPolicy !== 'compact' && (maxAgeMs > 0 || maxBytes > 0 || maxMessages > 0)
}

/** The first property in which two configurations differ, as a sentence; not how either came about. */
export function differenceOf(current: StreamConfig, wanted: StreamConfig): string | undefined {
  for (const name of Object.keys(wanted) as (keyof StreamConfig)[]) {
    if (name === 'kafkaConfigs') continue
    const [is, asked] = [JSON.stringify(current[name]), JSON.stringify(wanted[name])]
    if (is !== asked) return `'${name}' is ${is}, not ${asked}`
  }
  return undefined
}

/** Without those that are there and undefined. */
function named(given: Partial<StreamConfig>): Partial<StreamConfig> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function checkShape(given: Partial<StreamConfig>): void {
  const fault = configShape.faultOf(given)
  if (fault !== undefined) throw invalid(fault)
}

function checkAgainst(config: StreamConfig, bounds: StreamBounds): void {
  for (const subject of config.subjects) parsePattern(subject)
  if (config.partitions > bounds.partitionsMax)
    throw invalid(`'partitions' must be <= ${bounds.partitionsMax}`)
  const { onlyDurability } = bounds
  if (onlyDurability !== undefined && config.durability !== onlyDurability) {
    throw invalid(`'durability' can only be ${onlyDurability} in a broker without a data directory`)
  }
  const { segmentBytes, minCompactionLagMs, maxCompactionLagMs } = config
  if (segmentBytes > 0 && segmentBytes < segmentBytesMin)
    throw invalid(`'segmentBytes' must be 0 or >= ${segmentBytesMin}`)
  if (maxCompactionLagMs > 0 && maxCompactionLagMs < minCompactionLagMs)
    throw invalid(`'maxCompactionLagMs' must not be below 'minCompactionLagMs'`)
}

function invalid(what: string): BrokerError {
  return new BrokerError('invalid-stream-config', `The stream cannot be configured so: ${what}`)
}
