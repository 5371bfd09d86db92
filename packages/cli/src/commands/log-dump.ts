// `sluice log dump`

import type { DumpedBatch, DumpRow } from '../broker-commands.ts'
import { defineCommand } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { findingText } from '../output/finding-text.ts'
import { messageBytes, messageDocument } from '../output/message-format.ts'
import type { ShownMessage } from '../output/message-format.ts'
import type { Output } from '../output/output.ts'
import { countText, timeText } from '../output/values.ts'
import { integer } from '../options/number-options.ts'
import { logFoldersBelow } from '../log-folders.ts'

interface Options {
  readonly records?: boolean
  readonly from?: number
  readonly limit?: number
}

const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

export const logDump = defineCommand<[directory: string], Options>({
  path: ['log', 'dump'],
  summary: 'print the batches of logs as they are on disk',
  notes: `DIR is a data directory, or any folder below it: a stream, a partition, the catalog. Changes
nothing. While a broker writes there, the end of a log may look torn. Exits with 5 when damage was met.
With --json: one document per batch or finding, with its records if asked for.`,
  examples: [
    'sluice log dump /var/lib/sluice --limit 10',
    'sluice log dump /var/lib/sluice/streams/1/0 --records --from 1000 --limit 5',
    'sluice log dump ./sluice-data/catalog --records --json',
  ],
  isOffline: true,
  describe: (command) =>
    command
      .argument('<dir>', 'data directory, or a folder below it')
      .option('--records', 'print the records of each batch')
      .option('--from <offset>', 'begin with the batch that holds it', integer(0, Number.MAX_SAFE_INTEGER))
      .option('--limit <count>', 'most batches of each log', integer(1, Number.MAX_SAFE_INTEGER)),
  run: async ({ output, broker }, [directory], { records = false, from = 0, limit = Infinity }) => {
    let isDamaged = false
    for (const folder of await logFoldersBelow(directory)) {
      if (!output.isJson) await output.write(`${folder}\n`)
      let left = limit
      for await (const row of broker.dumpLog(folder, { records, fromOffset: from })) {
        if (row.kind === 'batch' && left-- <= 0) break
        if (row.kind === 'finding') isDamaged ||= row.finding.isDamage
        await showRow(output, folder, row)
      }
    }
    return isDamaged ? exitCodes.damage : exitCodes.ok
  },
})

async function showRow(output: Output, log: string, row: DumpRow): Promise<void> {
  if (output.isJson) return output.jsonLine(rowDocument(log, row))
  if (row.kind === 'finding') return output.write(`  ${findingText(row.finding)}\n`)
  const lines = [`  ${batchLine(row)}\n`]
  for (const record of shownRecords(row)) lines.push(`    ${messageBytes(record, 'text').toString()}`)
  return output.write(lines.join(''))
}

function rowDocument(log: string, row: DumpRow): unknown {
  if (row.kind === 'finding') return { log, ...row.finding, kind: 'finding', finding: row.finding.kind }
  const { records: _records, maxTimestamp, compression, ...batch } = row
  return {
    log,
    ...batch,
    ...(row.recordCount > 0 && { maxTime: timeText(maxTimestamp) }),
    compression: compressions[compression] ?? String(compression),
    ...(row.records !== undefined && { records: shownRecords(row).map(messageDocument) }),
  }
}

function batchLine(batch: DumpedBatch): string {
  const { file, position, sizeBytes, baseOffset, nextOffset, leaderEpoch, recordCount, maxTimestamp } = batch
  const name = file.slice(file.lastIndexOf('/') + 1)
  const compression = batch.compression === 0 ? '' : `, ${compressions[batch.compression] ?? 'compressed'}`
  const control = batch.isControl ? ', control' : ''
  const offsets = `offsets ${baseOffset} to ${nextOffset - 1}`
  const deleted = nextOffset - baseOffset - recordCount
  const count = `${countText(recordCount, 'record')}${deleted > 0 ? ` (${deleted} deleted)` : ''}`
  const until = recordCount > 0 ? `, to ${timeText(maxTimestamp)}` : ''
  const what = `${count}, ${sizeBytes} bytes, epoch ${leaderEpoch}${until}`
  return `${name} at position ${position}: ${offsets}, ${what}${compression}${control}`
}

function shownRecords({ records = [] }: DumpedBatch): ShownMessage[] {
  return records.map(({ offset, timestamp, subject, data, headers }) => ({
    offset,
    timestamp,
    key: subject === null ? null : Buffer.from(subject),
    data,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        value === null ? '' : Buffer.from(value).toString(),
      ]),
    ),
  }))
}
