// The one table of configuration properties.

import type { Property } from './property.ts'

const kib = 1024
const mib = 1024 * kib
const gib = 1024 * mib
const hourMs = 3_600_000

const user = { needsRestart: true, audience: 'user' } as const
const tuning = { needsRestart: true, audience: 'tuning' } as const

export const PROPERTIES = {
  dataDir: {
    kind: 'text',
    doc: 'Folder of all stored data. One broker at a time.',
    default: './sluice-data',
    ...user,
  },
  listen: {
    kind: 'text',
    doc: 'Address of the native protocol, `host:port`. Port 0 takes a free one.',
    default: '127.0.0.1:9898',
    ...user,
  },
  kafkaListen: {
    kind: 'text',
    doc: 'Addresses of the Kafka protocol, `host:port` with commas between them, or `off`.',
    default: '127.0.0.1:9092',
    ...user,
  },
  kafkaAdvertised: {
    kind: 'text',
    doc: 'What Kafka clients are told instead, a `host:port` for each of them; `auto`: what is listened at.',
    default: 'auto',
    ...user,
  },
  kafkaNodeId: {
    kind: 'integer',
    doc: 'The number of this broker to Kafka clients; of several shards that of the first, and so on.',
    default: 0,
    min: 0,
    max: 1_000_000_000,
    ...user,
  },
  shards: {
    kind: 'count',
    doc: 'Threads that streams are spread over; `auto`: one for each core. Linux only beyond 1.',
    default: 1,
    min: 1,
    max: 64,
    ...user,
  },
  name: {
    kind: 'text',
    doc: 'What the broker calls itself to clients and in logs.',
    default: 'sluice',
    ...user,
  },
  logLevel: {
    kind: 'choice',
    doc: 'Least important log lines that are written.',
    default: 'info',
    choices: ['debug', 'info', 'warn', 'error'],
    ...user,
  },
  logFormat: {
    kind: 'choice',
    doc: 'Log lines for people, or one JSON object per line.',
    default: 'text',
    choices: ['text', 'json'],
    ...user,
  },
  autoCreateTopics: {
    kind: 'choice',
    doc: 'Whether a stream is made when a Kafka client asks for a topic that is not there.',
    default: 'on',
    choices: ['on', 'off'],
    ...user,
  },
  defaultPartitions: {
    kind: 'integer',
    doc: 'Partitions of a stream that a Kafka client makes without saying how many.',
    default: 1,
    min: 1,
    max: 4096,
    ...user,
  },
  groupInitialRebalanceDelayMs: {
    kind: 'integer',
    doc: 'How long the first member of an empty consumer group waits for others, and again while some come.',
    default: 3_000,
    min: 0,
    max: 300_000,
    ...user,
  },
  groupMigration: {
    kind: 'choice',
    doc: 'Which way a group with members may change between the classic and the consumer protocol.',
    default: 'bidirectional',
    choices: ['bidirectional', 'upgrade', 'downgrade', 'disabled'],
    ...user,
  },
  offsetsRetentionMs: {
    kind: 'integer',
    doc: 'How long committed offsets are kept that no member of their group reads on from.',
    default: 7 * 24 * hourMs,
    min: 1000,
    max: 10 * 366 * 24 * hourMs,
    ...user,
  },
  groupSessionTimeoutMsMin: {
    kind: 'integer',
    doc: 'Shortest session that a member of a consumer group may ask for.',
    default: 6_000,
    min: 10,
    max: hourMs,
    ...tuning,
  },
  groupSessionTimeoutMsMax: {
    kind: 'integer',
    doc: 'Longest session that a member of a consumer group may ask for.',
    default: 1_800_000,
    min: 10,
    max: 24 * hourMs,
    ...tuning,
  },
  groupConsumerSessionTimeoutMs: {
    kind: 'integer',
    doc: 'After so long without a heartbeat a member of the consumer protocol (KIP-848) is out.',
    default: 45_000,
    min: 10,
    max: 24 * hourMs,
    ...tuning,
  },
  groupConsumerHeartbeatIntervalMs: {
    kind: 'integer',
    doc: 'How often members of the consumer protocol are to be heard; once a second while something changes.',
    default: 5_000,
    min: 1,
    max: hourMs,
    ...tuning,
  },
  groupMembersMax: {
    kind: 'integer',
    doc: 'Most members of one consumer group.',
    default: 10_000,
    min: 1,
    max: 1_000_000,
    ...tuning,
  },
  directIo: {
    kind: 'choice',
    doc: 'Whether the segments of streams are written and read past the page cache (`O_DIRECT`, Linux only).',
    default: 'off',
    choices: ['off', 'on'],
    ...tuning,
  },
  segmentBytes: {
    kind: 'integer',
    doc: 'Size at which a log starts a new segment file.',
    default: 128 * mib,
    min: 64 * kib,
    max: 2 * gib - 1,
    ...tuning,
  },
  segmentMs: {
    kind: 'integer',
    doc: 'Age at which a log starts a new segment file.',
    default: 7 * 24 * hourMs,
    min: 1000,
    max: 366 * 24 * hourMs,
    ...tuning,
  },
  producerExpirationMs: {
    kind: 'integer',
    doc: 'How long after its last batch what an idempotent producer sends again is stored once.',
    default: 24 * hourMs,
    min: 1000,
    max: 366 * 24 * hourMs,
    ...tuning,
  },
  retentionCheckMs: {
    kind: 'integer',
    doc: 'How often streams that do not keep everything are looked at for what has to go.',
    default: 60_000,
    min: 100,
    max: 24 * hourMs,
    ...tuning,
  },
  compactionCheckMs: {
    kind: 'integer',
    doc: 'How often streams that keep the newest record of each key are looked at for what to compact.',
    default: 15_000,
    min: 10,
    max: 24 * hourMs,
    ...tuning,
  },
  compactionMapBytes: {
    kind: 'integer',
    doc: 'Memory of a shard for the keys of a compaction, 28 bytes each; more take several passes.',
    default: 128 * mib,
    min: 64 * kib,
    max: 2 * gib,
    ...tuning,
  },
  indexIntervalBytes: {
    kind: 'integer',
    doc: 'Bytes of a log between two entries of its index.',
    default: 4 * kib,
    min: 512,
    max: 16 * mib,
    ...tuning,
  },
  tailCacheBytes: {
    kind: 'integer',
    doc: 'Memory for the youngest record batches of all logs, so that readers at the tail cost no disk read.',
    default: 64 * mib,
    min: 0,
    max: 64 * gib,
    ...tuning,
  },
  unflushedBytesMax: {
    kind: 'integer',
    doc: 'Published bytes that may wait for the disk, over all streams, before publishing is refused.',
    default: 256 * mib,
    min: mib,
    max: 16 * gib,
    ...tuning,
  },
  streamsMax: { kind: 'integer', doc: 'Most streams.', default: 10_000, min: 1, max: 1_000_000, ...tuning },
  partitionsMax: {
    kind: 'integer',
    doc: 'Most partitions of one stream.',
    default: 256,
    min: 1,
    max: 4096,
    ...tuning,
  },
  consumersMax: {
    kind: 'integer',
    doc: 'Most flow consumers, over all streams.',
    default: 10_000,
    min: 1,
    max: 1_000_000,
    ...tuning,
  },
  parkedMax: {
    kind: 'integer',
    doc: 'Parked records of one consumer and partition held in memory, 8 bytes each; more are read again.',
    default: 4 * mib,
    min: 0,
    max: 256 * mib,
    ...tuning,
  },
  recordCacheBytes: {
    kind: 'integer',
    doc: 'Memory, shared by all flow consumers, for batches that are being delivered.',
    default: 64 * mib,
    min: 0,
    max: 4 * gib,
    ...tuning,
  },
  excessReplicas: {
    kind: 'choice',
    doc: 'Whether topics asked for with more replicas than the one there is are refused, or made with one.',
    default: 'refuse',
    choices: ['refuse', 'clamp'],
    ...user,
  },
  connectionsMax: {
    kind: 'integer',
    doc: 'Most connections of each protocol; more are turned away with `too-many-connections`.',
    default: 10_000,
    min: 1,
    max: 1_000_000,
    ...user,
  },
  frameBytesMax: {
    kind: 'integer',
    doc: 'Largest request of a client of the native protocol.',
    default: 16 * mib,
    min: 2 * mib,
    max: 64 * mib,
    ...tuning,
  },
  kafkaFrameBytesMax: {
    kind: 'integer',
    doc: 'Largest request of a Kafka client.',
    default: 100 * mib,
    min: 64 * kib,
    max: gib,
    ...tuning,
  },
  kafkaIdleMs: {
    kind: 'integer',
    doc: 'A Kafka connection is closed that asked for nothing so long, and waits for nothing; 0: never.',
    default: 600_000,
    min: 0,
    max: 24 * hourMs,
    ...tuning,
  },
  requestsInProgressMax: {
    kind: 'integer',
    doc: 'Unanswered requests of one connection beyond which it is not read.',
    default: 1024,
    min: 1,
    max: 1_000_000,
    ...tuning,
  },
  bytesInProgressMax: {
    kind: 'integer',
    doc: 'Bytes of unanswered requests of one connection, and of their answers, beyond which it is not read.',
    default: 8 * mib,
    min: 64 * kib,
    max: 4 * gib,
    ...tuning,
  },
  totalBytesInProgressMax: {
    kind: 'integer',
    doc: 'The same over all connections; as much again for what arrives in parts, and for reads that wait.',
    default: 64 * mib,
    min: 64 * kib,
    max: 64 * gib,
    ...tuning,
  },
  subscriptionsMax: {
    kind: 'integer',
    doc: 'Most subscriptions of one connection.',
    default: 1024,
    min: 1,
    max: 1_000_000,
    ...tuning,
  },
  handshakeTimeoutMs: {
    kind: 'integer',
    doc: 'How long a new connection may take to say HELLO.',
    default: 5_000,
    min: 10,
    max: hourMs,
    ...tuning,
  },
  keepAliveMsMin: {
    kind: 'integer',
    doc: 'Shortest keep-alive interval that a client is granted.',
    default: 1_000,
    min: 10,
    max: hourMs,
    ...tuning,
  },
  keepAliveMsMax: {
    kind: 'integer',
    doc: 'Longest keep-alive interval that a client is granted.',
    default: 300_000,
    min: 10,
    max: 24 * hourMs,
    ...tuning,
  },
  stalledPeerMs: {
    kind: 'integer',
    doc: 'Time until a client is closed that takes nothing, or completes no request it has begun.',
    default: 30_000,
    min: 10,
    max: hourMs,
    ...tuning,
  },
  stopTimeoutMs: {
    kind: 'integer',
    doc: 'How long stopping waits for requests in progress.',
    default: 10_000,
    min: 10,
    max: hourMs,
    ...tuning,
  },
} as const satisfies Record<string, Property>

type Table = typeof PROPERTIES
export type PropertyName = keyof Table

type ValueOf<P extends Property> = P extends { kind: 'integer' }
  ? number
  : P extends { kind: 'count' }
    ? number | 'auto'
    : P extends { kind: 'choice'; choices: readonly (infer Choice)[] }
      ? Choice
      : string

export type Config = { readonly [Name in PropertyName]: ValueOf<Table[Name]> }

export type IntegerName = {
  [Name in PropertyName]: Table[Name] extends { kind: 'integer' } ? Name : never
}[PropertyName]

/** Bounds, and what is for tuning: what an embedding program may set besides where the data is. */
export type BrokerLimits = Pick<
  Config,
  IntegerName | 'directIo' | 'autoCreateTopics' | 'excessReplicas' | 'groupMigration'
>
