// Consumer groups through our own protocol: at a broker with one node, and at one with shards, where each
// group has its coordinator.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Client } from '@sluice/client'
import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { findCoordinatorApi } from '@sluice/protocol/kafka/generated/find-coordinator'
import { heartbeatApi } from '@sluice/protocol/kafka/generated/heartbeat'
import { joinGroupApi } from '@sluice/protocol/kafka/generated/join-group'
import { leaveGroupApi } from '@sluice/protocol/kafka/generated/leave-group'
import { listGroupsApi } from '@sluice/protocol/kafka/generated/list-groups'
import { offsetCommitApi } from '@sluice/protocol/kafka/generated/offset-commit'
import { syncGroupApi } from '@sluice/protocol/kafka/generated/sync-group'
import { Broker } from './broker.ts'
import { kafkaErrors } from './servers/kafka/kafka-errors.ts'
import { KafkaPeer } from './servers/kafka/kafka-peer.contract.ts'
import { shardedFor } from './sharded-broker.fixture.ts'

const limits = { groupInitialRebalanceDelayMs: 0 }

/** A broker, our client, and where Kafka clients begin. */
interface Bench {
  readonly client: Client
  readonly kafkaPort: number
}

async function one(t: TestContext): Promise<Bench> {
  const broker = await Broker.start({ memory: true, kafka: { port: 0 }, limits })
  const client = await broker.connect()
  t.after(async () => {
    await client.close()
    await broker.close()
  })
  return { client, kafkaPort: broker.kafkaAddresses[0]!.port }
}

async function sharded(t: TestContext): Promise<Bench> {
  const { broker, client } = await shardedFor(t, { shards: 3, kafka: true, limits })
  return { client, kafkaPort: broker.kafkaAddresses[0]!.port }
}

/** At the coordinator of the group. */
async function peerOf(t: TestContext, kafkaPort: number, groupId: string): Promise<KafkaPeer> {
  const first = await KafkaPeer.open(kafkaPort)
  const found = await first.ask(findCoordinatorApi, 3, { key: groupId, keyType: 0, coordinatorKeys: [] })
  assert.equal(found.errorCode, kafkaErrors.NONE)
  first.destroy()
  const peer = await KafkaPeer.open(found.port)
  t.after(() => peer.destroy())
  return peer
}

async function commit(peer: KafkaPeer, groupId: string, offsets: readonly number[]): Promise<void> {
  const partitions = offsets.map((committedOffset, partitionIndex) => ({
    partitionIndex,
    committedOffset,
    commitTimestamp: -1,
    committedLeaderEpoch: -1,
    committedMetadata: 'here',
  }))
  const { topics } = await peer.ask(offsetCommitApi, 8, {
    groupId,
    memberId: '',
    generationIdOrMemberEpoch: -1,
    groupInstanceId: null,
    retentionTimeMs: -1,
    topics: [{ name: 'T', partitions }],
  })
  assert.ok(topics[0]!.partitions.every(({ errorCode }) => errorCode === kafkaErrors.NONE))
}

/** The only member of a group, which reads partition 1 of T. */
async function readBy(
  peer: KafkaPeer,
  groupId: string,
): Promise<{ memberId: string; leave(): Promise<void> }> {
  const timeouts = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000 }
  const usual = { groupId, groupInstanceId: null, protocolType: 'consumer' }
  const protocols = [{ name: 'range', metadata: new Uint8Array(10) }]
  const joined = await peer.ask(joinGroupApi, 3, {
    ...usual,
    ...timeouts,
    memberId: '',
    protocols,
    reason: null,
  })
  const { memberId, generationId = -1 } = joined
  const writer = new ByteWriter()
  writer.u16(0)
  writer.u32(1)
  writer.string16('T')
  writer.u32(1)
  writer.u32(1)
  const assignments = [{ memberId, assignment: writer.take() }]
  const member = { ...usual, memberId, generationId, protocolName: 'range' }
  assert.equal((await peer.ask(syncGroupApi, 3, { ...member, assignments })).errorCode, kafkaErrors.NONE)
  const members = [{ memberId, groupInstanceId: null, reason: null }]
  const leave = async (): Promise<void> =>
    void (await peer.ask(leaveGroupApi, 4, { groupId, memberId, members }))
  return { memberId, leave }
}

/** A stream T of two partitions with ten messages in each. */
async function filled(client: Client): Promise<void> {
  await client.streams.create('T', { partitions: 2 })
  const counts = [0, 0]
  for (let at = 0; Math.min(...counts) < 10; at++) {
    const { partition } = await client.publish('T', `s.${at}`, 'x')
    counts[partition]!++
  }
}

for (const [name, start] of [
  ['one node', one],
  ['three shards', sharded],
] as const) {
  describe(name, () => {
    test('groups are listed, shown with their lag, reset and deleted', async (t) => {
      const { client, kafkaPort } = await start(t)
      await filled(client)
      const [end0, end1] = (await client.streams.get('T')).partitions.map(
        ({ highWatermark }) => highWatermark,
      )
      for (const groupId of ['a', 'b', 'c', 'd']) {
        await commit(await peerOf(t, kafkaPort, groupId), groupId, [3, 4])
      }
      const listed = await client.groups.list()
      assert.deepEqual(
        listed.map((group) => [group.name, group.state, group.members]),
        ['a', 'b', 'c', 'd'].map((groupId) => [groupId, 'Empty', 0]),
      )
      const member = await readBy(await peerOf(t, kafkaPort, 'b'), 'b')
      const info = await client.groups.get('b')
      assert.deepEqual([info.state, info.generation, info.protocol], ['Stable', 1, 'range'])
      assert.deepEqual(info.members, [
        { id: member.memberId, client: 'peer', host: '/127.0.0.1', partitions: 1 },
      ])
      const row = { stream: 'T', metadata: 'here' }
      assert.deepEqual(info.partitions, [
        { ...row, partition: 0, offset: 3, highWatermark: end0, lag: end0! - 3 },
        { ...row, partition: 1, offset: 4, highWatermark: end1, lag: end1! - 4, member: member.memberId },
      ])
      await assert.rejects(client.groups.resetOffsets('b', { to: 'earliest' }), { code: 'group-not-empty' })
      await assert.rejects(client.groups.delete('b'), { code: 'group-not-empty' })
      await member.leave()
      const offsets = async (): Promise<(number | undefined)[]> =>
        (await client.groups.get('b')).partitions.map(({ offset }) => offset)
      await client.groups.resetOffsets('b', { to: 'earliest' })
      assert.deepEqual(await offsets(), [0, 0])
      await client.groups.resetOffsets('b', { to: { offset: 10 ** 6 }, stream: 'T', partitions: [1] })
      assert.deepEqual(await offsets(), [0, end1])
      await client.groups.resetOffsets('b', { to: { offset: 5 }, stream: 'T' })
      assert.deepEqual(await offsets(), [5, 5])
      await client.groups.resetOffsets('b', { to: { time: new Date(0) } })
      assert.deepEqual(await offsets(), [0, 0])
      const latest = await client.groups.resetOffsets('b', { to: 'latest' })
      assert.deepEqual(latest, [
        { stream: 'T', partition: 0, offset: end0 },
        { stream: 'T', partition: 1, offset: end1 },
      ])
      await client.groups.delete('b')
      await assert.rejects(client.groups.get('b'), { code: 'unknown-group' })
      assert.deepEqual(
        (await client.groups.list()).map((group) => group.name),
        ['a', 'c', 'd'],
      )
    })

    test('the exact error for each thing that can be wrong', async (t) => {
      const { client, kafkaPort } = await start(t)
      await client.streams.create('T', { partitions: 2 })
      await commit(await peerOf(t, kafkaPort, 'g'), 'g', [0, 0])
      const reset = (
        choice: Parameters<typeof client.groups.resetOffsets>[1],
        name = 'g',
      ): Promise<unknown> => client.groups.resetOffsets(name, choice)
      await assert.rejects(reset({ to: 'latest' }, 'none'), { code: 'unknown-group' })
      await assert.rejects(client.groups.delete('none'), { code: 'unknown-group' })
      await assert.rejects(reset({ to: 'latest', stream: 'none' }), { code: 'unknown-stream' })
      await assert.rejects(reset({ to: 'latest', stream: 'T', partitions: [2] }), {
        code: 'unknown-partition',
      })
      await assert.rejects(reset({ to: { time: 'yesterday' } }), { code: 'invalid-request' })
      await assert.rejects(reset({ to: 'oldest' as 'latest' }), { code: 'invalid-request' })
      await assert.rejects(reset({ to: { offset: -1 } }), { code: 'invalid-request' })
    })
  })
}

test('a node refuses groups that another coordinates, and lists its own', async (t) => {
  const { client, kafkaPort } = await sharded(t)
  await client.streams.create('T', { partitions: 2 })
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const peers = new Map<string, KafkaPeer>()
  for (const groupId of names) {
    peers.set(groupId, await peerOf(t, kafkaPort, groupId))
    await commit(peers.get(groupId)!, groupId, [1])
  }
  const known = new Map<string, number>()
  for (const [own, peer] of peers) {
    const { groups } = await peer.ask(listGroupsApi, 4, { statesFilter: [], typesFilter: [] })
    const ids = groups.map(({ groupId }) => groupId)
    assert.ok(ids.includes(own))
    for (const groupId of names) {
      const beat = { groupId, generationId: 1, memberId: 'm', groupInstanceId: null }
      const { errorCode } = await peer.ask(heartbeatApi, 4, beat)
      const isHere = ids.includes(groupId)
      assert.equal(errorCode, isHere ? kafkaErrors.UNKNOWN_MEMBER_ID : kafkaErrors.NOT_COORDINATOR)
    }
    known.set(ids.join(), ids.length)
  }
  assert.ok(known.size > 1, 'groups spread over the nodes')
  assert.equal(
    [...known.values()].reduce((sum, count) => sum + count, 0),
    names.length,
  )
})
