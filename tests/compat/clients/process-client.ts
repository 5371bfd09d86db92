// A Kafka library in a process of its own, which is told what to do by lines of JSON: one of Python
// (../python/client_server.py), or one whose native parts are better kept apart (../native/client-server.ts).

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type {
  Admin,
  Committed,
  GroupMember,
  GroupPlace,
  KafkaClient,
  Lack,
  Membership,
  NewRecord,
  Reading,
  SeenRecord,
  Sending,
} from '../harness/kafka-client.ts'

interface Line {
  readonly id?: number
  readonly result?: unknown
  readonly error?: string
  readonly member?: number
  readonly records?: readonly SeenRecord[]
  readonly partitions?: readonly number[]
}

interface Waiting {
  readonly resolve: (result: never) => void
  readonly reject: (error: Error) => void
}

/** Of a library: what it is called, what runs it when an address is added, and what it cannot do. */
export interface LibraryProcess {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly lacks: readonly Lack[]
  readonly codecs?: KafkaClient['codecs']
  readonly lacksAdmin: readonly (keyof Admin)[]
  readonly assignors?: KafkaClient['assignors']
  readonly hasPatterns?: boolean
}

export class ProcessClient implements KafkaClient {
  readonly name: string
  readonly lacks: readonly Lack[]
  readonly codecs: KafkaClient['codecs']
  readonly admin: Admin
  readonly assignors: KafkaClient['assignors']
  readonly hasPatterns: boolean
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  readonly #members = new Map<number, ProcessMember>()
  #lastId = 0
  #errorText = ''

  constructor(library: LibraryProcess, address: string) {
    const { name, command, args, lacks, codecs, lacksAdmin, assignors, hasPatterns = false } = library
    this.name = name
    this.lacks = lacks
    this.codecs = codecs
    this.assignors = assignors
    this.hasPatterns = hasPatterns
    const child = spawn(command, [...args, address], { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#process = child
    child.stderr.on(
      'data',
      (chunk: Buffer) => (this.#errorText = `${this.#errorText}${chunk.toString()}`.slice(-4000)),
    )
    createInterface({ input: child.stdout }).on('line', (line) => this.#hear(JSON.parse(line) as Line))
    child.once('exit', () => this.#fail(this.#ended()))
    this.admin = withoutLacking(this.#makeAdmin(), lacksAdmin)
  }

  produce(topic: string, records: readonly NewRecord[], sending: Sending = {}): Promise<void> {
    return this.#ask('produce', { topic, records, ...sending })
  }

  read({ from, ...reading }: Reading): Promise<SeenRecord[]> {
    return this.#ask('read', { ...reading, start: from })
  }

  async join(membership: Membership): Promise<GroupMember> {
    const number = ++this.#lastId
    const leave = async (): Promise<void> => {
      await this.#ask('leave', { member: number })
      this.#members.delete(number)
    }
    const member = new ProcessMember(leave)
    this.#members.set(number, member)
    await this.#ask('join', { ...membership, member: number })
    return member
  }

  commit(place: GroupPlace, offset: number, metadata: string): Promise<void> {
    return this.#ask('commit', { ...place, offset, metadata })
  }

  async committed(place: GroupPlace): Promise<Committed> {
    const found = await this.#ask<Partial<Committed>>('committed', { ...place })
    return { offset: found.offset, metadata: found.metadata ?? '' }
  }

  async close(): Promise<void> {
    if (this.#hasEnded()) return
    const exited = once(this.#process, 'exit')
    const late = setTimeout(() => this.#process.kill('SIGKILL'), 10_000)
    this.#process.stdin!.end()
    await exited
    clearTimeout(late)
  }

  #makeAdmin(): Required<Admin> {
    const ask = this.#ask.bind(this)
    return {
      createTopic: (topic, partitions, configs = {}) => ask('createTopic', { topic, partitions, configs }),
      partitionCount: (topic) => ask('partitionCount', { topic }),
      topics: () => ask('topics', {}),
      deleteTopic: (topic) => ask('deleteTopic', { topic }),
      addPartitions: (topic, total) => ask('addPartitions', { topic, total }),
      configs: (topic) => ask('configs', { topic }),
      alterConfigs: (topic, configs) => ask('alterConfigs', { topic, configs }),
      deleteRecords: (topic, partition, before) => ask('deleteRecords', { topic, partition, before }),
      groups: () => ask('groups', {}),
      groupState: (group) => ask('groupState', { group }),
      deleteGroup: (group) => ask('deleteGroup', { group }),
    }
  }

  #ask<T>(method: string, params: Readonly<Record<string, unknown>>): Promise<T> {
    const id = ++this.#lastId
    return new Promise<T>((resolve, reject) => {
      if (this.#hasEnded()) return reject(this.#ended())
      this.#waiting.set(id, { resolve, reject })
      this.#process.stdin!.write(`${JSON.stringify({ id, method, params })}\n`)
    })
  }

  #hear({ id, result, error, member, records, partitions }: Line): void {
    if (member !== undefined) return this.#members.get(member)?.hear(records, partitions)
    const waiting = this.#waiting.get(id!)!
    this.#waiting.delete(id!)
    if (error === undefined) waiting.resolve(result as never)
    else waiting.reject(new Error(`${this.name}: ${error}\n${this.#errorText}`))
  }

  #hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null
  }

  #ended(): Error {
    return new Error(`${this.name} ended: ${this.#errorText}`)
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

class ProcessMember implements GroupMember {
  readonly seen: SeenRecord[] = []
  partitions: readonly number[] = []
  assignments = 0
  readonly leave: () => Promise<void>

  constructor(leave: () => Promise<void>) {
    this.leave = leave
  }

  hear(records: readonly SeenRecord[] = [], partitions?: readonly number[]): void {
    this.seen.push(...records)
    if (partitions === undefined) return
    this.partitions = partitions
    this.assignments++
  }
}

function withoutLacking(admin: Required<Admin>, lacks: readonly (keyof Admin)[]): Admin {
  const entries = Object.entries(admin).filter(([name]) => !lacks.includes(name as keyof Admin))
  return Object.fromEntries(entries) as unknown as Admin
}
