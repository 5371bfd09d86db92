// `sluice log verify`

import { defineCommand } from '../command.ts'
import type { LogFinding, VerifySummary } from '../broker-commands.ts'
import { exitCodes } from '../exit-codes.ts'
import { findingText } from '../output/finding-text.ts'
import { countText, sizeText } from '../output/values.ts'

export const logVerify = defineCommand<[directory: string]>({
  path: ['log', 'verify'],
  summary: 'check every batch of a data directory',
  notes: `Changes nothing. No broker may use the directory meanwhile. Exits with 5 when records are damaged or
missing; what a broker mends by itself at its next start, such as an interrupted write, is named and is no
damage.
With --json: one document per finding, then one with "kind": "summary".`,
  examples: ['sluice log verify /var/lib/sluice', 'sluice log verify ./sluice-data --json'],
  isOffline: true,
  describe: (command) => command.argument('<dir>', 'data directory'),
  run: async ({ output, broker }, [directory]) => {
    let written = Promise.resolve()
    const show = (finding: LogFinding): void => {
      const { isJson } = output
      written = written.then(() =>
        isJson
          ? output.jsonLine({ ...finding, kind: 'finding', finding: finding.kind })
          : output.write(`${findingText(finding)}\n`),
      )
      // Why: it is awaited at the end, and must not count as unhandled until then.
      written.catch(() => {})
    }
    const summary = await broker.verifyLog(directory, show)
    await written
    if (output.isJson) await output.jsonLine({ kind: 'summary', ...summary })
    else await output.write(summaryText(directory, summary))
    return summary.damages > 0 ? exitCodes.damage : exitCodes.ok
  },
})

function summaryText(directory: string, summary: VerifySummary): string {
  const { logs, segments, batches, records, sizeBytes, damages, otherFindings, wasClosedCleanly } = summary
  const verdict = damages === 0 ? 'sound' : `damaged in ${countText(damages, 'place')}`
  const mended = otherFindings === 0 ? '' : `; ${otherFindings} to be mended by the next start`
  const counts = [
    countText(logs, 'log'),
    countText(segments, 'segment'),
    countText(batches, 'batch', 'batches'),
    countText(records, 'record'),
    sizeText(sizeBytes),
  ]
  const shutdown = wasClosedCleanly ? 'closed in order' : 'not closed in order'
  return `${directory} is ${verdict}${mended}: ${counts.join(', ')}; ${shutdown}\n`
}
