// Where the partitions of a stream are, as far as the broker was asked. May be out of date: a wrong node
// refuses, and then it is asked again. Pure.

import type { StreamInfo } from '@sluice/protocol/model/stream'

export interface StreamRoute {
  readonly partitionCount: number
  /** The node that leads each partition; undefined where there is one node only. */
  readonly leaders: readonly number[] | undefined
}

export function routeOf({ config, partitions }: StreamInfo): StreamRoute {
  const leaders: number[] = []
  for (const { partition, node } of partitions ?? []) if (node !== undefined) leaders[partition] = node
  return { partitionCount: config.partitions, leaders: leaders.length === 0 ? undefined : leaders }
}

/** The node that leads a partition; undefined: any, or nobody knows. */
export function leaderOf(route: StreamRoute | undefined, partition: number): number | undefined {
  return route?.leaders?.[partition]
}
