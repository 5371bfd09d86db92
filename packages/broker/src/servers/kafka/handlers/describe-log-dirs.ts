// DescribeLogDirs: where the partitions are that this node leads, and how large. What is in memory alone has
// a folder of its own name, which is none.

import type {
  DescribeLogDirsRequest,
  DescribeLogDirsResponse,
  DescribeLogDirsResponseResult,
} from '@sluice/protocol/kafka/generated/describe-log-dirs'
import { LedPartition } from '../../../cluster/partition.ts'
import type { Stream } from '../../../services/streams/stream.ts'
import { distinctPlaces } from '../asked-places.ts'
import { kafkaErrors } from '../kafka-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'

type LogDirTopic = DescribeLogDirsResponseResult['topics'][number]

const inMemory = 'memory'
/** Kafka's word for what is not known. */
const noEnd = { totalBytes: -1, usableBytes: -1 }

export async function handleDescribeLogDirs(
  session: KafkaSession,
  { topics }: DescribeLogDirsRequest,
): Promise<DescribeLogDirsResponse> {
  const { streams } = session.services
  const asked =
    topics === null
      ? streams.list().map(({ name }) => ({ name, partitions: undefined }))
      : distinctPlaces(topics, ({ partitions }) => partitions).map(({ name, partitions }) => {
          return { name, partitions: new Set(partitions) }
        })
  const onDisk = `${streams.directory}/streams`
  const byDirectory = new Map<string, LogDirTopic[]>([[onDisk, []]])
  for (const { name, partitions } of asked) {
    const stream = streams.find(name)
    if (stream === undefined) continue
    const logDir = stream.config.durability === 'memory' ? inMemory : onDisk
    const topic = { name, partitions: sizesOf(stream, partitions) }
    if (topic.partitions.length === 0) continue
    if (!byDirectory.has(logDir)) byDirectory.set(logDir, [])
    byDirectory.get(logDir)!.push(topic)
  }
  const space = await streams.diskSpace()
  const results = Array.from(byDirectory, ([logDir, found]) => {
    const of = logDir === onDisk ? space : undefined
    return { errorCode: kafkaErrors.NONE, logDir, topics: found, ...(of ?? noEnd) }
  })
  return { throttleTimeMs: session.throttleTimeMs(), errorCode: kafkaErrors.NONE, results }
}

export function refuseDescribeLogDirs(
  _request: DescribeLogDirsRequest,
  errorCode: number,
): DescribeLogDirsResponse {
  return { throttleTimeMs: 0, errorCode, results: [] }
}

function sizesOf(
  { partitions }: Stream,
  asked: ReadonlySet<number> | undefined,
): LogDirTopic['partitions'][number][] {
  return partitions
    .filter((partition) => partition instanceof LedPartition && (asked?.has(partition.index) ?? true))
    .map(({ index, sizeBytes }) => {
      return { partitionIndex: index, partitionSize: sizeBytes, offsetLag: 0, isFutureKey: false }
    })
}
