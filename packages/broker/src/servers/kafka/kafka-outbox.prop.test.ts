// Answers go out in the order of their requests, each as it was written, though all of them are written with
// one writer and the connection looks at large ones later.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ByteConnection } from '@sluice/protocol/bytes/byte-connection'
import { KafkaWriter } from '@sluice/protocol/kafka/kafka-writer'
import { KafkaOutbox } from './kafka-outbox.ts'

interface AnswerPlan {
  readonly ownBytes: number
  /** Of record batches in its middle; none where it is 0. */
  readonly batchBytes: number
  /** Answers are made ready in the order of these. */
  readonly rank: number
}

const size = fc.oneof(fc.nat(300), fc.constantFrom(16_384, 16_385, 70_000))
const plans = fc.array(fc.record({ ownBytes: size, batchBytes: size, rank: fc.nat() }), { maxLength: 20 })

function write(writer: KafkaWriter, { ownBytes, batchBytes }: AnswerPlan, index: number): void {
  writer.clear()
  writer.raw(new Uint8Array(ownBytes).fill(index))
  if (batchBytes > 0) writer.records(new Uint8Array(batchBytes).fill(index + 100), false)
  writer.u8(index)
}

function bytesOf(plan: AnswerPlan, index: number): Buffer {
  const writer = new KafkaWriter()
  write(writer, plan, index)
  return Buffer.concat(writer.takeParts())
}

test('answers of one writer go out whole, in the order of their requests', async () => {
  await fc.assert(
    fc.asyncProperty(plans, async (answers) => {
      const written: Uint8Array[] = []
      const connection = { write: (bytes: Uint8Array) => written.push(bytes) > 0 }
      const outbox = new KafkaOutbox(connection as unknown as ByteConnection)
      const tickets = answers.map(() => outbox.open())
      const writer = new KafkaWriter()
      const order = [...answers.keys()].toSorted((a, b) => answers[a]!.rank - answers[b]!.rank)
      for (const index of order) {
        write(writer, answers[index]!, index)
        outbox.ready(tickets[index]!, writer)
      }
      await Promise.resolve()
      assert.equal(outbox.waitingCount, 0)
      assert.ok(Buffer.concat(written).equals(Buffer.concat(answers.map(bytesOf))))
    }),
  )
})
