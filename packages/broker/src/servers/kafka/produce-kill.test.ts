// kill -9 of a broker while idempotent producers write to it, again and again: they send again what was not
// confirmed, and it is stored once, in order.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { initProducerIdApi } from '@sluice/protocol/kafka/generated/init-producer-id'
import { produceApi } from '@sluice/protocol/kafka/generated/produce'
import { compressed, resealed } from '@sluice/protocol/record/compression/compressed-batches.contract'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { Broker } from '../../broker.ts'
import { kafkaErrors } from './kafka-errors.ts'
import { KafkaPeer } from './kafka-peer.contract.ts'

const child = join(import.meta.dirname, 'produce-kill.child.ts')
const rounds = 8
const inFlightMax = 5
const batchRecords = 3

interface Process {
  readonly running: ChildProcess
  readonly port: number
}

async function start(dataDir: string): Promise<Process> {
  const running = spawn(process.execPath, [child, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [chunk] = (await once(running.stdout, 'data')) as [Buffer]
  return { running, port: Number(chunk.toString()) }
}

/** One idempotent producer, as clients are. */
class Producer {
  readonly id: number
  nextSequence = 0
  confirmed = 0
  /** First sequences, oldest first. */
  readonly unconfirmed: number[] = []

  constructor(id: number) {
    this.id = id
  }

  batch(sequence: number): Uint8Array {
    const builder = new RecordBatchBuilder()
    for (let index = 0; index < batchRecords; index++) {
      builder.add(Date.now(), `${this.id}`, `${sequence + index} ${'.'.repeat(sequence % 700)}`)
    }
    const batch = builder.take()
    const view = new DataView(batch.buffer, batch.byteOffset, batch.length)
    view.setBigInt64(43, BigInt(this.id))
    view.setInt16(51, 0)
    view.setInt32(53, sequence)
    return sequence % 2 === 0 ? resealed(batch) : compressed(batch, 4)
  }

  /** Until the broker is gone. */
  async write(peer: KafkaPeer): Promise<void> {
    try {
      await Promise.all(this.unconfirmed.map((sequence) => this.#send(peer, sequence)))
      const lane = async (): Promise<void> => {
        for (;;) {
          const sequence = this.nextSequence
          this.nextSequence += batchRecords
          this.unconfirmed.push(sequence)
          await this.#send(peer, sequence)
        }
      }
      await Promise.all(Array.from({ length: inFlightMax }, lane))
    } catch (error) {
      assert.match(String(error), /closed the connection/)
    }
  }

  async #send(peer: KafkaPeer, sequence: number): Promise<void> {
    const topics = [{ name: 'T', partitions: [{ index: 0, records: this.batch(sequence) }] }]
    const request = { transactionalId: null, acks: -1, timeoutMs: 1000, topics }
    const answer = await peer.ask(produceApi, 9, request)
    const { errorCode, errorMessage } = answer.topics[0]!.partitions[0]!
    assert.equal(errorCode, kafkaErrors.NONE, `producer ${this.id}, ${sequence}: ${errorMessage}`)
    this.unconfirmed.splice(this.unconfirmed.indexOf(sequence), 1)
    this.confirmed += batchRecords
  }
}

test(
  `a producer that sends again through ${rounds} kills stores nothing twice`,
  { timeout: 120_000 },
  async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'sluice-produce-kill-'))
    const producers: Producer[] = []
    try {
      const first = await Broker.start({ dataDir })
      await (await first.connect()).streams.create('T')
      await first.close()
      for (let round = 0; round < rounds; round++) {
        const { running, port } = await start(dataDir)
        const peers = await Promise.all([0, 1].map(() => KafkaPeer.open(port)))
        if (round < 2) producers.push(new Producer(await newId(peers[0]!)))
        const writing = producers.map((producer, at) => producer.write(peers[at]!))
        setTimeout(() => running.kill('SIGKILL'), 100 + Math.random() * 200)
        await once(running, 'close')
        await Promise.all(writing)
      }
      await checkStored(dataDir, producers)
    } finally {
      await rm(dataDir, { recursive: true })
    }
  },
)

async function newId(peer: KafkaPeer): Promise<number> {
  const request = { transactionalId: null, transactionTimeoutMs: 0, producerId: -1, producerEpoch: -1 }
  return (await peer.ask(initProducerIdApi, 4, request)).producerId!
}

async function checkStored(dataDir: string, producers: readonly Producer[]): Promise<void> {
  const broker = await Broker.start({ dataDir })
  const client = await broker.connect()
  const stored = new Map<string, number>()
  for await (const { records } of client.log('T').read({ from: 'first', follow: false })) {
    for (const { subject, data } of records) {
      const sequence = stored.get(subject) ?? 0
      assert.equal(Number(data!.toString().split(' ')[0]), sequence, `producer ${subject}`)
      stored.set(subject, sequence + 1)
    }
  }
  for (const { id, confirmed, nextSequence } of producers) {
    const count = stored.get(`${id}`) ?? 0
    assert.ok(confirmed > rounds, `${confirmed} records are not enough to say so`)
    assert.ok(count >= confirmed && count <= nextSequence, `${count} of ${confirmed} to ${nextSequence}`)
  }
  assert.notEqual(producers[0]!.id, producers[1]!.id)
  await client.close()
  await broker.close()
}
