// Dead letters as a table.

import type { DeadLetterRow } from '@sluice/client'
import type { Output } from './output.ts'
import type { TableColumn } from './table.ts'
import { sizeText } from './values.ts'

export interface LetterRows {
  readonly letters: DeadLetterRow[]
  /** Whether there are more than were asked for. */
  isMore: boolean
}

const columns: readonly TableColumn<DeadLetterRow>[] = [
  { head: 'PLACE', cell: ({ partition, offset }) => `${partition}:${offset}` },
  { head: 'SUBJECT', cell: ({ subject }) => subject },
  { head: 'FROM', cell: ({ origin }) => `${origin.stream} ${origin.partition}:${origin.offset}` },
  { head: 'REASON', cell: ({ reason }) => reason },
  { head: 'ATTEMPTS', cell: ({ attempts }) => attempts },
  { head: 'AT', cell: ({ at }) => at },
  { head: 'SIZE', cell: ({ sizeBytes }) => sizeText(sizeBytes) },
  { head: 'ERROR', cell: ({ error }) => error },
]

export async function showLetters(output: Output, { letters, isMore }: LetterRows): Promise<void> {
  if (output.isJson) await output.document(letters)
  else await output.table(columns, letters)
  if (isMore) output.notice('There are more letters; --limit lists more of them')
}
