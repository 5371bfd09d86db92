// Messages that wait for an operator's decision, as a table.

import type { BlockedRow } from '@sluice/client'
import type { Output } from './output.ts'
import type { TableColumn } from './table.ts'

const columns: readonly TableColumn<BlockedRow>[] = [
  { head: 'SUBJECT', cell: ({ subject }) => subject },
  { head: 'PLACE', cell: ({ partition, offset }) => `${partition}:${offset}` },
  { head: 'ATTEMPTS', cell: ({ attempts }) => attempts },
  { head: 'ERROR', cell: ({ error }) => error },
]

export async function showBlocked(output: Output, rows: readonly BlockedRow[]): Promise<void> {
  if (output.isJson) return output.document(rows)
  await output.table(columns, rows)
}
