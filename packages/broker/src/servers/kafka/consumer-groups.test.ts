// Groups of the consumer protocol through the Kafka door, byte by byte: every request at every version, and
// the exact error for each thing that can be wrong.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Client } from '@sluice/client'
import { apiVersionsApi } from '@sluice/protocol/kafka/generated/api-versions'
import { consumerGroupDescribeApi } from '@sluice/protocol/kafka/generated/consumer-group-describe'
import type { ConsumerGroupDescribeResponse } from '@sluice/protocol/kafka/generated/consumer-group-describe'
import { consumerGroupHeartbeatApi } from '@sluice/protocol/kafka/generated/consumer-group-heartbeat'
import type {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
} from '@sluice/protocol/kafka/generated/consumer-group-heartbeat'
import { describeConfigsApi } from '@sluice/protocol/kafka/generated/describe-configs'
import { deleteGroupsApi } from '@sluice/protocol/kafka/generated/delete-groups'
import { describeGroupsApi } from '@sluice/protocol/kafka/generated/describe-groups'
import { incrementalAlterConfigsApi } from '@sluice/protocol/kafka/generated/incremental-alter-configs'
import { joinGroupApi } from '@sluice/protocol/kafka/generated/join-group'
import { listGroupsApi } from '@sluice/protocol/kafka/generated/list-groups'
import { metadataApi } from '@sluice/protocol/kafka/generated/metadata'
import { offsetCommitApi } from '@sluice/protocol/kafka/generated/offset-commit'
import { offsetDeleteApi } from '@sluice/protocol/kafka/generated/offset-delete'
import { offsetFetchApi } from '@sluice/protocol/kafka/generated/offset-fetch'
import { Broker } from '../../broker.ts'
import { groupOperations, operationsNotAsked } from './authorized-operations.ts'
import { kafkaErrors } from './kafka-errors.ts'
import { KafkaPeer } from './kafka-peer.contract.ts'

let broker: Broker
let own: Client
let peer: KafkaPeer
let topicId: string

before(async () => {
  broker = await Broker.start({
    memory: true,
    kafka: { port: 0 },
    limits: { groupMembersMax: 2, groupConsumerHeartbeatIntervalMs: 1234 },
  })
  own = await broker.connect()
  peer = await KafkaPeer.open(broker.kafkaAddresses[0]!.port)
  await own.streams.create('T', { partitions: 3 })
  topicId = await topicIdOf('T')
})

after(async () => {
  peer.destroy()
  await own.close()
  await broker.close()
})

async function topicIdOf(name: string): Promise<string> {
  const asked = { name, topicId: '0'.repeat(32) }
  const { topics } = await peer.ask(metadataApi, 12, {
    topics: [asked],
    allowAutoTopicCreation: false,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  })
  return topics[0]!.topicId
}

let count = 0
const newGroup = (): string => `g${++count}`

type Beat = Partial<ConsumerGroupHeartbeatRequest>

function beat(groupId: string, changes: Beat, version = 1): Promise<ConsumerGroupHeartbeatResponse> {
  return peer.ask(consumerGroupHeartbeatApi, version, {
    groupId,
    memberId: 'a',
    memberEpoch: 1,
    instanceId: null,
    rackId: null,
    rebalanceTimeoutMs: -1,
    subscribedTopicNames: null,
    subscribedTopicRegex: null,
    serverAssignor: null,
    topicPartitions: null,
    ...changes,
  })
}

function join(groupId: string, changes: Beat = {}, version = 1): Promise<ConsumerGroupHeartbeatResponse> {
  const said = { rebalanceTimeoutMs: 60_000, subscribedTopicNames: ['T'], topicPartitions: [] }
  return beat(groupId, { memberEpoch: 0, ...said, ...changes }, version)
}

/** With the only member `a`, in epoch 1. */
async function loneMember(changes: Beat = {}): Promise<string> {
  const groupId = newGroup()
  assert.equal((await join(groupId, changes)).errorCode, kafkaErrors.NONE)
  return groupId
}

async function describe(
  groupId: string,
  version = 1,
): Promise<ConsumerGroupDescribeResponse['groups'][number]> {
  const request = { groupIds: [groupId], includeAuthorizedOperations: true }
  return (await peer.ask(consumerGroupDescribeApi, version, request)).groups[0]!
}

async function commit(groupId: string, memberId: string, epoch: number, version = 9): Promise<number> {
  const partition = { partitionIndex: 0, committedOffset: 5, committedLeaderEpoch: -1, committedMetadata: '' }
  const answer = await peer.ask(offsetCommitApi, version, {
    groupId,
    memberId,
    generationIdOrMemberEpoch: epoch,
    groupInstanceId: null,
    retentionTimeMs: -1,
    topics: [{ name: 'T', partitions: [{ ...partition, commitTimestamp: -1 }] }],
  })
  return answer.topics[0]!.partitions[0]!.errorCode
}

async function fetchError(groupId: string, memberId: string | null, memberEpoch: number): Promise<number> {
  const groups = [{ groupId, memberId, memberEpoch, topics: null }]
  const request = { groupId: '', topics: [], groups, requireStable: true }
  return (await peer.ask(offsetFetchApi, 9, request)).groups[0]!.errorCode
}

test('clients are told that the protocol is on, each in the version that it understands', async () => {
  const asked = { clientSoftwareName: 'test', clientSoftwareVersion: '1' }
  const told = await peer.ask(apiVersionsApi, 4, asked)
  assert.ok(told.apiKeys.some(({ apiKey, maxVersion }) => apiKey === 68 && maxVersion === 1))
  assert.ok(told.apiKeys.some(({ apiKey, maxVersion }) => apiKey === 69 && maxVersion === 1))
  assert.deepEqual(told.supportedFeatures, [{ name: 'group.version', minVersion: 0, maxVersion: 1 }])
  assert.deepEqual(told.finalizedFeatures, [
    { name: 'group.version', maxVersionLevel: 1, minVersionLevel: 1 },
  ])
  assert.equal(told.finalizedFeaturesEpoch, 0)
  const older = await peer.ask(apiVersionsApi, 3, asked)
  assert.deepEqual([older.supportedFeatures?.length ?? 0, older.finalizedFeatures!.length], [0, 1])
})

test('two members at every version: each has what the other gave up', async () => {
  for (const version of [0, 1]) {
    const groupId = newGroup()
    const first = await join(groupId, { memberId: version === 0 ? '' : 'a' }, version)
    const { memberId } = first
    if (version === 0) assert.match(memberId!, /^peer-[0-9a-f]{8}-/)
    assert.deepEqual(first.assignment, { topicPartitions: [{ topicId, partitions: [0, 1, 2] }] })
    assert.deepEqual([first.memberEpoch, first.heartbeatIntervalMs, first.errorMessage], [1, 1000, null])
    const second = await join(groupId, { memberId: 'b' }, version)
    assert.deepEqual([second.memberEpoch, second.assignment], [2, { topicPartitions: [] }])
    const told = await beat(groupId, { memberId: memberId! }, version)
    assert.deepEqual([told.memberEpoch, told.assignment?.topicPartitions.length], [1, 1])
    assert.equal((await beat(groupId, { memberId: 'b', memberEpoch: 2 }, version)).assignment, null)
    const { topicPartitions } = told.assignment!
    const confirmed = await beat(groupId, { memberId: memberId!, topicPartitions }, version)
    assert.deepEqual([confirmed.memberEpoch, confirmed.assignment], [2, null])
    const given = await beat(groupId, { memberId: 'b', memberEpoch: 2 }, version)
    const all = [...topicPartitions, ...given.assignment!.topicPartitions].flatMap((row) => row.partitions)
    assert.deepEqual(
      all.toSorted((one, other) => one - other),
      [0, 1, 2],
    )
    assert.equal(given.heartbeatIntervalMs, 1000)
    const calm = await beat(groupId, { memberId: 'b', memberEpoch: 2 }, version)
    assert.deepEqual([calm.heartbeatIntervalMs, calm.assignment], [1234, null])
    const left = await beat(groupId, { memberId: 'b', memberEpoch: -1 }, version)
    assert.deepEqual([left.errorCode, left.memberEpoch], [kafkaErrors.NONE, -1])
  }
})

test('a pattern is a subscription from version 1 on', async () => {
  const groupId = newGroup()
  const joined = await join(groupId, { subscribedTopicNames: null, subscribedTopicRegex: 'T|U' })
  assert.deepEqual(joined.assignment?.topicPartitions, [{ topicId, partitions: [0, 1, 2] }])
  const { members } = await describe(groupId)
  assert.deepEqual([members[0]!.subscribedTopicNames, members[0]!.subscribedTopicRegex], [[], 'T|U'])
})

test('topics that are made, grow and go are heard of at the next heartbeat', async () => {
  const groupId = newGroup()
  const joined = await join(groupId, { subscribedTopicNames: ['later'], subscribedTopicRegex: 'late.*' })
  assert.deepEqual(joined.assignment, { topicPartitions: [] })
  const heard = async (epoch: number, owned: number[] | null = null): Promise<number[] | undefined> => {
    const topicPartitions = owned === null ? null : [{ topicId: id, partitions: owned }]
    const { assignment } = await beat(groupId, { memberEpoch: epoch, topicPartitions })
    return assignment?.topicPartitions.flatMap(({ partitions }) => partitions)
  }
  let id = topicId
  await own.streams.create('later', { partitions: 1 })
  id = await topicIdOf('later')
  assert.deepEqual(await heard(1), [0])
  await own.streams.alter('later', { partitions: 3 })
  assert.deepEqual(await heard(2), [0, 1, 2])
  assert.equal(await heard(3), undefined)
  await own.streams.delete('later')
  assert.deepEqual(await heard(3), [], 'it is told to give them up')
  assert.equal(await heard(3, []), undefined)
  assert.equal((await describe(groupId)).groupState, 'Stable')
})

test('the exact error for each heartbeat that is refused', async () => {
  const e = kafkaErrors
  const groupId = await loneMember({ instanceId: 'one' })
  const cases: [Promise<ConsumerGroupHeartbeatResponse>, number, string][] = [
    [join(''), e.INVALID_REQUEST, 'no group'],
    [join(groupId, { memberId: '' }), e.INVALID_REQUEST, 'no id'],
    [join(groupId, { instanceId: '' }), e.INVALID_REQUEST, 'no instance id'],
    [join(groupId, { rackId: ' ' }), e.INVALID_REQUEST, 'no rack'],
    [join(groupId, { rebalanceTimeoutMs: -1 }), e.INVALID_REQUEST, 'no timeout'],
    [join(groupId, { subscribedTopicNames: null }), e.INVALID_REQUEST, 'no subscription'],
    [join(groupId, { topicPartitions: null }), e.INVALID_REQUEST, 'not told what it has'],
    [
      join(groupId, { topicPartitions: [{ topicId, partitions: [0] }] }),
      e.INVALID_REQUEST,
      'it has something',
    ],
    [beat(groupId, { memberEpoch: -3 }), e.INVALID_REQUEST, 'no epoch'],
    [beat(groupId, { memberEpoch: -2 }), e.INVALID_REQUEST, 'not static'],
    [
      beat(groupId, { subscribedTopicNames: ['x'.repeat(30_000), ...Array(60).fill('x'.repeat(30_000))] }),
      e.INVALID_REQUEST,
      'says too much',
    ],
    [beat(groupId, { serverAssignor: 'sticky' }), e.UNSUPPORTED_ASSIGNOR, 'assignor'],
    [join(groupId, { memberId: 'b', subscribedTopicRegex: '(' }), e.INVALID_REGULAR_EXPRESSION, 'pattern'],
    [beat(groupId, { memberEpoch: 2 }), e.FENCED_MEMBER_EPOCH, 'greater epoch'],
    [beat(groupId, { memberId: 'nobody' }), e.UNKNOWN_MEMBER_ID, 'unknown'],
    [beat(groupId, { memberId: 'nobody', memberEpoch: -1 }), e.UNKNOWN_MEMBER_ID, 'leaves unknown'],
    [beat(groupId, { instanceId: 'two' }), e.UNKNOWN_MEMBER_ID, 'unknown instance'],
    [
      beat(groupId, { memberId: 'b', instanceId: 'one' }),
      e.FENCED_INSTANCE_ID,
      'another has the instance id',
    ],
    [join(groupId, { memberId: 'b', instanceId: 'one' }), e.UNRELEASED_INSTANCE_ID, 'taken'],
    [beat(newGroup(), {}), e.GROUP_ID_NOT_FOUND, 'no such group'],
    [beat(newGroup(), { memberEpoch: -1 }), e.GROUP_ID_NOT_FOUND, 'leaves no group'],
    [join('x'.repeat(1025)), e.INVALID_GROUP_ID, 'a name too long'],
  ]
  for (const [answer, code, what] of cases) assert.equal((await answer).errorCode, code, what)
  assert.match((await join(groupId, { rebalanceTimeoutMs: -1 })).errorMessage!, /RebalanceTimeoutMs/)
  await join(groupId, { memberId: 'b' })
  assert.equal((await join(groupId, { memberId: 'c' })).errorCode, e.GROUP_MAX_SIZE_REACHED)
  assert.equal((await describe(groupId)).members.length, 2)
})

test('a refused first member leaves no group behind', async () => {
  const groupId = newGroup()
  await join(groupId, { subscribedTopicRegex: '(' })
  assert.equal((await describe(groupId)).errorCode, kafkaErrors.GROUP_ID_NOT_FOUND)
})

test("a classic group that is no consumers' is not found, a classic member is shown as one", async () => {
  const groupId = newGroup()
  const classic = {
    groupId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'connect',
    protocols: [{ name: 'default', metadata: Buffer.from('m') }],
    reason: null,
  }
  const joining = peer.ask(joinGroupApi, 3, classic)
  const other = await KafkaPeer.open(broker.kafkaAddresses[0]!.port)
  try {
    const request = { groupIds: [groupId], includeAuthorizedOperations: false }
    const { groups } = await other.ask(consumerGroupDescribeApi, 1, request)
    assert.deepEqual([groups[0]!.errorCode, groups[0]!.members], [kafkaErrors.GROUP_ID_NOT_FOUND, []])
    await joining
    assert.equal((await join(groupId)).errorCode, kafkaErrors.GROUP_ID_NOT_FOUND)
    const all = await loneMember()
    const refused = await other.ask(joinGroupApi, 3, { ...classic, groupId: all })
    assert.equal(refused.errorCode, kafkaErrors.INCONSISTENT_GROUP_PROTOCOL)
    const metadata = Buffer.from([0, 0, 0, 0, 0, 1, 0, 1, 84, 255, 255, 255, 255])
    const protocols = [{ name: 'range', metadata }]
    const consumer = { ...classic, groupId: all, protocolType: 'consumer', protocols }
    const joined = await other.ask(joinGroupApi, 3, consumer)
    assert.deepEqual([joined.errorCode, joined.generationId, joined.leader], [kafkaErrors.NONE, 2, ''])
    assert.equal(await fetchError(all, joined.memberId, -1), kafkaErrors.NONE, 'it names no generation')
    assert.equal(await fetchError(all, joined.memberId, 7), kafkaErrors.ILLEGAL_GENERATION)
    assert.equal(await fetchError(all, 'a', -1), kafkaErrors.STALE_MEMBER_EPOCH)
    const { members } = await describe(all)
    assert.deepEqual(
      members.map(({ memberType, memberEpoch }) => [memberType, memberEpoch]),
      [
        [1, 1],
        [0, 2],
      ],
    )
  } finally {
    other.destroy()
  }
})

test('a group is described and listed at every version, and not as a classic one', async () => {
  const groupId = await loneMember({ instanceId: 'one', rackId: 'r', serverAssignor: 'range' })
  for (const version of [0, 1]) {
    const group = await describe(groupId, version)
    const rows = { topicPartitions: [{ topicId, topicName: 'T', partitions: [0, 1, 2] }] }
    assert.deepEqual(group, {
      errorCode: kafkaErrors.NONE,
      errorMessage: null,
      groupId,
      groupState: 'Stable',
      groupEpoch: 1,
      assignmentEpoch: 1,
      assignorName: 'range',
      authorizedOperations: groupOperations,
      members: [
        {
          memberId: 'a',
          instanceId: 'one',
          rackId: 'r',
          memberEpoch: 1,
          clientId: 'peer',
          clientHost: group.members[0]!.clientHost,
          subscribedTopicNames: ['T'],
          subscribedTopicRegex: null,
          assignment: rows,
          targetAssignment: rows,
          memberType: version === 0 ? -1 : 1,
        },
      ],
    })
  }
  const missing = { groupIds: ['none', ''], includeAuthorizedOperations: false }
  const { groups } = await peer.ask(consumerGroupDescribeApi, 1, missing)
  assert.deepEqual(
    groups.map(({ errorCode, authorizedOperations }) => [errorCode, authorizedOperations]),
    [
      [kafkaErrors.GROUP_ID_NOT_FOUND, operationsNotAsked],
      [kafkaErrors.INVALID_GROUP_ID, operationsNotAsked],
    ],
  )
  for (const [typesFilter, statesFilter, isListed] of [
    [[], [], true],
    [['Consumer'], ['stable'], true],
    [['classic'], [], false],
    [['consumer'], ['Empty'], false],
  ] as const) {
    const listed = await peer.ask(listGroupsApi, 5, { typesFilter, statesFilter })
    const found = listed.groups.find((group) => group.groupId === groupId)
    const row = { groupId, protocolType: 'consumer', groupState: 'Stable', groupType: 'consumer' }
    assert.deepEqual(found, isListed ? row : undefined)
  }
  const asked = { groups: [groupId], includeAuthorizedOperations: false }
  const [at5, at6] = await Promise.all([5, 6].map((version) => peer.ask(describeGroupsApi, version, asked)))
  assert.deepEqual([at5!.groups[0]!.groupState, at5!.groups[0]!.errorCode], ['Dead', kafkaErrors.NONE])
  assert.equal(at6!.groups[0]!.errorCode, kafkaErrors.GROUP_ID_NOT_FOUND)
})

test('offsets of members are in their epoch, and those of a group with members stay', async () => {
  const groupId = await loneMember()
  assert.equal(await commit(groupId, 'a', 1), kafkaErrors.NONE)
  assert.equal(await commit(groupId, 'a', 0), kafkaErrors.STALE_MEMBER_EPOCH)
  assert.equal(await commit(groupId, 'b', 1), kafkaErrors.UNKNOWN_MEMBER_ID)
  assert.equal(await commit(groupId, 'a', 1, 8), kafkaErrors.UNSUPPORTED_VERSION)
  assert.equal(await fetchError(groupId, 'a', 1), kafkaErrors.NONE)
  assert.equal(await fetchError(groupId, 'a', 2), kafkaErrors.STALE_MEMBER_EPOCH)
  assert.equal(await fetchError(groupId, 'b', 1), kafkaErrors.UNKNOWN_MEMBER_ID)
  assert.equal(await fetchError('none', 'b', 1), kafkaErrors.GROUP_ID_NOT_FOUND)
  assert.equal(await fetchError(groupId, null, -1), kafkaErrors.NONE)
  const topics = [{ name: 'T', partitions: [{ partitionIndex: 0 }] }]
  const removed = await peer.ask(offsetDeleteApi, 0, { groupId, topics })
  assert.equal(removed.topics[0]!.partitions[0]!.errorCode, kafkaErrors.GROUP_SUBSCRIBED_TO_TOPIC)
  const asked = { groupsNames: [groupId] }
  const kept = await peer.ask(deleteGroupsApi, 2, asked)
  assert.equal(kept.results[0]!.errorCode, kafkaErrors.NON_EMPTY_GROUP)
  await assert.rejects(own.groups.delete(groupId), { code: 'group-not-empty' })
  await assert.rejects(own.groups.resetOffsets(groupId, { to: 'earliest' }), { code: 'group-not-empty' })
  await beat(groupId, { memberEpoch: -1 })
  assert.deepEqual(await own.groups.resetOffsets(groupId, { to: { offset: 0 } }), [
    { stream: 'T', partition: 0, offset: 0 },
    { stream: 'T', partition: 1, offset: 0 },
    { stream: 'T', partition: 2, offset: 0 },
  ])
  const gone = await peer.ask(deleteGroupsApi, 2, asked)
  assert.equal(gone.results[0]!.errorCode, kafkaErrors.NONE)
})

test('what groups are configured to is told of a group and of the broker, not altered for one', async () => {
  const described = async (
    resourceType: number,
    resourceName: string,
  ): Promise<Map<string, string | null>> => {
    const resource = { resourceType, resourceName, configurationKeys: null }
    const asked = { resources: [resource], includeSynonyms: false, includeDocumentation: false }
    const { errorCode, configs } = (await peer.ask(describeConfigsApi, 4, asked)).results[0]!
    assert.equal(errorCode, resourceName === '' ? kafkaErrors.INVALID_REQUEST : kafkaErrors.NONE)
    return new Map(configs.map(({ name, value }) => [name, value]))
  }
  assert.deepEqual(
    [...(await described(32, 'any'))],
    [
      ['consumer.heartbeat.interval.ms', '1234'],
      ['consumer.session.timeout.ms', '45000'],
    ],
  )
  assert.equal((await described(32, '')).size, 0)
  const broker0 = await described(4, '0')
  assert.equal(broker0.get('group.consumer.assignors'), 'uniform,range')
  assert.equal(broker0.get('group.consumer.heartbeat.interval.ms'), '1234')
  assert.equal(broker0.get('group.consumer.migration.policy'), 'bidirectional')
  assert.equal(broker0.get('group.max.size'), '2')
  const configs = [{ name: 'consumer.session.timeout.ms', configOperation: 0, value: '50000' }]
  const resources = [{ resourceType: 32, resourceName: 'any', configs }]
  const { responses } = await peer.ask(incrementalAlterConfigsApi, 1, { resources, validateOnly: false })
  assert.equal(responses[0]!.errorCode, kafkaErrors.INVALID_REQUEST)
})

test('our own tools show a group of the consumer protocol, its members and their lag', async () => {
  const groupId = await loneMember()
  const { members, partitions, ...group } = await own.groups.get(groupId)
  assert.deepEqual(group, {
    name: groupId,
    type: 'consumer',
    state: 'Stable',
    generation: 1,
    protocolType: 'consumer',
    protocol: 'uniform',
  })
  assert.deepEqual([members[0]!.id, members[0]!.partitions, members.length], ['a', 3, 1])
  assert.deepEqual(
    partitions.map(({ partition, member, lag }) => [partition, member, lag]),
    [0, 1, 2].map((partition) => [partition, 'a', 0]),
  )
  const listed = (await own.groups.list()).find(({ name }) => name === groupId)
  assert.deepEqual([listed!.type, listed!.members], ['consumer', 1])
})
