// One member of a group of the classic protocol, on a connection of its own: joins, takes the part that it is
// given, and goes on saying that it is there, as Kafka's consumers do.

import { heartbeatApi } from '@sluice/protocol/kafka/generated/heartbeat'
import { joinGroupApi } from '@sluice/protocol/kafka/generated/join-group'
import type { JoinGroupResponse } from '@sluice/protocol/kafka/generated/join-group'
import { syncGroupApi } from '@sluice/protocol/kafka/generated/sync-group'
import { KafkaLink } from '../targets/kafka-link.ts'
import { assignmentOf, partitionOf, subscriptionOf } from './group-assignment.ts'

export interface GroupPlan {
  readonly groupId: string
  readonly topic: string
}

/** A member, of whatever protocol. */
export interface LoadMember {
  /** Of which it has its part; -1 while it has none. */
  readonly generation: number
  readonly partition: number
  /** How often it is to say that it is there. */
  readonly beatMs: number
  settle(): Promise<void>
  beat(): Promise<boolean>
}

const rebalanceInProgress = 27
const memberIdRequired = 79

const protocolType = 'consumer'
const protocolName = 'bench'
/** As librdkafka and the Java client have them. */
const sessionTimeoutMs = 45_000
const rebalanceTimeoutMs = 300_000
const heartbeatMs = 3000

export class GroupMember implements LoadMember {
  readonly #plan: GroupPlan
  readonly #link: KafkaLink
  #memberId = ''
  generation = -1
  partition = -1
  readonly beatMs = heartbeatMs

  /** `coordinator` is an address. */
  static async open(coordinator: string, plan: GroupPlan): Promise<GroupMember> {
    return new GroupMember(await KafkaLink.open(coordinator), plan)
  }

  private constructor(link: KafkaLink, plan: GroupPlan) {
    this.#link = link
    this.#plan = plan
  }

  /** Resolves when it has its part of a generation. */
  async settle(): Promise<void> {
    this.generation = -1
    for (;;) {
      const joined = await this.#join()
      this.#memberId = joined.memberId
      if (joined.errorCode === memberIdRequired) continue
      if (joined.errorCode !== 0) throw new Error(`A join was answered with error ${joined.errorCode}`)
      if (await this.#sync(joined)) return
    }
  }

  /** Says that it is there; false: it has to settle again. */
  async beat(): Promise<boolean> {
    const { groupId } = this.#plan
    const name = { groupId, memberId: this.#memberId, groupInstanceId: null }
    const { errorCode } = await this.#link.ask(heartbeatApi, { ...name, generationId: this.generation })
    if (errorCode === 0) return true
    if (errorCode === rebalanceInProgress) return false
    throw new Error(`A heartbeat was answered with error ${errorCode}`)
  }

  #join(): Promise<JoinGroupResponse> {
    const { groupId, topic } = this.#plan
    return this.#link.ask(joinGroupApi, {
      groupId,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      memberId: this.#memberId,
      groupInstanceId: null,
      protocolType,
      protocols: [{ name: protocolName, metadata: subscriptionOf(topic) }],
      reason: null,
    })
  }

  /** False: the group is in its next rebalance already. */
  async #sync({ generationId = -1, leader, members }: JoinGroupResponse): Promise<boolean> {
    const { groupId, topic } = this.#plan
    const isLeader = leader === this.#memberId
    const { errorCode, assignment } = await this.#link.ask(syncGroupApi, {
      groupId,
      generationId,
      memberId: this.#memberId,
      groupInstanceId: null,
      protocolType,
      protocolName,
      assignments: isLeader
        ? members.map(({ memberId }, index) => ({ memberId, assignment: assignmentOf(topic, index) }))
        : [],
    })
    if (errorCode === rebalanceInProgress) return false
    if (errorCode !== 0) throw new Error(`A sync was answered with error ${errorCode}`)
    this.partition = partitionOf(assignment)
    this.generation = generationId
    return true
  }
}
