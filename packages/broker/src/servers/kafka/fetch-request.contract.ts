// A Fetch of one partition, with all that a request must say and tests seldom look at.

import type { FetchRequest } from '@sluice/protocol/kafka/generated/fetch'
import { zeroUuid } from '@sluice/protocol/kafka/kafka-fields'

export interface WantedPartition {
  readonly name: string
  readonly topicId?: string
  readonly partition?: number
  readonly offset?: number
  readonly epoch?: number
  readonly maxWaitMs?: number
  readonly minBytes?: number
  readonly bytesMax?: number
}

export function fetchRequest(wanted: WantedPartition): FetchRequest {
  const { name, topicId = zeroUuid, partition = 0, offset = 0, epoch = -1 } = wanted
  const { maxWaitMs = 0, minBytes = 1, bytesMax = 1000 } = wanted
  const place = {
    partition,
    currentLeaderEpoch: epoch,
    fetchOffset: offset,
    lastFetchedEpoch: -1,
    logStartOffset: -1,
    partitionMaxBytes: bytesMax,
    replicaDirectoryId: zeroUuid,
  }
  return {
    replicaId: -1,
    maxWaitMs,
    minBytes,
    maxBytes: bytesMax,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ name, topicId, partitions: [place] }],
    forgottenTopics: [],
    rackId: '',
    clusterId: null,
  }
}
