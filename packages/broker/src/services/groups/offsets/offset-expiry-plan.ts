// Which committed offsets of a group nobody will ask for any more. Decides, and removes nothing.

import type { GroupPhase } from '@sluice/protocol/model/group'
import type { OffsetRow, OffsetTable } from './offset-table.ts'

export interface ExpiringGroup {
  readonly phase: GroupPhase
  /** Since when it has no members, on the wall clock; undefined: it has some. */
  readonly emptySinceMs: number | undefined
  /** Undefined where it is not known what its members read. */
  readonly topics: ReadonlySet<string> | undefined
  readonly offsets: OffsetTable
}

/**
 * Those of a group without members when it has had none for so long, and those of a topic that its members no
 * longer read; but none that was committed within that time.
 */
export function expiredOffsets(group: ExpiringGroup, retentionMs: number, wallMs: number): OffsetRow[] {
  const expired: OffsetRow[] = []
  if (group.phase !== 'Empty' && group.phase !== 'Stable') return expired
  for (const row of group.offsets.rows()) {
    const { committedAtMs, expiresAtMs } = row.committed
    if (group.phase === 'Stable' && group.topics?.has(row.topic) !== false) continue
    const unusedSinceMs = Math.max(committedAtMs, group.emptySinceMs ?? 0)
    if (wallMs >= (expiresAtMs ?? unusedSinceMs + retentionMs)) expired.push(row)
  }
  return expired
}
