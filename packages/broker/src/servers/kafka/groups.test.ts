// Consumer groups through the Kafka door, byte by byte: every request at every version, and the exact error
// for each thing that can be wrong.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Client } from '@sluice/client'
import { deleteGroupsApi } from '@sluice/protocol/kafka/generated/delete-groups'
import { describeGroupsApi } from '@sluice/protocol/kafka/generated/describe-groups'
import { findCoordinatorApi } from '@sluice/protocol/kafka/generated/find-coordinator'
import { heartbeatApi } from '@sluice/protocol/kafka/generated/heartbeat'
import { joinGroupApi } from '@sluice/protocol/kafka/generated/join-group'
import type { JoinGroupRequest, JoinGroupResponse } from '@sluice/protocol/kafka/generated/join-group'
import { leaveGroupApi } from '@sluice/protocol/kafka/generated/leave-group'
import { listGroupsApi } from '@sluice/protocol/kafka/generated/list-groups'
import { offsetCommitApi } from '@sluice/protocol/kafka/generated/offset-commit'
import { offsetDeleteApi } from '@sluice/protocol/kafka/generated/offset-delete'
import { offsetFetchApi } from '@sluice/protocol/kafka/generated/offset-fetch'
import { syncGroupApi } from '@sluice/protocol/kafka/generated/sync-group'
import type { SyncGroupRequest, SyncGroupResponse } from '@sluice/protocol/kafka/generated/sync-group'
import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { Broker } from '../../broker.ts'
import { operationsNotAsked, groupOperations } from './authorized-operations.ts'
import { kafkaErrors } from './kafka-errors.ts'
import { KafkaPeer } from './kafka-peer.contract.ts'

let broker: Broker
let own: Client
let peer: KafkaPeer
let port: number

before(async () => {
  const limits = { groupInitialRebalanceDelayMs: 0, groupMembersMax: 3 }
  broker = await Broker.start({ memory: true, kafka: { port: 0 }, limits })
  own = await broker.connect()
  port = broker.kafkaAddresses[0]!.port
  peer = await KafkaPeer.open(port)
  await own.streams.create('T', { partitions: 3 })
})

after(async () => {
  peer.destroy()
  await own.close()
  await broker.close()
})

let count = 0
const newGroup = (): string => `g${++count}`
const bytes = (text: string): Uint8Array => Buffer.from(text)

/** What a consumer says that wants these topics. */
function subscription(...topics: string[]): Uint8Array {
  const writer = new ByteWriter()
  writer.u16(0)
  writer.u32(topics.length)
  for (const topic of topics) writer.string16(topic)
  writer.u32(0)
  return Buffer.from(writer.take())
}

function joinOf(groupId: string, changes: Partial<JoinGroupRequest> = {}): JoinGroupRequest {
  return {
    groupId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription('T') }],
    reason: null,
    ...changes,
  }
}

/** Joins with the id that is given where one must be. */
async function join(
  request: JoinGroupRequest,
  version = 9,
  by: KafkaPeer = peer,
): Promise<JoinGroupResponse> {
  const answer = await by.ask(joinGroupApi, version, request)
  if (answer.errorCode !== kafkaErrors.MEMBER_ID_REQUIRED) return answer
  return by.ask(joinGroupApi, version, { ...request, memberId: answer.memberId })
}

interface Member {
  readonly groupId: string
  readonly memberId: string
  readonly generationId: number
  readonly groupInstanceId: string | null
}

/** The only member of a new group, with its assignment. */
async function loneMember(changes: Partial<JoinGroupRequest> = {}): Promise<Member> {
  const groupId = newGroup()
  const joined = await join(joinOf(groupId, changes))
  assert.equal(joined.errorCode, kafkaErrors.NONE)
  const { memberId, generationId = -1 } = joined
  const { groupInstanceId = null } = changes
  const member = { groupId, memberId, generationId, groupInstanceId }
  await sync(member, [{ memberId, assignment: bytes('all') }])
  return member
}

function sync(
  member: Member,
  assignments: readonly { memberId: string; assignment: Uint8Array }[] = [],
  version = 5,
): Promise<SyncGroupResponse> {
  return askSync({ ...member, protocolType: 'consumer', protocolName: 'range', assignments }, version)
}

function askSync(request: SyncGroupRequest, version: number): Promise<SyncGroupResponse> {
  return peer.ask(syncGroupApi, version, request)
}

interface Commit {
  readonly groupId: string
  readonly memberId?: string
  readonly generationId?: number
  readonly groupInstanceId?: string | null
  readonly topic?: string
  readonly partition?: number
  readonly offset?: number
  readonly metadata?: string | null
}

async function commit(commit: Commit, version = 9): Promise<number> {
  const { groupId, memberId = '', generationId = -1, groupInstanceId = null, topic = 'T' } = commit
  const { partition = 0, offset = 7, metadata = 'm' } = commit
  const answer = await peer.ask(offsetCommitApi, version, {
    groupId,
    memberId,
    generationIdOrMemberEpoch: generationId,
    groupInstanceId,
    retentionTimeMs: -1,
    topics: [
      {
        name: topic,
        partitions: [
          {
            partitionIndex: partition,
            committedOffset: offset,
            commitTimestamp: -1,
            committedLeaderEpoch: 4,
            committedMetadata: metadata,
          },
        ],
      },
    ],
  })
  return answer.topics[0]!.partitions[0]!.errorCode
}

async function fetched(groupId: string, partitions: readonly number[] = [0]): Promise<number[]> {
  const topics = [{ name: 'T', partitionIndexes: partitions }]
  const asked = { groupId, memberId: null, memberEpoch: -1, topics }
  const request = { groupId: '', topics: [], groups: [asked], requireStable: true }
  const { groups } = await peer.ask(offsetFetchApi, 9, request)
  return groups[0]!.topics[0]!.partitions.map(({ committedOffset }) => committedOffset)
}

test('every version of FindCoordinator names this node', async () => {
  for (let version = 0; version <= 6; version++) {
    const request = { key: 'g', keyType: 0, coordinatorKeys: ['g', 'h', 'g'] }
    const answer = await peer.ask(findCoordinatorApi, version, request)
    const found = version < 4 ? [answer] : answer.coordinators
    assert.equal(found.length, version < 4 ? 1 : 2)
    for (const { errorCode, nodeId, host, port: told } of found) {
      assert.deepEqual([errorCode, nodeId, host, told], [kafkaErrors.NONE, 0, '127.0.0.1', port])
    }
  }
})

test('there is no coordinator for transactions, nor for what else may have one', async () => {
  const refused = kafkaErrors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
  for (const [keyType, code] of [
    [1, refused],
    [2, kafkaErrors.INVALID_REQUEST],
  ] as const) {
    const asked = { key: 't', keyType, coordinatorKeys: ['t'] }
    const old = await peer.ask(findCoordinatorApi, 2, asked)
    assert.deepEqual([old.errorCode, old.nodeId, old.port], [code, -1, -1])
    const { coordinators } = await peer.ask(findCoordinatorApi, 6, asked)
    assert.equal(coordinators[0]!.errorCode, code)
  }
})

test('two members of a group at every version: join, sync, heartbeat, commit, fetch, leave', async () => {
  const other = await KafkaPeer.open(port)
  for (let version = 0; version <= 9; version++) {
    const groupId = newGroup()
    const joins = await Promise.all([
      join(joinOf(groupId), version),
      join(joinOf(groupId), version, other),
    ]).then(async (first) => {
      // Why again: who came second may have begun a generation of its own.
      const last = Math.max(...first.map(({ generationId = -1 }) => generationId))
      if (first.every(({ generationId }) => generationId === last)) return first
      return Promise.all(
        first.map(({ memberId }, at) => join(joinOf(groupId, { memberId }), version, [peer, other][at])),
      )
    })
    const leader = joins.find(({ members }) => members.length > 0)!
    assert.equal(leader.members.length, 2, `version ${version}`)
    assert.deepEqual(leader.members[0]!.metadata, subscription('T'))
    const { generationId = -1, protocolName } = leader
    assert.equal(protocolName, 'range')
    const assignments = joins.map(({ memberId }) => ({ memberId, assignment: bytes(`for ${memberId}`) }))
    const usual = { groupId, generationId, groupInstanceId: null }
    const names = { protocolType: 'consumer', protocolName: 'range' }
    const answers = await Promise.all(
      joins.map(({ memberId }, at) =>
        [peer, other][at]!.ask(syncGroupApi, Math.min(version, 5), {
          ...usual,
          ...names,
          memberId,
          assignments: memberId === leader.leader ? assignments : [],
        }),
      ),
    )
    for (const [at, { errorCode, assignment }] of answers.entries()) {
      assert.equal(errorCode, kafkaErrors.NONE)
      assert.deepEqual(Buffer.from(assignment).toString(), `for ${joins[at]!.memberId}`)
    }
    const { memberId } = joins[0]!
    const beat = await peer.ask(heartbeatApi, Math.min(version, 4), { ...usual, memberId })
    assert.equal(beat.errorCode, kafkaErrors.NONE)
    const commitVersion = Math.max(version, 1)
    assert.equal(await commit({ ...usual, memberId, offset: version }, commitVersion), kafkaErrors.NONE)
    assert.deepEqual(await fetched(groupId, [0, 1]), [version, -1])
    const leave = { groupId, memberId, members: [{ memberId, groupInstanceId: null, reason: 'done' }] }
    const left = await peer.ask(leaveGroupApi, Math.min(version, 5), leave)
    assert.equal(left.errorCode, kafkaErrors.NONE)
    if (version >= 3) assert.equal(left.members[0]!.errorCode, kafkaErrors.NONE)
  }
  other.destroy()
})

test('a new member is told its id first, from version 4 on', async () => {
  const groupId = newGroup()
  const asked = await peer.ask(joinGroupApi, 4, joinOf(groupId))
  assert.equal(asked.errorCode, kafkaErrors.MEMBER_ID_REQUIRED)
  assert.match(asked.memberId, /^peer-[0-9a-f]{8}-/)
  assert.equal((await peer.ask(joinGroupApi, 3, joinOf(groupId))).errorCode, kafkaErrors.NONE)
})

test('the exact error for each that may not join', async () => {
  const { groupId } = await loneMember()
  const errorOf = async (changes: Partial<JoinGroupRequest>): Promise<number> =>
    (await join(joinOf(groupId, changes))).errorCode
  assert.equal(await errorOf({ groupId: '' }), kafkaErrors.INVALID_GROUP_ID)
  assert.equal(await errorOf({ groupId: 'x'.repeat(2000) }), kafkaErrors.INVALID_GROUP_ID)
  assert.equal(await errorOf({ sessionTimeoutMs: 5999 }), kafkaErrors.INVALID_SESSION_TIMEOUT)
  assert.equal(await errorOf({ sessionTimeoutMs: 1_800_001 }), kafkaErrors.INVALID_SESSION_TIMEOUT)
  assert.equal(await errorOf({ memberId: 'nobody' }), kafkaErrors.UNKNOWN_MEMBER_ID)
  assert.equal(await errorOf({ groupId: 'none', memberId: 'nobody' }), kafkaErrors.UNKNOWN_MEMBER_ID)
  assert.equal(await errorOf({ protocolType: 'connect' }), kafkaErrors.INCONSISTENT_GROUP_PROTOCOL)
  assert.equal(await errorOf({ protocols: [] }), kafkaErrors.INCONSISTENT_GROUP_PROTOCOL)
  assert.equal(await errorOf({ memberId: 'm', groupInstanceId: 'unknown' }), kafkaErrors.UNKNOWN_MEMBER_ID)
  const large = { name: 'range', metadata: new Uint8Array(1024 * 1024 + 1) }
  assert.equal(await errorOf({ protocols: [large] }), kafkaErrors.INVALID_REQUEST)
})

test('a group is no larger than it may be', async () => {
  const groupId = newGroup()
  for (let at = 0; at < 3; at++) {
    const asked = await peer.ask(joinGroupApi, 4, joinOf(groupId))
    assert.equal(asked.errorCode, kafkaErrors.MEMBER_ID_REQUIRED)
  }
  const refused = await peer.ask(joinGroupApi, 4, joinOf(groupId))
  assert.equal(refused.errorCode, kafkaErrors.GROUP_MAX_SIZE_REACHED)
})

test('the exact error for each that may not sync, beat or commit', async () => {
  const member = await loneMember()
  const wrong: [Partial<Member>, number][] = [
    [{ memberId: 'nobody' }, kafkaErrors.UNKNOWN_MEMBER_ID],
    [{ generationId: 9 }, kafkaErrors.ILLEGAL_GENERATION],
    [{ groupInstanceId: 'i' }, kafkaErrors.UNKNOWN_MEMBER_ID],
  ]
  for (const [changes, code] of wrong) {
    const changed = { ...member, ...changes }
    assert.equal((await peer.ask(heartbeatApi, 4, changed)).errorCode, code)
    assert.equal((await sync(changed)).errorCode, code)
    assert.equal(await commit(changed), code)
  }
  const beat = (groupId: string) => peer.ask(heartbeatApi, 4, { ...member, groupId })
  assert.equal((await beat('')).errorCode, kafkaErrors.INVALID_GROUP_ID)
  assert.equal((await beat('unknown')).errorCode, kafkaErrors.UNKNOWN_MEMBER_ID)
  assert.equal((await sync({ ...member, groupId: '' })).errorCode, kafkaErrors.INVALID_GROUP_ID)
  assert.equal((await sync({ ...member, groupId: 'unknown' })).errorCode, kafkaErrors.UNKNOWN_MEMBER_ID)
  const usual = { ...member, assignments: [] }
  const other = await askSync({ ...usual, protocolType: 'consumer', protocolName: 'other' }, 5)
  assert.equal(other.errorCode, kafkaErrors.INCONSISTENT_GROUP_PROTOCOL)
  const none = await askSync({ ...usual, protocolType: null, protocolName: null }, 5)
  assert.equal(none.errorCode, kafkaErrors.INCONSISTENT_GROUP_PROTOCOL)
  assert.equal((await peer.ask(heartbeatApi, 4, member)).errorCode, kafkaErrors.NONE)
})

test('while members join, others hear of it; the old one of a static member is fenced', async () => {
  const member = await loneMember({ groupInstanceId: 'one' })
  const again = await join(joinOf(member.groupId, { groupInstanceId: 'one' }))
  assert.deepEqual([again.errorCode, again.generationId, again.skipAssignment], [kafkaErrors.NONE, 1, true])
  assert.equal((await peer.ask(heartbeatApi, 4, member)).errorCode, kafkaErrors.FENCED_INSTANCE_ID)
  assert.equal(await commit(member), kafkaErrors.FENCED_INSTANCE_ID)
  assert.equal((await sync(member)).errorCode, kafkaErrors.FENCED_INSTANCE_ID)
  const { memberId } = again
  assert.deepEqual((await sync({ ...member, memberId })).assignment, Buffer.from('all'))
  const other = await KafkaPeer.open(port)
  const waiting = join(joinOf(member.groupId, { groupInstanceId: 'two' }), 9, other)
  const current = { ...member, memberId }
  for (;;) {
    const { errorCode } = await peer.ask(heartbeatApi, 4, current)
    if (errorCode === kafkaErrors.REBALANCE_IN_PROGRESS) break
    assert.equal(errorCode, kafkaErrors.NONE)
  }
  assert.equal((await sync(current)).errorCode, kafkaErrors.REBALANCE_IN_PROGRESS)
  const took = await join(joinOf(member.groupId, { memberId, groupInstanceId: 'one' }))
  assert.equal((await waiting).generationId, took.generationId)
  assert.equal(await commit({ ...current, generationId: 2 }), kafkaErrors.REBALANCE_IN_PROGRESS)
  const names = ['one', 'two', 'three'].map((groupInstanceId) => ({
    memberId: '',
    groupInstanceId,
    reason: null,
  }))
  const left = await peer.ask(leaveGroupApi, 5, { groupId: member.groupId, memberId: '', members: names })
  assert.deepEqual(
    left.members.map(({ errorCode }) => errorCode),
    [kafkaErrors.NONE, kafkaErrors.NONE, kafkaErrors.UNKNOWN_MEMBER_ID],
  )
  other.destroy()
})

test('leaving at every version, and the exact error for each that cannot', async () => {
  for (let version = 0; version <= 5; version++) {
    const { groupId, memberId } = await loneMember()
    const leave = (id: string) =>
      peer.ask(leaveGroupApi, version, {
        groupId,
        memberId: id,
        members: [{ memberId: id, groupInstanceId: null, reason: null }],
      })
    const unknown = await leave('nobody')
    const told = version < 3 ? unknown.errorCode : unknown.members[0]!.errorCode
    assert.equal(told, kafkaErrors.UNKNOWN_MEMBER_ID)
    assert.equal((await leave(memberId)).errorCode, kafkaErrors.NONE)
  }
  const none = await peer.ask(leaveGroupApi, 5, { groupId: '', memberId: '', members: [] })
  assert.equal(none.errorCode, kafkaErrors.INVALID_GROUP_ID)
})

test('offsets come back as they were committed, at every version', async () => {
  const groupId = newGroup()
  for (let version = 1; version <= 9; version++) {
    const metadata = `by ${version}`
    assert.equal(await commit({ groupId, offset: version, metadata }, version), kafkaErrors.NONE)
    const topics = [{ name: 'T', partitionIndexes: [0, 2] }]
    const groups = [{ groupId, memberId: null, memberEpoch: -1, topics }]
    for (let reading = 1; reading <= 9; reading++) {
      const request = { groupId, topics, groups, requireStable: true }
      const answer = await peer.ask(offsetFetchApi, reading, request)
      const found = reading >= 8 ? answer.groups[0]!.topics : answer.topics
      const [first, second] = found[0]!.partitions
      assert.deepEqual([first!.committedOffset, first!.metadata], [version, metadata], `at ${reading}`)
      if (reading >= 5) assert.equal(first!.committedLeaderEpoch, version >= 6 ? 4 : -1)
      assert.deepEqual([second!.committedOffset, second!.metadata, second!.errorCode], [-1, '', 0])
    }
  }
})

test('all offsets of several groups at once', async () => {
  const ids = [newGroup(), newGroup(), newGroup()]
  await commit({ groupId: ids[0]!, partition: 2, offset: 5 })
  await commit({ groupId: ids[0]!, partition: 1, offset: 6 })
  await commit({ groupId: ids[1]!, partition: 0, offset: 8, metadata: null })
  const groups = ids.map((groupId) => ({ groupId, memberId: null, memberEpoch: -1, topics: null }))
  const answer = await peer.ask(offsetFetchApi, 8, { groupId: '', topics: [], groups, requireStable: false })
  const found = answer.groups.map(({ topics }) =>
    topics.map(({ name, partitions }) => [
      name,
      partitions.map((one) => [one.partitionIndex, one.committedOffset]),
    ]),
  )
  assert.deepEqual(found, [
    [
      [
        'T',
        [
          [1, 6],
          [2, 5],
        ],
      ],
    ],
    [['T', [[0, 8]]]],
    [],
  ])
  const old = await peer.ask(offsetFetchApi, 2, {
    groupId: ids[1]!,
    topics: null,
    groups: [],
    requireStable: false,
  })
  assert.equal(old.topics[0]!.partitions[0]!.committedOffset, 8)
  const member = { groupId: 'unknown', memberId: 'm', memberEpoch: 1, topics: null }
  const gone = await peer.ask(offsetFetchApi, 9, {
    groupId: '',
    topics: [],
    groups: [member],
    requireStable: false,
  })
  assert.equal(gone.groups[0]!.errorCode, kafkaErrors.GROUP_ID_NOT_FOUND)
})

test('the exact error for each that cannot be committed', async () => {
  const groupId = newGroup()
  assert.equal(await commit({ groupId, topic: 'unknown' }), kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal(await commit({ groupId, partition: 3 }), kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal(await commit({ groupId, partition: -1 }), kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal(await commit({ groupId, metadata: 'x'.repeat(4096) }), kafkaErrors.NONE)
  assert.equal(await commit({ groupId, metadata: 'x'.repeat(4097) }), kafkaErrors.OFFSET_METADATA_TOO_LARGE)
  assert.equal(await commit({ groupId, metadata: 'ü'.repeat(2049) }), kafkaErrors.OFFSET_METADATA_TOO_LARGE)
  assert.equal(await commit({ groupId: 'none', generationId: 1 }), kafkaErrors.GROUP_ID_NOT_FOUND)
  assert.equal(await commit({ groupId: 'none', generationId: 1 }, 8), kafkaErrors.ILLEGAL_GENERATION)
  const member = await loneMember()
  assert.equal(await commit({ groupId: member.groupId }), kafkaErrors.UNKNOWN_MEMBER_ID)
})

test('groups are described at every version', async () => {
  const { groupId, memberId } = await loneMember()
  for (let version = 0; version <= 6; version++) {
    const request = { groups: [groupId, 'unknown'], includeAuthorizedOperations: version % 2 === 1 }
    const [group, unknown] = (await peer.ask(describeGroupsApi, version, request)).groups
    const { groupState, protocolType, protocolData, members } = group!
    assert.deepEqual([groupState, protocolType, protocolData], ['Stable', 'consumer', 'range'])
    const [member] = members
    assert.deepEqual(
      [member!.memberId, member!.clientId, member!.clientHost],
      [memberId, 'peer', '/127.0.0.1'],
    )
    assert.deepEqual([member!.memberMetadata, member!.memberAssignment], [subscription('T'), bytes('all')])
    const allowed = version % 2 === 1 && version >= 3 ? groupOperations : operationsNotAsked
    if (version >= 3) assert.equal(group!.authorizedOperations, allowed)
    assert.equal(unknown!.groupState, 'Dead')
    assert.equal(unknown!.errorCode, version < 6 ? kafkaErrors.NONE : kafkaErrors.GROUP_ID_NOT_FOUND)
  }
})

test('groups are listed at every version, those that are asked for', async () => {
  const { groupId } = await loneMember()
  const simple = newGroup()
  await commit({ groupId: simple })
  for (let version = 0; version <= 5; version++) {
    const listed = async (statesFilter: string[], typesFilter: string[] = []): Promise<string[]> => {
      const { groups } = await peer.ask(listGroupsApi, version, { statesFilter, typesFilter })
      return groups.map((group) => group.groupId).filter((id) => id === groupId || id === simple)
    }
    assert.deepEqual(await listed([]), [groupId, simple])
    if (version >= 4) assert.deepEqual(await listed(['stable']), [groupId])
    if (version >= 4) assert.deepEqual(await listed(['Empty']), [simple])
    if (version >= 5) assert.deepEqual(await listed([], ['Consumer']), [])
    if (version >= 5) assert.deepEqual(await listed(['Stable'], ['Classic']), [groupId])
  }
})

test('offsets are deleted that no member reads', async () => {
  const removed = async (groupId: string, topic = 'T', partition = 0): Promise<number[]> => {
    const topics = [{ name: topic, partitions: [{ partitionIndex: partition }] }]
    const answer = await peer.ask(offsetDeleteApi, 0, { groupId, topics })
    return [answer.errorCode, answer.topics[0]?.partitions[0]?.errorCode ?? -1]
  }
  await own.streams.create('unread', {})
  const member = await loneMember()
  await commit(member)
  await commit({ ...member, topic: 'unread' })
  assert.deepEqual(await removed(member.groupId), [0, kafkaErrors.GROUP_SUBSCRIBED_TO_TOPIC])
  assert.deepEqual(await removed(member.groupId, 'unread'), [0, 0])
  assert.deepEqual(await removed(member.groupId, 'none'), [0, kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION])
  assert.deepEqual(await removed('unknown'), [kafkaErrors.GROUP_ID_NOT_FOUND, -1])
  const connect = await loneMember({ protocolType: 'connect' })
  assert.deepEqual(await removed(connect.groupId), [kafkaErrors.NON_EMPTY_GROUP, -1])
  const simple = newGroup()
  await commit({ groupId: simple })
  assert.deepEqual(await removed(simple), [0, 0])
  assert.deepEqual(await fetched(simple), [-1])
})

test('groups are deleted that have no members, with their offsets', async () => {
  for (let version = 0; version <= 2; version++) {
    const member = await loneMember()
    await commit({ ...member, offset: 3 })
    const deleted = async (): Promise<number[]> => {
      const request = { groupsNames: [member.groupId, 'unknown'] }
      const { results } = await peer.ask(deleteGroupsApi, version, request)
      return results.map(({ errorCode }) => errorCode)
    }
    assert.deepEqual(await deleted(), [kafkaErrors.NON_EMPTY_GROUP, kafkaErrors.GROUP_ID_NOT_FOUND])
    const { groupId, memberId } = member
    const members = [{ memberId, groupInstanceId: null, reason: null }]
    await peer.ask(leaveGroupApi, 5, { groupId, memberId, members })
    assert.deepEqual(await fetched(groupId), [3])
    assert.deepEqual(await deleted(), [kafkaErrors.NONE, kafkaErrors.GROUP_ID_NOT_FOUND])
    assert.deepEqual(await fetched(groupId), [-1])
  }
})

test('the offsets of a topic go with it, also when another one takes its name', async () => {
  const groupId = newGroup()
  await own.streams.create('short', {})
  assert.equal(await commit({ groupId, topic: 'short', offset: 4 }), kafkaErrors.NONE)
  await own.streams.delete('short')
  await own.streams.create('short', {})
  const topics = [{ name: 'short', partitionIndexes: [0] }]
  const answer = await peer.ask(offsetFetchApi, 7, { groupId, topics, groups: [], requireStable: true })
  assert.equal(answer.topics[0]!.partitions[0]!.committedOffset, -1)
})

test('who waits for others is answered when the broker stops', async () => {
  const second = await Broker.start({
    memory: true,
    kafka: { port: 0 },
    limits: { groupInitialRebalanceDelayMs: 60_000 },
  })
  const waiting = await KafkaPeer.open(second.kafkaAddresses[0]!.port)
  const answer = waiting.ask(joinGroupApi, 3, joinOf('g'))
  const asked = await KafkaPeer.open(second.kafkaAddresses[0]!.port)
  for (;;) {
    const { groups } = await asked.ask(listGroupsApi, 4, {
      statesFilter: ['PreparingRebalance'],
      typesFilter: [],
    })
    if (groups.length > 0) break
  }
  await second.close()
  assert.equal((await answer).errorCode, kafkaErrors.NOT_COORDINATOR)
  waiting.destroy()
  asked.destroy()
})
