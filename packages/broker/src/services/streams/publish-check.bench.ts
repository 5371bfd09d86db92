// What checking a published batch costs per record: `node publish-check.bench.ts`.

import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { checkPublishedBatch } from './publish-check.ts'
import type { Stream } from './stream.ts'
import { SubjectAcceptance } from './subject-acceptance.ts'

const rounds = 5000
const recordCount = 256

function batchOf(dataBytes: number, headers: Record<string, string> | undefined): Uint8Array {
  const builder = new RecordBatchBuilder()
  for (let index = 0; index < recordCount; index++) {
    builder.add(1_700_000_000_000, `orders.premium.u${index}`, 'x'.repeat(dataBytes), headers)
  }
  return builder.take()
}

function streamOf(subjects: readonly string[]): Stream {
  const config = { messageBytesMax: 1024 * 1024, subjects }
  return { name: 'S', config, acceptance: new SubjectAcceptance(subjects) } as unknown as Stream
}

/** Nanoseconds of this process a record: what others do to the machine meanwhile counts little. */
function run(stream: Stream, batch: Uint8Array): number {
  const before = process.cpuUsage()
  for (let round = 0; round < rounds; round++) checkPublishedBatch(stream, batch)
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1000) / (rounds * recordCount)
}

for (const subjects of [['>'], ['orders.>']]) {
  const stream = streamOf(subjects)
  for (const [what, batch] of [
    ['64 B', batchOf(64, undefined)],
    ['64 B and a header', batchOf(64, { trace: '1234567890' })],
  ] as const) {
    run(stream, batch)
    const best = Math.min(run(stream, batch), run(stream, batch), run(stream, batch))
    console.log(
      `${`stream of ${subjects[0]}, ${what}`.padEnd(40)} ${best.toFixed(1).padStart(7)} ns, a record`,
    )
  }
}
