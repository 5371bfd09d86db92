// What people ask of groups through our own tools: which there are, how far they are behind, and to begin
// elsewhere. Must never move offsets under members that read.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type {
  GroupInfo,
  GroupMemberRow,
  GroupOffsetChoice,
  GroupOffsetRow,
  GroupPartitionRow,
  GroupSummary,
} from '@sluice/protocol/model/group'
import type { Partition } from '../../cluster/partition.ts'
import { parseTime } from '../flow/iso-time.ts'
import type { Stream } from '../streams/stream.ts'
import type { Streams } from '../streams/streams.ts'
import type { DescribedMember, GroupAdmin } from './group-admin.ts'
import type { GroupCoordinator } from './group-coordinator.ts'
import type { GroupError } from './group-messages.ts'
import type { GroupOffsets } from './group-offsets.ts'
import type { GroupTable } from './group-table.ts'
import { assignedPartitions } from './subscription-reader.ts'
import type { TopicPartition } from './subscription-reader.ts'

export interface OperationsGround {
  readonly table: GroupTable
  readonly streams: Pick<Streams, 'find' | 'require'>
  readonly admin: GroupAdmin
  readonly offsets: GroupOffsets
}

export interface ResetChoice {
  readonly stream?: string
  readonly partitions?: readonly number[]
  readonly to: GroupOffsetChoice
}

/** Members by the partitions that they read, as `stream/partition`. */
type Readers = ReadonlyMap<string, string>

export class GroupOperations {
  readonly #ground: OperationsGround

  constructor(ground: OperationsGround) {
    this.#ground = ground
  }

  /** Sorted by name. */
  list(): GroupSummary[] {
    const groups = this.#ground.admin.list().map(({ groupId, kind, phase, memberCount, protocolType }) => ({
      name: groupId,
      type: kind,
      state: phase,
      members: memberCount,
      protocolType,
    }))
    return groups.sort((one, other) => (one.name < other.name ? -1 : 1))
  }

  /** Throws `unknown-group`. */
  async info(name: string): Promise<GroupInfo> {
    const group = this.#require(name)
    const described = this.#classicInfo(name) ?? this.#consumerInfo(name)
    const readers = new Map<string, string>()
    const members = described.members.map(({ topicPartitions, ...row }) => {
      for (const { topic, partition } of topicPartitions) readers.set(`${topic}/${partition}`, row.id)
      return { ...row, partitions: topicPartitions.length }
    })
    const partitions = await this.#partitions(group, readers)
    return { ...described, name, members, partitions }
  }

  #classicInfo(name: string): DescribedInfo | undefined {
    const group = this.#ground.admin.describe(name)
    if (group === undefined) return undefined
    const { phase: state, generation, protocolType, protocolName: protocol } = group
    const members = group.members.map((member) => ({
      ...memberRowOf(member),
      topicPartitions: state === 'Stable' ? (assignedPartitions(member.assignment) ?? []) : [],
    }))
    return { type: 'classic', state, generation, protocolType, protocol, members }
  }

  #consumerInfo(name: string): DescribedInfo {
    const { phase: state, epoch, assignor, members } = this.#ground.admin.describeConsumers(name)!
    const rows = members.map((member) => ({
      ...memberRowOf(member),
      topicPartitions: member.assignedTopics.flatMap(({ topic, partitions }) =>
        partitions.map((partition) => ({ topic: topic.name, partition })),
      ),
    }))
    const protocolType = 'consumer'
    return { type: 'consumer', state, generation: epoch, protocolType, protocol: assignor, members: rows }
  }

  /** Throws `unknown-group`, `group-not-empty`, or what is wrong with the choice. */
  async reset(name: string, { stream, partitions, to }: ResetChoice): Promise<GroupOffsetRow[]> {
    const group = this.#require(name)
    refuseMembers(group)
    const named = stream === undefined ? group.offsets.topics : [stream]
    const rows: GroupOffsetRow[] = []
    for (const topic of named) {
      const found = this.#ground.streams.require(topic)
      for (const index of partitions ?? found.partitions.keys()) {
        const partition = found.requirePartition(index)
        rows.push({ stream: topic, partition: index, offset: await offsetOf(partition, to) })
      }
    }
    await this.#commit(name, rows)
    return rows
  }

  /** Throws `unknown-group` or `group-not-empty`. */
  async delete(name: string): Promise<void> {
    refuseMembers(this.#require(name))
    refuse(name, await this.#ground.admin.delete(name))
  }

  async #commit(name: string, rows: readonly GroupOffsetRow[]): Promise<void> {
    const topics = [...new Set(rows.map(({ stream }) => stream))].map((topic) => ({
      topic,
      partitions: rows
        .filter(({ stream }) => stream === topic)
        .map(({ partition, offset }) => ({ partition, offset, leaderEpoch: -1, metadata: '' })),
    }))
    const member = { memberId: '', instanceId: null }
    const usual = { isEpochTold: true, retentionMs: undefined }
    const commit = { groupId: name, member, generation: -1, ...usual, topics }
    for (const { partitions } of await this.#ground.offsets.commit(commit)) {
      for (const { error } of partitions) refuse(name, error)
    }
  }

  async #partitions(group: GroupCoordinator, readers: Readers): Promise<GroupPartitionRow[]> {
    const places = new Set(readers.keys())
    for (const { topic, partition } of group.offsets.rows()) places.add(`${topic}/${partition}`)
    const rows: GroupPartitionRow[] = []
    for (const place of places) {
      const slash = place.lastIndexOf('/')
      const [topic, index] = [place.slice(0, slash), Number(place.slice(slash + 1))]
      const stream: Stream | undefined = this.#ground.streams.find(topic)
      const partition = stream?.partitions[index]
      if (partition !== undefined) rows.push(await rowOf(group, topic, partition, readers.get(place)))
    }
    return rows.sort((one, other) =>
      one.stream === other.stream ? one.partition - other.partition : one.stream < other.stream ? -1 : 1,
    )
  }

  #require(name: string): GroupCoordinator {
    const group = this.#ground.table.find(name)
    if (group !== undefined) return group
    throw new BrokerError('unknown-group', `There is no group ${JSON.stringify(name)}`)
  }
}

interface DescribedInfo extends Omit<GroupInfo, 'name' | 'members' | 'partitions'> {
  readonly members: readonly (Omit<GroupMemberRow, 'partitions'> & {
    readonly topicPartitions: readonly TopicPartition[]
  })[]
}

function memberRowOf(
  member: Pick<DescribedMember, 'memberId' | 'instanceId' | 'clientId' | 'clientHost'>,
): Omit<GroupMemberRow, 'partitions'> {
  const { memberId, instanceId, clientId, clientHost } = member
  const instance = instanceId === null ? {} : { instance: instanceId }
  return { id: memberId, ...instance, client: clientId, host: clientHost }
}

async function rowOf(
  { offsets }: GroupCoordinator,
  stream: string,
  partition: Partition,
  member: string | undefined,
): Promise<GroupPartitionRow> {
  await refreshed(partition)
  const { index, highWatermark, logStart } = partition
  const committed = offsets.get(stream, index)
  // Why not as committed: what old clients commit for the first and the last is negative.
  const offset = committed === undefined || committed.offset < 0 ? undefined : committed.offset
  return {
    stream,
    partition: index,
    ...(offset !== undefined && { offset }),
    ...(committed !== undefined && committed.metadata !== '' && { metadata: committed.metadata }),
    highWatermark,
    lag: Math.max(0, highWatermark - Math.max(offset ?? logStart, logStart)),
    ...(member !== undefined && { member }),
  }
}

/** What a leader that is away cannot say stands as it was. */
async function refreshed(partition: Partition): Promise<void> {
  await partition.refresh().catch(() => undefined)
}

async function offsetOf(partition: Partition, to: GroupOffsetChoice): Promise<number> {
  await partition.refresh()
  if (to === 'earliest') return partition.logStart
  if (to === 'latest') return partition.highWatermark
  if ('offset' in to) return Math.min(Math.max(to.offset, partition.logStart), partition.highWatermark)
  const timeMs = parseTime(to.time)
  if (timeMs === undefined) {
    throw new BrokerError(
      'invalid-request',
      `${JSON.stringify(to.time)} is no time with its zone, in ISO 8601`,
    )
  }
  return partition.offsetForTime(timeMs)
}

function refuseMembers({ id, state }: GroupCoordinator): void {
  const count = state.members.size
  if (state.phase === 'Empty') return
  throw new BrokerError('group-not-empty', `Group ${id} has ${count} member${count === 1 ? '' : 's'}`)
}

/** What has come between. */
function refuse(name: string, error: GroupError): void {
  if (error === 'none') return
  if (error === 'group-id-not-found') throw new BrokerError('unknown-group', `Group ${name} is gone`)
  if (error === 'non-empty-group' || error === 'unknown-member-id') {
    throw new BrokerError('group-not-empty', `Group ${name} has members meanwhile`)
  }
  throw new BrokerError('group-unavailable', `Group ${name}: ${error.replaceAll('-', ' ')}`)
}
