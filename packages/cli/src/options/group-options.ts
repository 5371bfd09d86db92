// Options of `sluice group`.

import type { GroupResetOptions } from '@sluice/client'
import { InvalidArgumentError } from 'commander'
import { integer } from './number-options.ts'
import { timeOf } from './text-options.ts'

export type GroupTarget = GroupResetOptions['to']

/** `earliest`, `latest`, an offset, or a time of ISO 8601. */
export function groupOffset(text: string): GroupTarget {
  if (text === 'earliest' || text === 'latest') return text
  if (/^\d+$/.test(text)) return { offset: integer(0, Number.MAX_SAFE_INTEGER)(text) }
  const timeMs = timeOf(text)
  if (timeMs >= 0) return { time: new Date(timeMs) }
  throw new InvalidArgumentError('Write earliest, latest, an offset, or a time such as 2026-01-31T08:00:00Z.')
}
