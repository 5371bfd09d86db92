// A group that goes on under the other protocol with its members: what was known of it, in the other's terms.

import type { KnownGroup } from '../classic/group-state.ts'
import type { KnownMember } from '../classic/group-member.ts'
import { assignedPartitions, readSubscription, writeAssignment } from '../subscription-reader.ts'
import type { TopicView } from '../topic-directory.ts'
import { defaultAssignor } from './assignors.ts'
import { namedPartitions, setsOf } from '../topic-partitions.ts'
import { consumerType } from './classic-requests.ts'
import type { KnownConsumerGroup } from './consumer-group-state.ts'
import type { KnownConsumerMember } from './consumer-member.ts'
import { noPartitions } from '../partition-sets.ts'

/** Undefined where its members are no consumers, or one of them says what no consumer says. */
export function asConsumerGroup(group: KnownGroup, topics: TopicView): KnownConsumerGroup | undefined {
  const { generation: epoch, members } = group
  if (members.length > 0 && group.protocolType !== consumerType) return undefined
  const consumers: KnownConsumerMember[] = []
  for (const member of members) {
    const consumer = asConsumer(member, epoch, topics)
    if (consumer === undefined) return undefined
    consumers.push(consumer)
  }
  const partitionCounts = new Map<number, number>()
  const assignor = defaultAssignor
  return { kind: 'consumer', epoch, assignmentEpoch: epoch, assignor, partitionCounts, members: consumers }
}

/** What it has is what its leader gave it; while that is not settled, what it said when it joined. */
function asConsumer(member: KnownMember, epoch: number, topics: TopicView): KnownConsumerMember | undefined {
  const { memberId, instanceId, clientId, clientHost, rebalanceTimeoutMs, sessionTimeoutMs } = member
  const { protocols, assignment } = member
  const subscription = protocols[0] && readSubscription(protocols[0].metadata)
  const given = assignment.length === 0 ? subscription?.owned : assignedPartitions(assignment)
  if (subscription === undefined || given === undefined) return undefined
  const assigned = setsOf(topics, given)
  return {
    memberId,
    instanceId,
    clientId,
    clientHost,
    rebalanceTimeoutMs,
    rackId: null,
    topics: subscription.topics,
    pattern: '',
    assignor: null,
    classic: { sessionTimeoutMs, protocols },
    epoch,
    previousEpoch: epoch,
    assigned,
    revoking: noPartitions,
    target: assigned,
  }
}

/** All of its members are classic ones. They are to join again: none of them leads yet. */
export function asClassicGroup({ members, epoch }: KnownConsumerGroup, topics: TopicView): KnownGroup {
  const classic = members.map((member) => asClassic(member, topics))
  const [first] = classic
  return {
    kind: 'classic',
    // Why not the group's: the generation that members name in their next heartbeat is their own epoch.
    generation: members.reduce((latest, member) => Math.max(latest, member.epoch), first ? 0 : epoch),
    protocolType: consumerType,
    protocolName: first?.protocols[0]?.name ?? null,
    leaderId: first?.memberId ?? null,
    members: classic,
  }
}

function asClassic(member: KnownConsumerMember, topics: TopicView): KnownMember {
  const { memberId, instanceId, clientId, clientHost, rebalanceTimeoutMs, assigned } = member
  const { sessionTimeoutMs, protocols } = member.classic!
  const version = readSubscription(protocols[0]!.metadata)?.version ?? 0
  const assignment = writeAssignment(version, namedPartitions(topics, assigned))
  const said = { memberId, instanceId, clientId, clientHost, rebalanceTimeoutMs }
  return { ...said, sessionTimeoutMs, protocols, assignment }
}
