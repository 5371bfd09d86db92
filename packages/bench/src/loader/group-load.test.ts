// The load that `groups` makes, on a broker of its own: members settle, keep their parts, and begin anew when
// another comes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Broker } from 'sluice'
import { STREAM } from '../targets/target.ts'
import { assignmentOf, partitionOf } from './group-assignment.ts'
import { GroupLoad } from './group-load.ts'
import { GroupMember } from './group-member.ts'

const memberCount = 8

test('all members settle in one generation, stay in it, and read', async () => {
  const limits = { groupInitialRebalanceDelayMs: 50 }
  const broker = await Broker.start({ memory: true, kafka: { port: 0 }, limits })
  const client = await broker.connect()
  await client.streams.create(STREAM, { partitions: memberCount })
  const { host, port } = broker.kafkaAddresses[0]!
  const load = new GroupLoad({ kafkaAddress: `${host}:${port}`, groupId: 'g', memberCount })
  const joined = await load.join()
  assert.deepEqual([joined.generation, joined.settleCount], [1, memberCount])
  await load.read()
  const stayed = await load.stay(700)
  assert.ok(stayed.fetchCount > 0)
  const late = await GroupMember.open(`${host}:${port}`, { groupId: 'g', topic: STREAM })
  await late.settle()
  assert.deepEqual([late.generation, late.partition], [2, memberCount])
  await client.close()
  await broker.close()
})

test('an assignment is read as it was written', () => {
  assert.equal(partitionOf(assignmentOf('T', 300)), 300)
})
