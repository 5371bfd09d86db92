// What a megabyte costs the broker by either door, published and read: the same batches, in flight the same
// number of requests, processor time of the broker's own process. `node doors.bench.ts`.

import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { requestOf } from '@sluice/protocol/kafka/client-frames'
import { fetchApi } from '@sluice/protocol/kafka/generated/fetch'
import { produceApi } from '@sluice/protocol/kafka/generated/produce'
import { zeroUuid } from '@sluice/protocol/kafka/kafka-fields'
import { opcodes } from '@sluice/protocol/native/frame'
import { FrameSplitter } from '@sluice/protocol/native/frame-splitter'
import { writeHello } from '@sluice/protocol/native/handshake'
import { readFrom, writePublish, writeRead } from '@sluice/protocol/native/publish-messages'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { Broker } from '../../broker.ts'
import { frameOf } from '../native/raw-peer.contract.ts'

const requestsInFlight = 8
const readsInFlight = 2
const readBytes = 1024 * 1024
/** What is stored before it is read: more than the tail cache has. */
const storedMegabytes = 32
const megabytes = 200
const rounds = 3

interface Ports {
  readonly native: number
  readonly kafka: number
}

/** The broker in a process of its own, which answers each message with its processor time in microseconds. */
async function serve(): Promise<void> {
  const limits = { tailCacheBytes: 8 * 1024 * 1024, kafkaFrameBytesMax: 16 * 1024 * 1024 }
  const broker = await Broker.start({ memory: true, listen: { port: 0 }, kafka: { port: 0 }, limits })
  const client = await broker.connect()
  process.on('message', (name: string) => {
    const { user, system } = process.cpuUsage()
    void (async () => {
      if (name !== '') await client.streams.create(name, { maxBytes: 64 * 1024 * 1024 })
      process.send!(user + system)
    })()
  })
  process.send!({ native: broker.address!.port, kafka: broker.kafkaAddresses[0]!.port })
}

function batchOf(records: number, valueBytes: number): Uint8Array {
  const builder = new RecordBatchBuilder()
  const value = Buffer.alloc(valueBytes, JSON.stringify({ user: 'u1', amount: 17, kind: 'order.created' }))
  for (let index = 0; index < records; index++) builder.add(Date.now(), `orders.premium.u${index}`, value)
  return builder.take()
}

/** A request that is sent again and again. */
interface Load {
  readonly request: Uint8Array
  readonly inFlight: number
  /** Of records, that it moves. */
  readonly bytes: number
}

/** On one connection, so many in flight, until enough bytes have been moved. */
async function drive(port: number, hello: Uint8Array[], load: Load, bytes: number): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await once(socket, 'connect')
  for (const first of hello) {
    socket.write(first)
    await once(socket, 'data')
  }
  const count = Math.ceil(bytes / load.bytes)
  let sent = 0
  let answered = 0
  const splitter = new FrameSplitter(64 * 1024 * 1024)
  const done = Promise.withResolvers<void>()
  const oneMore = (): void => {
    answered++
    if (sent++ < count) socket.write(load.request)
  }
  socket.on('data', (chunk: Uint8Array) => {
    splitter.push(chunk, oneMore)
    if (answered >= count) done.resolve()
  })
  socket.on('close', () => done.reject(new Error('the broker closed the connection')))
  for (; sent < load.inFlight; sent++) socket.write(load.request)
  await done.promise
  socket.removeAllListeners('close')
  socket.destroy()
}

/** One door, and what is sent through it. */
interface DoorLoad {
  readonly port: number
  readonly hello: Uint8Array[]
  readonly publish: (stream: string) => Load
  readonly read: (stream: string) => Load
}

/** Processor time of the broker for a megabyte of records, in microseconds: published, and read. */
async function costs(child: ChildProcess, name: string, door: DoorLoad): Promise<[number, number]> {
  const cpuOf = async (make = ''): Promise<number> => {
    child.send(make)
    return ((await once(child, 'message')) as [number])[0]
  }
  const { port, hello } = door
  const cost = async (load: Load): Promise<number> => {
    const before = await cpuOf()
    await drive(port, hello, load, megabytes * 1024 * 1024)
    return ((await cpuOf()) - before) / megabytes
  }
  await cpuOf(`${name}-published`)
  const published = await cost(door.publish(`${name}-published`))
  await cpuOf(name)
  await drive(port, hello, door.publish(name), storedMegabytes * 1024 * 1024)
  return [published, await cost(door.read(name))]
}

function nativeLoads(port: number, batch: Uint8Array): DoorLoad {
  const publish = (stream: string): Load => {
    const parts = [{ partition: 0, batch }]
    const request = frameOf(opcodes.publish, 1, (writer) => writePublish(writer, { stream, parts }))
    return { request, inFlight: requestsInFlight, bytes: batch.length }
  }
  const read = (stream: string): Load => {
    const place = { stream, partition: 0, from: readFrom.offset, value: 0, bytesMax: readBytes, waitMs: 0 }
    const request = frameOf(opcodes.read, 1, (writer) => writeRead(writer, place))
    return { request, inFlight: readsInFlight, bytes: readBytes }
  }
  return { port, hello: [helloFrame()], publish, read }
}

function kafkaLoads(port: number, records: Uint8Array): DoorLoad {
  const publish = (name: string): Load => {
    const topics = [{ name, partitions: [{ index: 0, records }] }]
    const body = { transactionalId: null, acks: -1, timeoutMs: 1000, topics }
    const request = requestOf(produceApi, { version: 9 }, body)
    return { request, inFlight: requestsInFlight, bytes: records.length }
  }
  return { port, hello: [], publish, read: fetchOf }
}

function fetchOf(name: string): Load {
  const partition = {
    partition: 0,
    currentLeaderEpoch: -1,
    fetchOffset: 0,
    lastFetchedEpoch: -1,
    logStartOffset: -1,
    partitionMaxBytes: readBytes,
    replicaDirectoryId: zeroUuid,
  }
  const body = {
    replicaId: -1,
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: readBytes,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ name, topicId: zeroUuid, partitions: [partition] }],
    forgottenTopics: [],
    rackId: '',
    clusterId: null,
  }
  const request = requestOf(fetchApi, { version: 12 }, body)
  return { request, inFlight: readsInFlight, bytes: readBytes }
}

function tell(what: string, native: readonly number[], kafka: readonly number[]): void {
  const [best, bestKafka] = [Math.min(...native), Math.min(...kafka)]
  const figures = `native ${best.toFixed(0)}, Kafka ${bestKafka.toFixed(0)} us a megabyte`
  console.log(`${what.padEnd(16)} ${figures}; ${(bestKafka / best).toFixed(2)} of native`)
}

async function compare(): Promise<void> {
  const child = fork(import.meta.filename, ['serve'])
  const [ports] = (await once(child, 'message')) as [Ports]
  for (const [what, records, valueBytes] of [
    ['100 B', 500, 100],
    ['1 KiB', 64, 1024],
  ] as const) {
    const batch = batchOf(records, valueBytes)
    const native: [number, number][] = []
    const kafka: [number, number][] = []
    for (let round = 0; round < rounds; round++) {
      const name = `s${records}-${round}`
      native.push(await costs(child, `${name}-native`, nativeLoads(ports.native, batch)))
      kafka.push(await costs(child, `${name}-kafka`, kafkaLoads(ports.kafka, batch)))
    }
    for (const [at, did] of ['published', 'read'].entries())
      tell(
        `${did}, ${what}`,
        native.map((each) => each[at]!),
        kafka.map((each) => each[at]!),
      )
  }
  child.kill()
}

function helloFrame(): Uint8Array {
  return frameOf(opcodes.hello, 1, (writer) =>
    writeHello(writer, { versionMin: 1, versionMax: 1, keepAliveMs: 60_000, clientName: 'bench' }),
  )
}

await (process.argv[2] === 'serve' ? serve() : compare())
