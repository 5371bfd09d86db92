// What a megabyte costs the broker by either door: the same batches, in flight the same number of requests,
// processor time of the broker's own process. `node produce.bench.ts`.

import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { requestOf } from '@sluice/protocol/kafka/client-frames'
import { produceApi } from '@sluice/protocol/kafka/generated/produce'
import { opcodes } from '@sluice/protocol/native/frame'
import { writeHello } from '@sluice/protocol/native/handshake'
import { writePublish } from '@sluice/protocol/native/publish-messages'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { Broker } from '../../broker.ts'
import { frameOf } from '../native/raw-peer.contract.ts'

const requestsInFlight = 8
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

/** Writes a request again and again on one connection, so many in flight, until enough bytes are answered. */
async function drive(port: number, hello: Uint8Array[], request: Uint8Array, bytes: number): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await once(socket, 'connect')
  for (const first of hello) {
    socket.write(first)
    await once(socket, 'data')
  }
  const count = Math.ceil(bytes / request.length)
  let sent = 0
  let answered = 0
  let pending = Buffer.alloc(0)
  const done = Promise.withResolvers<void>()
  socket.on('data', (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    while (pending.length >= 4 && pending.length >= pending.readUInt32BE(0) + 4) {
      pending = pending.subarray(pending.readUInt32BE(0) + 4)
      answered++
      if (sent++ < count) socket.write(request)
    }
    if (answered >= count) done.resolve()
  })
  socket.on('close', () => done.reject(new Error('the broker closed the connection')))
  for (; sent < requestsInFlight; sent++) socket.write(request)
  await done.promise
  socket.removeAllListeners('close')
  socket.destroy()
}

/** Processor time of the broker for a megabyte of what is sent, in microseconds. */
type Measure = (port: number, hello: Uint8Array[], make: (name: string) => Uint8Array) => Promise<number>

function measureOf(child: ChildProcess): Measure {
  const cpuOf = async (name = ''): Promise<number> => {
    child.send(name)
    return ((await once(child, 'message')) as [number])[0]
  }
  let streams = 0
  return async (port, hello, make) => {
    const name = `s${++streams}`
    await cpuOf(name)
    const request = make(name)
    const before = await cpuOf()
    await drive(port, hello, request, megabytes * 1024 * 1024)
    return ((await cpuOf()) - before) / megabytes
  }
}

function publishOf(batch: Uint8Array): (stream: string) => Uint8Array {
  return (stream) =>
    frameOf(opcodes.publish, 1, (writer) =>
      writePublish(writer, { stream, parts: [{ partition: 0, batch }] }),
    )
}

function produceOf(records: Uint8Array): (name: string) => Uint8Array {
  return (name) => {
    const topics = [{ name, partitions: [{ index: 0, records }] }]
    const request = { transactionalId: null, acks: -1, timeoutMs: 1000, topics }
    return requestOf(produceApi, { version: 9 }, request)
  }
}

function tell(what: string, us: number, rest = ''): void {
  console.log(`${what.padEnd(40)} ${us.toFixed(0).padStart(7)} us, a megabyte${rest}`)
}

async function compare(): Promise<void> {
  const child = fork(import.meta.filename, ['serve'])
  const [ports] = (await once(child, 'message')) as [Ports]
  const measure = measureOf(child)
  for (const [what, records, valueBytes] of [
    ['100 B', 500, 100],
    ['1 KiB', 64, 1024],
  ] as const) {
    const batch = batchOf(records, valueBytes)
    const native: number[] = []
    const kafka: number[] = []
    for (let round = 0; round < rounds; round++) {
      native.push(await measure(ports.native, [helloFrame()], publishOf(batch)))
      kafka.push(await measure(ports.kafka, [], produceOf(batch)))
    }
    const [best, bestKafka] = [Math.min(...native), Math.min(...kafka)]
    tell(`native publish, ${what}`, best)
    tell(`Kafka produce, ${what}`, bestKafka, `; ${(bestKafka / best).toFixed(2)} of native`)
  }
  child.kill()
}

function helloFrame(): Uint8Array {
  return frameOf(opcodes.hello, 1, (writer) =>
    writeHello(writer, { versionMin: 1, versionMax: 1, keepAliveMs: 60_000, clientName: 'bench' }),
  )
}

await (process.argv[2] === 'serve' ? serve() : compare())
