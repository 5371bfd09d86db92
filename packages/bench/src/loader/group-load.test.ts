// The load that `groups` makes, on a broker of its own: members settle, keep their parts, and begin anew when
// another comes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Broker } from 'sluice'
import { STREAM } from '../targets/target.ts'
import { ConsumerMember } from './consumer-member.ts'
import { assignmentOf, partitionOf } from './group-assignment.ts'
import { GroupLoad } from './group-load.ts'
import { GroupMember } from './group-member.ts'
import type { GroupProtocol } from './task-types.ts'

const memberCount = 8
const groupId = 'g'

/** A group that has settled and reads, on a broker of its own. */
async function withGroup(
  protocol: GroupProtocol,
  use: (load: GroupLoad, kafkaAddress: string) => Promise<void>,
): Promise<void> {
  const limits = { groupInitialRebalanceDelayMs: 50, groupConsumerHeartbeatIntervalMs: 200 }
  const broker = await Broker.start({ memory: true, kafka: { port: 0 }, limits })
  const client = await broker.connect()
  await client.streams.create(STREAM, { partitions: memberCount })
  const { host, port } = broker.kafkaAddresses[0]!
  const kafkaAddress = `${host}:${port}`
  const load = new GroupLoad({ kafkaAddress, protocol, groupId, memberCount })
  const joined = await load.join()
  assert.ok(joined.generation > 0 && joined.settleCount >= memberCount)
  await load.read()
  await use(load, kafkaAddress)
  await client.close()
  await broker.close()
}

test('members of the classic protocol settle, read, and settle again with another', () =>
  withGroup('classic', async (load, kafkaAddress) => {
    assert.ok((await load.stay(700)).fetchCount > 0)
    const late = await GroupMember.open(kafkaAddress, { groupId, topic: STREAM })
    await late.settle()
    assert.deepEqual([late.generation, late.partition], [2, memberCount])
  }))

test('members of the consumer protocol settle and read; another has nothing while all is taken', () =>
  withGroup('consumer', async (load, kafkaAddress) => {
    assert.ok((await load.stay(700)).fetchCount > 0)
    const late = await ConsumerMember.open(kafkaAddress, { groupId, topic: STREAM })
    await late.settle()
    assert.equal(late.partition, -1)
  }))

test('an assignment is read as it was written', () => {
  assert.equal(partitionOf(assignmentOf('T', 300)), 300)
})
