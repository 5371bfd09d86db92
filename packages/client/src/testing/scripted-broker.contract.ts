// A broker for tests that does what a script says, on a real socket: answers well by default, or
// badly on demand.

import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import {
  readSettleInto,
  readSubscribe,
  writeSettleFailures,
  writeSubscriptionEnded,
} from '@sluice/protocol/native/flow-messages'
import type { Settle, SettleFailure } from '@sluice/protocol/native/flow-messages'
import {
  beginFrame,
  endFrame,
  frameHeaderBytes,
  opcodes,
  writeErrorFrame,
} from '@sluice/protocol/native/frame'
import type { Opcode } from '@sluice/protocol/native/frame'
import { FrameSplitter } from '@sluice/protocol/native/frame-splitter'
import { writeWelcome } from '@sluice/protocol/native/handshake'
import { readPublish, writePublished, writeReadResult } from '@sluice/protocol/native/publish-messages'
import type { ReadResult } from '@sluice/protocol/native/publish-messages'
import { recordCountOf } from '@sluice/protocol/record/record-batch'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'

export interface ReceivedRequest {
  readonly peer: Peer
  readonly opcode: Opcode
  readonly correlation: number
  /** Owned by the request. */
  readonly body: Uint8Array
}

/** Returns true when it took the request; else the broker answers as a good one does. */
export type Script = (request: ReceivedRequest) => boolean | void

export class ScriptedBroker {
  readonly port: number
  readonly peers: Peer[] = []
  readonly requests: ReceivedRequest[] = []
  readonly settles: Settle[] = []
  script: Script
  keepAliveMs = 30_000
  frameBytesMax = 8 * 1024 * 1024
  partitions = 1
  nextOffset = 0
  readonly #server: Server

  private constructor(server: Server, script: Script) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    this.script = script
    server.on('connection', (socket) => this.peers.push(new Peer(socket, this)))
  }

  static start(script: Script = () => false, port = 0): Promise<ScriptedBroker> {
    return new Promise((resolve) => {
      const server = createServer({ noDelay: true })
      server.listen(port, '127.0.0.1', () => resolve(new ScriptedBroker(server, script)))
    })
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  /** The connection that came last. */
  get peer(): Peer {
    return this.peers.at(-1)!
  }

  count(opcode: Opcode): number {
    return this.requests.filter((request) => request.opcode === opcode).length
  }

  /** Cuts all connections and stops listening. */
  close(): Promise<void> {
    for (const { socket } of this.peers) socket.destroy()
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
    })
  }
}

export interface TestDelivery {
  readonly subject: string | null
  readonly data?: string | Uint8Array | null
  readonly headers?: Record<string, string | Uint8Array | null>
  readonly offset: number
  readonly attempt?: number
  readonly slot?: number
}

export class Peer {
  readonly socket: Socket
  readonly #broker: ScriptedBroker
  readonly #splitter = new FrameSplitter(1 << 30)

  constructor(socket: Socket, broker: ScriptedBroker) {
    this.socket = socket
    this.#broker = broker
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) =>
      this.#splitter.push(chunk, (bytes, start, end) => this.#received(bytes, start, end)),
    )
  }

  send(opcode: Opcode, correlation: number, write: (writer: ByteWriter) => void = () => {}): void {
    const writer = new ByteWriter()
    const start = beginFrame(writer, opcode, correlation)
    write(writer)
    endFrame(writer, start)
    this.socket.write(writer.take())
  }

  refuse(request: ReceivedRequest, error: BrokerError): void {
    const writer = new ByteWriter()
    writeErrorFrame(writer, request.opcode, request.correlation, error)
    this.socket.write(writer.take())
  }

  deliver(subscription: number, deliveries: readonly TestDelivery[]): void {
    this.send(opcodes.deliver, 0, (writer) => writeDeliveries(writer, subscription, deliveries))
  }

  end(subscription: number, error: BrokerError): void {
    this.send(opcodes.subscriptionEnded, 0, (writer) =>
      writeSubscriptionEnded(writer, { subscription, error }),
    )
  }

  confirmSettles(correlation: number, failures: readonly SettleFailure[]): void {
    this.send(opcodes.settle, correlation, (writer) => writeSettleFailures(writer, failures))
  }

  sendRead(correlation: number, result: ReadResult): void {
    this.send(opcodes.read, correlation, (writer) => writeReadResult(writer, result))
  }

  #received(bytes: Uint8Array, start: number, end: number): void {
    const reader = new ByteReader(bytes, start + 4, end)
    const opcode = reader.u8() as Opcode
    reader.u8()
    const correlation = reader.u32()
    const body = Buffer.from(bytes.subarray(start + frameHeaderBytes, end))
    const request = { peer: this, opcode, correlation, body }
    this.#broker.requests.push(request)
    if (this.#broker.script(request) !== true) this.answer(request)
  }

  /** What a good broker would say. */
  answer({ opcode, correlation, body }: ReceivedRequest): void {
    const broker = this.#broker
    const reader = new ByteReader(body)
    switch (opcode) {
      case opcodes.hello:
        return this.send(opcode, correlation, (writer) =>
          writeWelcome(writer, {
            version: 1,
            keepAliveMs: broker.keepAliveMs,
            bootEpoch: 1,
            frameBytesMax: broker.frameBytesMax,
            brokerName: 'scripted',
          }),
        )
      case opcodes.call:
        return this.#answerCall(correlation, body)
      case opcodes.publish:
        return this.#answerPublish(correlation, reader)
      case opcodes.settle:
        broker.settles.push(...readSettles(body).settles)
        return this.confirmSettles(correlation, [])
      case opcodes.subscribe:
      case opcodes.setWindow:
      case opcodes.pull:
      case opcodes.unsubscribe:
        return this.send(opcode, correlation)
      default:
    }
  }

  #answerCall(correlation: number, body: Uint8Array): void {
    const { method, params } = JSON.parse(Buffer.from(body).toString()) as { method: string; params: object }
    const stream = { name: 'S', config: { partitions: this.#broker.partitions } }
    const result = method.startsWith('streams.') ? stream : { method, ...params }
    this.send(opcodes.call, correlation, (writer) => writer.raw(Buffer.from(JSON.stringify(result))))
  }

  #answerPublish(correlation: number, reader: ByteReader): void {
    const published = readPublish(reader).parts.map(({ partition, batch }) => {
      const baseOffset = this.#broker.nextOffset
      this.#broker.nextOffset += recordCountOf(batch, 0)
      return { partition, baseOffset }
    })
    this.send(opcodes.publish, correlation, (writer) => writePublished(writer, published))
  }
}

export function writeDeliveries(
  writer: ByteWriter,
  subscription: number,
  deliveries: readonly TestDelivery[],
): void {
  writer.u32(subscription)
  writer.u32(deliveries.length)
  for (const { subject, data = 'data', headers = {}, offset, attempt = 1, slot = 7 } of deliveries) {
    const builder = new RecordBatchBuilder()
    builder.add(0, subject, data, headers)
    const batch = builder.take()
    const cursor = new RecordCursor()
    cursor.open(batch, 0)
    cursor.next()
    writer.u32(0)
    writer.u32(slot)
    writer.i64(1000 + offset)
    writer.i64(offset)
    writer.i64(1_700_000_000_000 + offset)
    writer.u32(attempt)
    writer.u32(cursor.recordEnd - cursor.recordStart)
    writer.slice(batch, cursor.recordStart, cursor.recordEnd)
  }
}

export function readSettles(body: Uint8Array): { subscription: number; settles: Settle[] } {
  const reader = new ByteReader(body)
  const subscription = reader.u32()
  const settles: Settle[] = []
  for (let left = reader.u32(); left > 0; left--) {
    const settle: Settle = { verb: 0, partition: 0, slot: 0, sequence: 0, delayMs: 0, reason: '' }
    readSettleInto(reader, settle)
    settles.push(settle)
  }
  reader.finish()
  return { subscription, settles }
}

/** The number that stands for a SUBSCRIBE's subscription. */
export function subscriptionOf({ body }: ReceivedRequest): number {
  return readSubscribe(new ByteReader(body)).subscription
}

/** Waits until a condition holds; fails the test when it does not within two seconds. */
export async function until(condition: () => boolean, what: string = condition.toString()): Promise<void> {
  const deadline = Date.now() + 2_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within two seconds: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
