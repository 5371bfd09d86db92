// A Kafka client in a process of its own, told what to do by lines of JSON as ../python/client_server.py is:
//   {"id": 1, "method": "produce", "params": {...}} -> {"id": 1, "result": ...} or {"id": 1, "error": "..."}
// Members of groups speak unasked: {"member": 1, "records": [...]} and {"member": 1, "partitions": [...]}.
// Why a process: two versions of librdkafka.so in one would be taken for each other.

import { createInterface } from 'node:readline'
import type { Membership, NewRecord, Reading, SeenRecord, Sending } from '../harness/kafka-client.ts'

export interface Production extends Sending {
  readonly topic: string
  readonly records: readonly NewRecord[]
}

export interface Asked extends Omit<Reading, 'from'> {
  readonly start: Reading['from']
}

export interface Leaving {
  leave(): Promise<void>
}

/** What a member tells of itself. */
export interface Telling {
  saw(records: readonly SeenRecord[]): void
  owns(partitions: readonly number[]): void
}

export interface Client {
  join(membership: Membership, telling: Telling): Promise<Leaving>
  /** By method; the parameters are those of the line. */
  readonly methods: Readonly<Record<string, (params: never) => Promise<unknown>>>
  close(): Promise<void>
}

interface Line {
  readonly id: number
  readonly method: string
  readonly params: Membership & { readonly member: number }
}

const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

/** Until standard input ends. */
export async function serve(client: Client): Promise<void> {
  const members = new Map<number, Leaving>()
  const answer = async ({ method, params }: Line): Promise<unknown> => {
    const { member } = params
    if (method === 'leave') {
      const leaving = members.get(member)!
      members.delete(member)
      return leaving.leave()
    }
    if (method !== 'join') return client.methods[method]!(params as never)
    members.set(
      member,
      await client.join(params, {
        saw: (records) => say({ member, records }),
        owns: (partitions) => say({ member, partitions: [...partitions].toSorted((one, two) => one - two) }),
      }),
    )
    return undefined
  }
  for await (const text of createInterface({ input: process.stdin })) {
    const line = JSON.parse(text) as Line
    answer(line).then(
      (result) => say({ id: line.id, result: result ?? null }),
      (error: Error) => say({ id: line.id, error: error.stack ?? String(error) }),
    )
  }
  for (const member of members.values()) await member.leave().catch(() => {})
  await client.close()
  process.exit()
}

export const textOf = (bytes: Buffer | string | null | undefined): string | null =>
  bytes === null || bytes === undefined ? null : bytes.toString()
