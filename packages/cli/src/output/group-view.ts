// Consumer groups as tables.

import type {
  GroupInfo,
  GroupMemberRow,
  GroupOffsetRow,
  GroupPartitionRow,
  GroupSummary,
} from '@sluice/client'
import type { Output } from './output.ts'
import type { TableColumn } from './table.ts'

const groupColumns: readonly TableColumn<GroupSummary>[] = [
  { head: 'GROUP', cell: ({ name }) => name },
  { head: 'STATE', cell: ({ state }) => state },
  { head: 'MEMBERS', cell: ({ members }) => members },
  { head: 'TYPE', cell: ({ protocolType }) => protocolType },
  { head: 'PROTOCOL', cell: ({ type }) => type },
]

const memberColumns: readonly TableColumn<GroupMemberRow>[] = [
  { head: 'MEMBER', cell: ({ id }) => id },
  { head: 'INSTANCE', cell: ({ instance }) => instance ?? '' },
  { head: 'CLIENT', cell: ({ client }) => client },
  { head: 'HOST', cell: ({ host }) => host },
  { head: 'PARTITIONS', cell: ({ partitions }) => partitions },
]

const partitionColumns: readonly TableColumn<GroupPartitionRow>[] = [
  { head: 'STREAM', cell: ({ stream }) => stream },
  { head: 'PARTITION', cell: ({ partition }) => partition },
  { head: 'OFFSET', cell: ({ offset }) => offset ?? 'none' },
  { head: 'HIGH WATERMARK', cell: ({ highWatermark }) => highWatermark },
  { head: 'LAG', cell: ({ lag }) => lag },
  { head: 'READ BY', cell: ({ member }) => member ?? '' },
]

const offsetColumns: readonly TableColumn<GroupOffsetRow>[] = [
  { head: 'STREAM', cell: ({ stream }) => stream },
  { head: 'PARTITION', cell: ({ partition }) => partition },
  { head: 'GOES ON AT', cell: ({ offset }) => offset },
]

export async function showGroups(output: Output, groups: readonly GroupSummary[]): Promise<void> {
  if (output.isJson) return output.document(groups)
  await output.table(groupColumns, groups)
}

export async function showGroup(output: Output, group: GroupInfo): Promise<void> {
  if (output.isJson) return output.document(group)
  const { name, type, state, generation, protocol, members, partitions } = group
  await output.pairs([
    ['group', name],
    ['protocol', type],
    ['state', state],
    ['generation', String(generation)],
    ['assigned by', protocol === '' ? 'nobody' : protocol],
    ['behind', String(partitions.reduce((sum, { lag }) => sum + lag, 0))],
  ])
  await output.write('\n')
  if (members.length > 0) {
    await output.table(memberColumns, members)
    await output.write('\n')
  }
  await output.table(partitionColumns, partitions)
}

export async function showGroupOffsets(output: Output, rows: readonly GroupOffsetRow[]): Promise<void> {
  if (output.isJson) return output.document(rows)
  await output.table(offsetColumns, rows)
}
