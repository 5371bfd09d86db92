// Many members of one group, who come at the same time, stay, and read what never comes.

import { fetchApi } from '@sluice/protocol/kafka/generated/fetch'
import type { FetchRequest } from '@sluice/protocol/kafka/generated/fetch'
import { zeroUuid } from '@sluice/protocol/kafka/kafka-fields'
import { cpuMsSince } from '../measure/closed-loop.ts'
import { KafkaLink } from '../targets/kafka-link.ts'
import { coordinatorOf, topicPlaceOf } from '../targets/kafka-lookups.ts'
import type { TopicPlace } from '../targets/kafka-lookups.ts'
import { STREAM } from '../targets/target.ts'
import { ConsumerMember } from './consumer-member.ts'
import { GroupMember } from './group-member.ts'
import type { GroupPlan, LoadMember } from './group-member.ts'
import type { GroupJoined, GroupParams, GroupStayed } from './task-types.ts'

/** As Kafka's clients have them when nobody configures them. */
const fetchWaitMs = 500
const fetchBytes = 50 * 1024 * 1024
const partitionBytes = 1024 * 1024

export class GroupLoad {
  readonly #params: GroupParams
  readonly #plan: GroupPlan
  readonly #members: LoadMember[] = []
  readonly #settled = Promise.withResolvers<void>()
  #settleCount = 0
  #beatCount = 0
  #fetchCount = 0
  #failure: Error | undefined

  constructor(params: GroupParams) {
    this.#params = params
    this.#plan = { groupId: params.groupId, topic: STREAM }
  }

  /** Resolves when all of them have their part of one generation. */
  async join(): Promise<GroupJoined> {
    const startMs = performance.now()
    const coordinator = await coordinatorOf(this.#params.kafkaAddress, this.#plan.groupId)
    const Member = this.#params.protocol === 'classic' ? GroupMember : ConsumerMember
    const stay = async (): Promise<void> => {
      const member = await Member.open(coordinator, this.#plan)
      this.#members.push(member)
      await this.#stay(member)
    }
    for (let index = 0; index < this.#params.memberCount; index++) stay().catch(this.#failed)
    await this.#settled.promise
    const { generation } = this.#members[0]!
    return { settledMs: performance.now() - startMs, generation, settleCount: this.#settleCount }
  }

  /** From now on each of them also asks for the records of its partition, on another connection. */
  async read(): Promise<void> {
    const place = await topicPlaceOf(this.#params.kafkaAddress, STREAM)
    const links = await Promise.all(
      this.#members.map(({ partition }) => KafkaLink.open(place.leaders[partition]!)),
    )
    for (const [index, link] of links.entries()) {
      const request = fetchOf(place, this.#members[index]!.partition)
      this.#readOn(link, request).catch(this.#failed)
    }
  }

  /** What they have asked in that time. */
  async stay(durationMs: number): Promise<GroupStayed> {
    const cpu = process.cpuUsage()
    const [beatsBefore, fetchesBefore] = [this.#beatCount, this.#fetchCount]
    await pause(durationMs)
    if (this.#failure !== undefined) throw this.#failure
    const settled = this.#members.every(({ generation }) => generation === this.#members[0]!.generation)
    if (!settled) throw new Error('The group did not stay in one generation')
    const beatCount = this.#beatCount - beatsBefore
    return { beatCount, fetchCount: this.#fetchCount - fetchesBefore, cpuMs: cpuMsSince(cpu) }
  }

  readonly #failed = (error: Error): void => {
    this.#failure ??= error
    this.#settled.reject(error)
  }

  async #stay(member: LoadMember): Promise<never> {
    for (;;) {
      await member.settle()
      this.#settleCount++
      if (this.#areTogether) this.#settled.resolve()
      do {
        await pause(member.beatMs)
        this.#beatCount++
      } while (await member.beat())
    }
  }

  async #readOn(link: KafkaLink, request: FetchRequest): Promise<never> {
    for (;;) {
      const { errorCode, topics } = await link.ask(fetchApi, request)
      const code = errorCode === 0 ? topics[0]!.partitions[0]!.errorCode : errorCode
      if (code !== 0) throw new Error(`A fetch was answered with error ${code}`)
      this.#fetchCount++
    }
  }

  get #areTogether(): boolean {
    const generation = this.#members[0]!.generation
    return (
      this.#members.length === this.#params.memberCount &&
      generation >= 0 &&
      this.#members.every((member) => member.generation === generation)
    )
  }
}

function fetchOf({ topicId }: TopicPlace, partition: number): FetchRequest {
  const wanted = {
    partition,
    currentLeaderEpoch: -1,
    fetchOffset: 0,
    lastFetchedEpoch: -1,
    logStartOffset: -1,
    partitionMaxBytes: partitionBytes,
    replicaDirectoryId: zeroUuid,
  }
  return {
    replicaId: -1,
    maxWaitMs: fetchWaitMs,
    minBytes: 1,
    maxBytes: fetchBytes,
    isolationLevel: 1,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ name: '', topicId, partitions: [wanted] }],
    forgottenTopics: [],
    rackId: '',
    clusterId: null,
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
