// Streams as tables.

import type { PartitionInfo, StreamConfig, StreamInfo } from '@sluice/client'
import type { Output } from './output.ts'
import type { TableColumn } from './table.ts'
import { durationText, sizeText } from './values.ts'

const streamColumns: readonly TableColumn<StreamInfo>[] = [
  { head: 'STREAM', cell: ({ name }) => name },
  { head: 'PARTITIONS', cell: ({ config }) => config.partitions },
  { head: 'MESSAGES', cell: (stream) => messageCount(stream) },
  { head: 'SIZE', cell: ({ partitions }) => sizeText(total(partitions, ({ sizeBytes }) => sizeBytes)) },
  { head: 'DURABILITY', cell: ({ config }) => config.durability },
  { head: 'SUBJECTS', cell: ({ config }) => config.subjects.join(', ') },
]

const partitionColumns: readonly TableColumn<PartitionInfo>[] = [
  { head: 'PARTITION', cell: ({ partition }) => partition },
  { head: 'LOG START', cell: ({ logStart }) => logStart },
  { head: 'HIGH WATERMARK', cell: ({ highWatermark }) => highWatermark },
  { head: 'SIZE', cell: ({ sizeBytes }) => sizeText(sizeBytes) },
  { head: 'QUARANTINED', cell: ({ quarantined }) => quarantined },
  { head: 'STATE', cell: ({ offline }) => (offline === undefined ? 'online' : `offline: ${offline}`) },
]

export async function showStream(output: Output, stream: StreamInfo): Promise<void> {
  if (output.isJson) return output.document(stream)
  const { name, config, createdAt, partitions } = stream
  await output.pairs([
    ['stream', name],
    ['subjects', config.subjects.join(', ')],
    ['durability', config.durability],
    ['largest message', sizeText(config.messageBytesMax)],
    ['kept', retentionText(config)],
    ...saidOf(config),
    ['created', createdAt],
    ['messages', messageCount(stream)],
  ])
  await output.write('\n')
  await output.table(partitionColumns, partitions)
}

export async function showStreams(output: Output, streams: readonly StreamInfo[]): Promise<void> {
  if (output.isJson) return output.document(streams)
  await output.table(streamColumns, streams)
}

/** What is not so for every stream, and the broker does otherwise only where it is said. */
function saidOf(config: StreamConfig): [string, string][] {
  const { segmentBytes, segmentMs, timestampType, timestampBeforeMaxMs, timestampAfterMaxMs } = config
  const segments = [
    ...(segmentBytes > 0 ? [sizeText(segmentBytes)] : []),
    ...(segmentMs > 0 ? [durationText(segmentMs)] : []),
  ]
  const times = [
    ...(timestampType === 'append' ? ["the broker's"] : []),
    ...(timestampBeforeMaxMs > 0 ? [`at most ${durationText(timestampBeforeMaxMs)} ago`] : []),
    ...(timestampAfterMaxMs > 0 ? [`at most ${durationText(timestampAfterMaxMs)} ahead`] : []),
  ]
  return [
    ...(config.cleanupPolicy === 'delete' ? [] : [['compacted', compactionText(config)] as [string, string]]),
    ...(segments.length > 0 ? [['segments', `at most ${segments.join(', ')}`] as [string, string]] : []),
    ...(config.compressionType === 'producer'
      ? []
      : [['compression', config.compressionType] as [string, string]]),
    ...(times.length > 0 ? [['times', times.join(', ')] as [string, string]] : []),
  ]
}

function compactionText(config: StreamConfig): string {
  const { minCleanableDirtyRatio, minCompactionLagMs, maxCompactionLagMs, deleteRetentionMs } = config
  return [
    `where ${Math.round(minCleanableDirtyRatio * 100)}% is new`,
    ...(minCompactionLagMs > 0 ? [`after ${durationText(minCompactionLagMs)}`] : []),
    ...(maxCompactionLagMs > 0 ? [`within ${durationText(maxCompactionLagMs)}`] : []),
    `removals stay ${durationText(deleteRetentionMs)}`,
  ].join(', ')
}

/** What is older or more than this is dropped from the start of a partition. */
function retentionText(config: StreamConfig): string {
  const { maxAgeMs, maxBytes, maxMessages, cleanupPolicy } = config
  if (cleanupPolicy === 'compact') return 'the newest message of each subject'
  const said = [
    ...(maxAgeMs > 0 ? [durationText(maxAgeMs)] : []),
    ...(maxBytes > 0 ? [`${sizeText(maxBytes)} of a partition`] : []),
    ...(maxMessages > 0 ? [`${maxMessages} messages of a partition`] : []),
  ]
  const what = cleanupPolicy === 'delete' ? '' : 'the newest message of each subject, '
  return said.length === 0 ? `${what}for ever` : `${what}at most ${said.join(', ')}`
}

/** Offsets that are kept; of a log that was compacted or damaged, fewer records. */
function messageCount({ partitions }: StreamInfo): number {
  return total(partitions, ({ logStart, highWatermark }) => highWatermark - logStart)
}

function total(partitions: readonly PartitionInfo[], valueOf: (partition: PartitionInfo) => number): number {
  return partitions.reduce((sum, partition) => sum + valueOf(partition), 0)
}
