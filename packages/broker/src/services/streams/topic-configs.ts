// The one table of Kafka's topic configurations: what each is called there, which property of a stream it
// stands for, how its text reads, and whether it acts. What a stream does not have stands here too, with the
// one value that is true of it; another value is refused, for nothing would follow from it. Pure.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { StreamConfig } from '@sluice/protocol/model/stream'
import { commaList, forever, number, oneOf, unlimited } from './topic-config-codecs.ts'
import type { TopicConfigCodec } from './topic-config-codecs.ts'
import { messageBytesLimit, streamDefaults } from './stream-config.ts'

/** Kafka's names of types; the number of each is that of the protocol. */
export type TopicConfigType = 'boolean' | 'string' | 'int' | 'long' | 'double' | 'list'

interface Named {
  readonly name: string
  readonly type: TopicConfigType
  /** What Kafka's brokers call their default for it; absent where they have none. */
  readonly synonym?: string
  readonly doc: string
}

/** A property of streams. */
export interface TopicProperty extends Named {
  readonly property: keyof StreamConfig
  readonly codec: TopicConfigCodec
}

/** What is so for every stream. */
export interface FixedTopicConfig extends Named {
  readonly fixed: string
  /** What it is at a broker that was configured otherwise. */
  readonly broker?: keyof BrokerSizes
}

export type TopicConfig = TopicProperty | FixedTopicConfig

const segmentBytesMin = 1024
const intMax = 2 ** 31 - 1
const otherwiseSynced = 'Acts where the durability of the stream is `os`; `fsync` syncs every record.'
const noTiers = 'Records stay on this broker.'
const oneReplica = 'There is one replica of each record, which is never throttled.'
const fixedLevel = 'The level at which this broker compresses, where compression.type has it do so.'

function property(
  name: string,
  type: TopicConfigType,
  of: keyof StreamConfig,
  rest: Pick<TopicProperty, 'codec' | 'doc'> & { readonly synonym?: string },
): TopicProperty {
  return { name, type, property: of, ...rest }
}

/** In the order of their names. */
export const topicConfigs: readonly TopicConfig[] = [
  property('cleanup.policy', 'list', 'cleanupPolicy', {
    codec: commaList(['compact', 'delete']),
    synonym: 'log.cleanup.policy',
    doc: 'Whether old records go, older ones of each key, or both.',
  }),
  { name: 'compression.gzip.level', type: 'int', fixed: '-1', doc: fixedLevel },
  { name: 'compression.lz4.level', type: 'int', fixed: '9', doc: fixedLevel },
  property('compression.type', 'string', 'compressionType', {
    codec: oneOf({
      producer: 'producer',
      uncompressed: 'none',
      gzip: 'gzip',
      snappy: 'snappy',
      lz4: 'lz4',
      zstd: 'zstd',
    }),
    synonym: 'compression.type',
    doc: 'What producers send is kept in this, whatever it came in. Native batches stay plain.',
  }),
  { name: 'compression.zstd.level', type: 'int', fixed: '3', doc: fixedLevel },
  property('delete.retention.ms', 'long', 'deleteRetentionMs', {
    codec: number(0, Number.MAX_SAFE_INTEGER),
    synonym: 'log.cleaner.delete.retention.ms',
    doc: 'How long a record without a value stays after those before it with its key are gone.',
  }),
  { name: 'file.delete.delay.ms', type: 'long', fixed: '0', doc: 'Files are removed at once.' },
  property('flush.messages', 'long', 'flushMessages', {
    codec: forever(1),
    synonym: 'log.flush.interval.messages',
    doc: `Records after which all are synced. ${otherwiseSynced}`,
  }),
  property('flush.ms', 'long', 'flushMs', {
    codec: forever(0),
    synonym: 'log.flush.interval.ms',
    doc: `How long after a record it is synced. ${otherwiseSynced}`,
  }),
  { name: 'follower.replication.throttled.replicas', type: 'list', fixed: '', doc: oneReplica },
  {
    name: 'index.interval.bytes',
    type: 'int',
    fixed: '4096',
    broker: 'indexIntervalBytes',
    doc: 'The indexes of all streams are as the property indexIntervalBytes of the broker says.',
  },
  { name: 'leader.replication.throttled.replicas', type: 'list', fixed: '', doc: oneReplica },
  { name: 'local.retention.bytes', type: 'long', fixed: '-2', doc: noTiers },
  { name: 'local.retention.ms', type: 'long', fixed: '-2', doc: noTiers },
  property('max.compaction.lag.ms', 'long', 'maxCompactionLagMs', {
    codec: forever(1),
    synonym: 'log.cleaner.max.compaction.lag.ms',
    doc: 'Records older than this are compacted, however few they are.',
  }),
  property('max.message.bytes', 'int', 'messageBytesMax', {
    codec: number(1, messageBytesLimit),
    synonym: 'message.max.bytes',
    doc: 'Size limit of a batch as it is sent; natively, of one message.',
  }),
  property('message.timestamp.after.max.ms', 'long', 'timestampAfterMaxMs', {
    codec: forever(0),
    synonym: 'log.message.timestamp.after.max.ms',
    doc: 'How far ahead of the time of the broker a record may be that is produced with its own time.',
  }),
  property('message.timestamp.before.max.ms', 'long', 'timestampBeforeMaxMs', {
    codec: forever(0),
    synonym: 'log.message.timestamp.before.max.ms',
    doc: 'How far behind the time of the broker a record may be that is produced with its own time.',
  }),
  property('message.timestamp.type', 'string', 'timestampType', {
    codec: oneOf({ CreateTime: 'create', LogAppendTime: 'append' }),
    synonym: 'log.message.timestamp.type',
    doc: 'Whether the producer or the broker says when a record is.',
  }),
  property('min.cleanable.dirty.ratio', 'double', 'minCleanableDirtyRatio', {
    codec: number(0, 1),
    synonym: 'log.cleaner.min.cleanable.ratio',
    doc: 'Share of a log that was not compacted yet from which on it is compacted.',
  }),
  property('min.compaction.lag.ms', 'long', 'minCompactionLagMs', {
    codec: number(0, Number.MAX_SAFE_INTEGER),
    synonym: 'log.cleaner.min.compaction.lag.ms',
    doc: 'Records younger than this are not compacted.',
  }),
  property('min.insync.replicas', 'int', 'minInsyncReplicas', {
    codec: number(1, 1),
    synonym: 'min.insync.replicas',
    doc: 'There is one replica of each record.',
  }),
  { name: 'preallocate', type: 'boolean', fixed: 'false', doc: 'Files grow as records come.' },
  { name: 'remote.log.copy.disable', type: 'boolean', fixed: 'false', doc: noTiers },
  { name: 'remote.log.delete.on.disable', type: 'boolean', fixed: 'false', doc: noTiers },
  { name: 'remote.storage.enable', type: 'boolean', fixed: 'false', doc: noTiers },
  property('retention.bytes', 'long', 'maxBytes', {
    codec: unlimited,
    synonym: 'log.retention.bytes',
    doc: 'Size of a partition beyond which its oldest segments go; -1: no limit.',
  }),
  property('retention.ms', 'long', 'maxAgeMs', {
    codec: unlimited,
    synonym: 'log.retention.ms',
    doc: 'Age of records beyond which they go, segment by segment; -1: no limit.',
  }),
  property('segment.bytes', 'int', 'segmentBytes', {
    codec: number(segmentBytesMin, intMax),
    synonym: 'log.segment.bytes',
    doc: 'Size at which a partition begins a new segment.',
  }),
  {
    name: 'segment.index.bytes',
    type: 'int',
    fixed: '10485760',
    doc: 'Indexes are as large as their segments need.',
  },
  { name: 'segment.jitter.ms', type: 'long', fixed: '0', doc: 'Segments end when they are due.' },
  property('segment.ms', 'long', 'segmentMs', {
    codec: number(1, Number.MAX_SAFE_INTEGER),
    synonym: 'log.roll.ms',
    doc: 'Age at which a partition begins a new segment.',
  }),
  {
    name: 'unclean.leader.election.enable',
    type: 'boolean',
    fixed: 'false',
    doc: 'Where the one replica is gone, nobody takes its place.',
  },
]

const byName = new Map(topicConfigs.map((config) => [config.name, config]))

/** Throws `invalid-stream-config` for a name that Kafka does not have. */
export function requireTopicConfig(name: string): TopicConfig {
  const config = byName.get(name)
  if (config === undefined) throw invalid(`There is no topic configuration ${JSON.stringify(name)}`)
  return config
}

/** What the broker does where a stream does not say. */
export interface BrokerSizes {
  readonly segmentBytes: number
  readonly segmentMs: number
  readonly indexIntervalBytes: number
}

/** The value as Kafka writes it; of a stream, or where there is none the default. */
export function topicConfigText(
  row: TopicConfig,
  config: StreamConfig | undefined,
  sizes: BrokerSizes,
): string {
  if ('fixed' in row) return fixedText(row, sizes)
  const value = (config ?? streamDefaults)[row.property as keyof typeof streamDefaults]
  const isLeft = value === 0 && (row.property === 'segmentBytes' || row.property === 'segmentMs')
  return row.codec.format(isLeft ? sizes[row.property] : value)
}

/** Whether it was said of a stream, or natively something else than the default. */
export function isTopicConfigSet(row: TopicConfig, config: StreamConfig): boolean {
  if (config.kafkaConfigs.includes(row.name)) return true
  if ('fixed' in row) return false
  const name = row.property as keyof typeof streamDefaults
  return config[name] !== streamDefaults[name]
}

/**
 * What the texts change in a stream where `said` was said before; null is what a stream has where nothing was
 * said. Throws `invalid-stream-config`, naming the configuration.
 */
export function streamConfigOf(
  texts: ReadonlyMap<string, string | null>,
  said: readonly string[],
  sizes: BrokerSizes,
): Partial<StreamConfig> {
  const changes: Record<string, unknown> = { kafkaConfigs: saidAfter(texts, said) }
  for (const [name, text] of texts) {
    const row = requireTopicConfig(name)
    if ('fixed' in row) checkFixed(row, text, sizes)
    else if (text === null)
      changes[row.property] = streamDefaults[row.property as keyof typeof streamDefaults]
    else changes[row.property] = parsed(row, text)
  }
  return changes
}

/** All of them, as they are where nothing was said. */
export function unsaidTopicConfigs(): Map<string, null> {
  return new Map(topicConfigs.map(({ name }) => [name, null]))
}

function saidAfter(texts: ReadonlyMap<string, string | null>, said: readonly string[]): string[] {
  const stillSaid = said.filter((name) => !texts.has(name))
  return [...stillSaid, ...Array.from(texts.keys()).filter((name) => texts.get(name) !== null)].toSorted()
}

function parsed({ name, codec }: TopicProperty, text: string): unknown {
  const value = codec.parse(text.trim())
  if (value === undefined) {
    throw invalid(`Invalid value ${JSON.stringify(text)} for ${name}: it must be ${codec.form}`)
  }
  return value
}

function checkFixed(row: FixedTopicConfig, text: string | null, sizes: BrokerSizes): void {
  const { name, doc } = row
  const fixed = fixedText(row, sizes)
  if (text === null || text.trim() === fixed) return
  const only = `it can only be ${JSON.stringify(fixed)}. ${doc}`
  throw invalid(`Invalid value ${JSON.stringify(text)} for ${name}: ${only}`)
}

function fixedText({ fixed, broker }: FixedTopicConfig, sizes: BrokerSizes): string {
  return broker === undefined ? fixed : String(sizes[broker])
}

function invalid(text: string): BrokerError {
  return new BrokerError('invalid-stream-config', text)
}
