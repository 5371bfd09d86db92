// Which record batches a broker has stored: what clients made of the records that they were given. Looks at
// the files of a folder, which may still be written to.

import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { batchHeaderBytes, batchSizeOf, recordCountOf } from '@sluice/protocol/record/record-batch'

export interface StoredBatches {
  readonly batchCount: number
  readonly recordCount: number
  readonly sizeBytes: number
}

/** `folder` is the broker's. */
export function storedBatches(folder: string): StoredBatches {
  const found = { batchCount: 0, recordCount: 0, sizeBytes: 0 }
  const streams = join(folder, 'streams')
  for (const name of readdirSync(streams, { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.log')) addSegment(join(streams, name), found)
  return found
}

function addSegment(path: string, found: { -readonly [K in keyof StoredBatches]: number }): void {
  const header = Buffer.alloc(batchHeaderBytes)
  const file = openSync(path, 'r')
  for (let at = 0; readSync(file, header, 0, batchHeaderBytes, at) === batchHeaderBytes;) {
    const size = batchSizeOf(header, 0)
    // Why: behind the last batch there may be a block of zeros.
    if (size < batchHeaderBytes) break
    found.batchCount++
    found.recordCount += recordCountOf(header, 0)
    found.sizeBytes += size
    at += size
  }
  closeSync(file)
}
