// Redis streams, through ioredis: XADD (pipelined for a batch), XRANGE, consumer groups. What was read is
// settled with one XACK, which travels with the next XREADGROUP; reading waits on a connection of its own.

import { Redis } from 'ioredis'
import { STREAM } from './target.ts'
import type { ConsumeOptions, ConsumerPlan, Consumption, OutgoingMessage, TargetClient } from './target.ts'

/** An entry as it comes: its id, then names and values in turn; ours are subject and data. */
type Entry = [id: Buffer, fields: Buffer[]]
type Answer = [stream: Buffer, entries: Entry[]][] | null

const dataField = 3
const readCount = 1000
const blockMs = 100

export async function connectRedis(address: string): Promise<TargetClient> {
  const connection = open(address)
  await connection.ping()
  return new RedisClient(address, connection)
}

function open(address: string): Redis {
  const [host, port] = address.split(':')
  return new Redis({ host: host!, port: Number(port) })
}

class RedisClient implements TargetClient {
  readonly #address: string
  readonly #connection: Redis

  constructor(address: string, connection: Redis) {
    this.#address = address
    this.#connection = connection
  }

  /** A stream begins with its first entry; how durable it is, the server was told. */
  createStream(): Promise<void> {
    return Promise.resolve()
  }

  async deleteStream(): Promise<void> {
    await this.#connection.del(STREAM)
  }

  async publish({ subject, data }: OutgoingMessage): Promise<void> {
    await this.#connection.xadd(STREAM, '*', 's', subject, 'd', asBuffer(data))
  }

  async publishBatch(messages: readonly OutgoingMessage[]): Promise<void> {
    const pipeline = this.#connection.pipeline()
    for (const { subject, data } of messages) {
      pipeline.xadd(STREAM, '*', 's', subject, 'd', asBuffer(data))
    }
    const answers = await pipeline.exec()
    for (const [error] of answers ?? []) if (error !== null) throw error
  }

  async read(onMessages: (count: number, dataBytes: number) => boolean): Promise<void> {
    for (let after = '-'; ;) {
      const entries = (await this.#connection.xrangeBuffer(STREAM, after, '+', 'COUNT', readCount)) as Entry[]
      let dataBytes = 0
      for (const [, fields] of entries) dataBytes += fields[dataField]!.length
      if (entries.length === 0 || !onMessages(entries.length, dataBytes)) return
      after = `(${entries.at(-1)![0].toString('latin1')}`
    }
  }

  async createConsumer({ name }: ConsumerPlan): Promise<void> {
    await this.#connection.xgroup('CREATE', STREAM, name, '0', 'MKSTREAM')
  }

  async consume(options: ConsumeOptions): Promise<Consumption> {
    const connection = open(this.#address)
    await connection.ping()
    let isStopped = false
    const ended = settleAll(connection, options, () => isStopped).catch(options.onError)
    return {
      stop: async () => {
        isStopped = true
        await ended
        connection.disconnect()
      },
    }
  }

  parkedCount(): Promise<number> {
    return Promise.reject(new Error('Redis has no limits per subject'))
  }

  close(): Promise<void> {
    this.#connection.disconnect()
    return Promise.resolve()
  }
}

async function settleAll(
  connection: Redis,
  { consumer, window, onMessage, onSettled }: ConsumeOptions,
  isStopped: () => boolean,
): Promise<void> {
  const acks: Promise<void>[] = []
  while (!isStopped()) {
    const group = ['GROUP', consumer, 'bench', 'COUNT', window, 'BLOCK', blockMs] as const
    const answer = (await connection.xreadgroupBuffer(...group, 'STREAMS', STREAM, '>')) as Answer
    const settled: Buffer[] = []
    for (const [id, fields] of answer?.[0]?.[1] ?? []) if (onMessage(fields[dataField]!)) settled.push(id)
    if (settled.length === 0) continue
    acks.push(connection.xack(STREAM, consumer, ...settled).then((count) => onSettled(count)))
    if (acks.length > 1) await acks.shift()
  }
  await Promise.all(acks)
}

/** A view: ioredis takes Buffers. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
