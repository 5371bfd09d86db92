// `client.groups`: groups of Kafka's consumers.

import type { GroupInfo, GroupOffsetChoice, GroupOffsetRow, GroupSummary } from '@sluice/protocol/model/group'
import type { Control } from './control.ts'
import { isoTime } from './iso-time.ts'

export type {
  GroupInfo,
  GroupMemberRow,
  GroupOffsetRow,
  GroupPartitionRow,
  GroupPhase,
  GroupSummary,
  GroupType,
} from '@sluice/protocol/model/group'

export interface GroupResetOptions {
  /** Default: all streams that the group has offsets in. */
  readonly stream?: string | undefined
  /** Of the stream; default: all. */
  readonly partitions?: readonly number[] | undefined
  readonly to: 'earliest' | 'latest' | { readonly offset: number } | { readonly time: Date | string }
}

export class Groups {
  readonly #control: Control

  constructor(control: Control) {
    this.#control = control
  }

  /** Sorted by name. */
  list(): Promise<GroupSummary[]> {
    return this.#control.ask('groups.list', {})
  }

  /** With its members, and how far it is behind in each partition. */
  get(name: string): Promise<GroupInfo> {
    return this.#control.ask('groups.get', { name })
  }

  /** Only while the group has no members, else `group-not-empty`; returns where it goes on. */
  resetOffsets(name: string, { stream, partitions, to }: GroupResetOptions): Promise<GroupOffsetRow[]> {
    return this.#control.order('groups.resetOffsets', {
      name,
      ...(stream !== undefined && { stream }),
      ...(partitions !== undefined && { partitions }),
      to: choiceOf(to),
    })
  }

  /** Forgets how far it has come. Only while it has no members, else `group-not-empty`. */
  async delete(name: string): Promise<void> {
    await this.#control.order('groups.delete', { name })
  }
}

function choiceOf(to: GroupResetOptions['to']): GroupOffsetChoice {
  if (typeof to === 'string' || 'offset' in to) return to
  return { time: isoTime('to.time', to.time) }
}
