// kcat: librdkafka on the command line, a process for each thing done. It can read and write;
// administration is done by whatever else is there. It ends when no broker answers.

import { spawn } from 'node:child_process'
import type {
  From,
  KafkaClient,
  Lack,
  NewRecord,
  Reading,
  SeenRecord,
  Sending,
} from '../harness/kafka-client.ts'

/** Stands where no text of a test does. */
const KEY_END = '\u0001'

interface KcatRecord {
  readonly partition: number
  readonly offset: number
  readonly ts: number
  readonly headers?: readonly string[]
  readonly key: string | null
  readonly payload: string | null
}

export async function openKcat(address: string): Promise<KafkaClient> {
  return new KcatClient(address)
}

class KcatClient implements KafkaClient {
  readonly name = 'kcat'
  readonly lacks: readonly Lack[] = ['timestamps', 'outages']
  readonly #address: string

  constructor(address: string) {
    this.#address = address
  }

  /** kcat sets headers for a whole run, and no timestamps. An empty text is sent as null. */
  async produce(topic: string, records: readonly NewRecord[], sending: Sending = {}): Promise<void> {
    const { codec = 'none', isIdempotent = false } = sending
    for (const { partition, headers, lines } of runsOf(records)) {
      const args = ['-P', '-t', topic, '-z', codec, '-Z', '-K', KEY_END, '-X', 'acks=all']
      args.push('-X', `enable.idempotence=${isIdempotent}`, '-X', 'message.max.bytes=8388608')
      if (partition !== undefined) args.push('-p', String(partition))
      for (const [name, value] of Object.entries(headers)) args.push('-H', `${name}=${value}`)
      await this.#run(args, `${lines.join('\n')}\n`)
    }
  }

  async read({ topic, partition, from, count }: Reading): Promise<SeenRecord[]> {
    const place = ['-t', topic, '-p', String(partition), '-o', startOf(from)]
    const text = await this.#run([
      '-C',
      ...place,
      '-c',
      String(count),
      '-J',
      '-u',
      '-X',
      'fetch.wait.max.ms=100',
    ])
    const lines = text.split('\n').filter((line) => line !== '')
    return lines.map((line) => seenOf(JSON.parse(line) as KcatRecord))
  }

  async close(): Promise<void> {}

  #run(args: readonly string[], input = ''): Promise<string> {
    const all = ['-b', this.#address, '-q', '-X', 'broker.address.family=v4', ...args]
    const child = spawn('kcat', all, { stdio: ['pipe', 'pipe', 'pipe'] })
    const [out, problems]: [Buffer[], Buffer[]] = [[], []]
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => problems.push(chunk))
    // It may end before it has read all; what it then says is the failure.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => {
        if (code === 0) resolve(Buffer.concat(out).toString())
        else reject(new Error(`kcat ${args.join(' ')}: ${code} ${Buffer.concat(problems).toString()}`))
      })
    })
  }
}

interface Run {
  readonly partition: number | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly lines: string[]
}

/** Neighbours that one run of kcat can send. */
function runsOf(records: readonly NewRecord[]): Run[] {
  const runs: Run[] = []
  for (const { key, value, partition, headers = {} } of records) {
    const last = runs.at(-1)
    const line = `${key ?? ''}${KEY_END}${value ?? ''}`
    const isSame = last?.partition === partition && JSON.stringify(last?.headers) === JSON.stringify(headers)
    if (last !== undefined && isSame) last.lines.push(line)
    else runs.push({ partition, headers, lines: [line] })
  }
  return runs
}

function startOf(from: From): string {
  if (from === 'first') return 'beginning'
  if ('offset' in from) return String(from.offset)
  return 'last' in from ? String(-from.last) : `s@${from.time}`
}

function seenOf({ partition, offset, ts, headers = [], key, payload }: KcatRecord): SeenRecord {
  const pairs = headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1]!]] : []))
  return { partition, offset, timestamp: ts, key, value: payload, headers: Object.fromEntries(pairs) }
}
