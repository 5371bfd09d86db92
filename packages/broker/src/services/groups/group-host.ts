// What the coordinator of a group offers to the side of it that speaks the group's protocol.

import type { GroupBounds } from './classic/group-state.ts'
import type { ConsumerGroupBounds } from './consumer/consumer-group-state.ts'
import type { TopicView } from './topic-directory.ts'

export interface GroupHost {
  readonly nowMs: number
  readonly bounds: GroupBounds & ConsumerGroupBounds
  readonly topics: TopicView
  newMemberId(member: { readonly clientId: string; readonly instanceId: string | null }): string
  /** Has the group stored as it is now; false: it is unknown whether it is. */
  save(): Promise<boolean>
  /** Of what was saved before: undefined when all of it is on disk, else as `save`. */
  readonly saving: Promise<boolean> | undefined
  /** To be called when something may be due earlier than before. */
  arm(): void
}
