// One member of a group of the consumer protocol (KIP-848), on its own connection: says what it reads and
// what it has, and hears from the broker what it is to have.

import { randomUUID } from 'node:crypto'
import { consumerGroupHeartbeatApi } from '@sluice/protocol/kafka/generated/consumer-group-heartbeat'
import type {
  ConsumerGroupHeartbeatRequestTopicPartition as Owned,
  ConsumerGroupHeartbeatResponse,
} from '@sluice/protocol/kafka/generated/consumer-group-heartbeat'
import { KafkaLink } from '../targets/kafka-link.ts'
import type { GroupPlan, LoadMember } from './group-member.ts'

const rebalanceTimeoutMs = 300_000

export class ConsumerMember implements LoadMember {
  readonly #plan: GroupPlan
  readonly #link: KafkaLink
  readonly #memberId = randomUUID()
  #epoch = 0
  #owned: readonly Owned[] = []
  /** As the broker says. */
  beatMs = 0

  static async open(coordinator: string, plan: GroupPlan): Promise<ConsumerMember> {
    return new ConsumerMember(await KafkaLink.open(coordinator), plan)
  }

  private constructor(link: KafkaLink, plan: GroupPlan) {
    this.#link = link
    this.#plan = plan
  }

  /** Of which it has its part: as many partitions as members means one for each. */
  get generation(): number {
    return this.partition < 0 ? -1 : this.#epoch
  }

  get partition(): number {
    const owned = this.#owned.flatMap(({ partitions }) => partitions)
    return owned.length === 1 ? owned[0]! : -1
  }

  /** Resolves when it has taken over all that it is told. */
  async settle(): Promise<void> {
    const isNew = this.#epoch === 0
    let answer = await this.#say(isNew, isNew ? [] : this.#owned)
    while (this.#took(answer)) answer = await this.#say(false, this.#owned)
  }

  /** False: it has to have something else than before. */
  async beat(): Promise<boolean> {
    const before = this.#epoch
    const hasMore = this.#took(await this.#say(false, null))
    return !hasMore && this.#epoch === before
  }

  #took({ memberEpoch, heartbeatIntervalMs, assignment }: ConsumerGroupHeartbeatResponse): boolean {
    this.#epoch = memberEpoch
    this.beatMs = heartbeatIntervalMs
    if (assignment === null) return false
    this.#owned = assignment.topicPartitions
    return true
  }

  /** Null stands for what has not changed. */
  async #say(isWhole: boolean, owned: readonly Owned[] | null): Promise<ConsumerGroupHeartbeatResponse> {
    const { groupId, topic } = this.#plan
    const answer = await this.#link.ask(consumerGroupHeartbeatApi, {
      groupId,
      memberId: this.#memberId,
      memberEpoch: this.#epoch,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: isWhole ? rebalanceTimeoutMs : -1,
      subscribedTopicNames: isWhole ? [topic] : null,
      subscribedTopicRegex: null,
      serverAssignor: null,
      topicPartitions: owned,
    })
    if (answer.errorCode === 0) return answer
    throw new Error(`A heartbeat was answered with ${answer.errorMessage ?? answer.errorCode}`)
  }
}
