// The same records by the native protocol and by Kafka's, with clients of its users: a given number of them,
// so that every door has the same work. Loads a client when it is asked for.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { cpuMsSince } from '../measure/closed-loop.ts'
import { STREAM } from '../targets/target.ts'
import type { LoadSession } from './load-session.ts'
import { MessageBatches, payloadOf, subjectOf } from './load-messages.ts'
import type { DoorMoved, DoorPublishParams, DoorReadParams } from './task-types.ts'

/** Of the stream: a client that spreads batches over partitions sends smaller ones. */
const partition = 0
/** What a read of a partition brings: the default of the native client and of librdkafka. */
const fetchBytes = 1024 * 1024
const lingerMs = 5
const linesPerWrite = 1000

export async function doorPublish(session: LoadSession, params: DoorPublishParams): Promise<DoorMoved> {
  if (params.door === 'librdkafka') return publishLines(params)
  const { request, close } = await (params.door === 'native'
    ? nativePublisher(session, params)
    : platformaticPublisher(params))
  const batches = Math.ceil(params.messageCount / params.batchCount)
  const moved = await timed(async () => {
    let begun = 0
    const lane = async (): Promise<void> => {
      while (begun < batches) await request(begun++)
    }
    await Promise.all(Array.from({ length: params.lanes }, lane))
    return batches * params.batchCount
  })
  await close()
  return moved
}

export function doorRead(session: LoadSession, params: DoorReadParams): Promise<DoorMoved> {
  switch (params.door) {
    case 'native':
      return readNative(session, params)
    case 'platformatic':
      return readPlatformatic(params)
    case 'librdkafka':
      return readLines(params)
  }
}

async function timed(run: () => Promise<number>): Promise<DoorMoved> {
  const [startMs, cpu] = [performance.now(), process.cpuUsage()]
  const messageCount = await run()
  return { messageCount, elapsedMs: performance.now() - startMs, cpuMs: cpuMsSince(cpu) }
}

interface Publisher {
  readonly request: (index: number) => Promise<unknown>
  readonly close: () => Promise<void>
}

async function nativePublisher(session: LoadSession, params: DoorPublishParams): Promise<Publisher> {
  const client = await session.client()
  const batches = new MessageBatches(params)
  return { request: (index) => client.publishBatch(batches.at(index)), close: async () => {} }
}

async function platformaticPublisher(params: DoorPublishParams): Promise<Publisher> {
  const { Producer } = await import('@platformatic/kafka')
  const { kafkaAddress, lanes, batchCount, subjectCount, payloadBytes } = params
  const bootstrapBrokers = [kafkaAddress]
  const producer = new Producer({ clientId: 'bench', bootstrapBrokers, retries: 0, maxInflights: lanes })
  const value = Buffer.from(payloadOf(payloadBytes))
  const messages = Array.from({ length: batchCount }, (_, index) => {
    return { topic: STREAM, partition, key: Buffer.from(subjectOf(index % subjectCount)), value }
  })
  return { request: () => producer.send({ messages, acks: -1 }), close: () => producer.close() }
}

async function readNative(session: LoadSession, { messageCount }: DoorReadParams): Promise<DoorMoved> {
  const client = await session.client()
  return timed(async () => {
    let count = 0
    await client.read((more) => (count += more) < messageCount)
    return count
  })
}

async function readPlatformatic({ kafkaAddress, messageCount }: DoorReadParams): Promise<DoorMoved> {
  const { Consumer, MessagesStreamModes } = await import('@platformatic/kafka')
  const bootstrapBrokers = [kafkaAddress]
  const consumer = new Consumer({ clientId: 'bench', groupId: 'bench', bootstrapBrokers, autocommit: false })
  const stream = await consumer.consume({
    topics: [STREAM],
    mode: MessagesStreamModes.EARLIEST,
    maxBytes: fetchBytes,
    maxBytesPerPartition: fetchBytes,
  })
  const moved = await timed(async () => {
    let count = 0
    for await (const _message of stream) if (++count === messageCount) break
    return count
  })
  await consumer.close(true)
  return moved
}

// ── librdkafka, as kcat has it: lines of a file ────────────────────────────────────────────────────────────

/** What is timed is the whole program, from its start to its end. */
async function publishLines(params: DoorPublishParams): Promise<DoorMoved> {
  const { folder, messageCount, batchCount, lanes } = params
  const path = join(folder, `lines-${messageCount}`)
  writeLines(path, params)
  const settings = [`linger.ms=${lingerMs}`, 'acks=all', `batch.num.messages=${batchCount}`].concat(
    `max.in.flight.requests.per.connection=${lanes}`,
    `queue.buffering.max.messages=${batchCount * lanes * 10}`,
  )
  return kcat(params, ['-P', '-K', '\t', '-l', path, ...settings.flatMap((setting) => ['-X', setting])])
}

function readLines(params: DoorReadParams): Promise<DoorMoved> {
  return kcat(params, ['-C', '-o', 'beginning', '-c', String(params.messageCount), '-q', '-f', ''])
}

async function kcat({ kafkaAddress, messageCount }: DoorReadParams, args: string[]): Promise<DoorMoved> {
  const place = ['-b', kafkaAddress, '-t', STREAM, '-p', String(partition)]
  const startMs = performance.now()
  const child = spawn('kcat', [...args, ...place], { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`kcat ended with ${code}`)
  return { messageCount, elapsedMs: performance.now() - startMs }
}

/** Keys as of every publisher; values are text of the same size. */
function writeLines(path: string, { messageCount, subjectCount, payloadBytes }: DoorPublishParams): void {
  const value = Buffer.from(payloadOf(payloadBytes)).toString('base64').slice(0, payloadBytes)
  for (let at = 0; at < messageCount; at += linesPerWrite) {
    const count = Math.min(linesPerWrite, messageCount - at)
    const lines = Array.from({ length: count }, (_, index) => {
      return `${subjectOf((at + index) % subjectCount)}\t${value}\n`
    })
    appendFileSync(path, lines.join(''))
  }
}
