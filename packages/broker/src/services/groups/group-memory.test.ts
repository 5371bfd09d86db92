import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../../base/logger.ts'
import { simulate } from '../../testing/sim-io.ts'
import { joiningOf } from './consumer/consumer-script.fixture.ts'
import { GroupMemory } from './group-memory.ts'
import { GroupStore } from './group-store.ts'
import { GroupTable } from './group-table.ts'
import { dataDir, groupJournal } from './groups.fixture.ts'
import { TopicDirectory } from './topic-directory.ts'

const mib = 1024 * 1024

test('what was taken counts until it is measured again', () => {
  let nowMs = 0
  let usedBytes = 500 * mib
  const clock = { monotonicMs: () => nowMs, wallMs: () => 0 }
  const memory = new GroupMemory(clock, () => usedBytes)
  assert.equal(memory.takes(8 * mib), true)
  assert.equal(memory.takes(8 * mib), false)
  assert.equal(memory.takes(4 * mib), true)
  nowMs = 999
  assert.equal(memory.takes(1), false)
  nowMs = 1000
  assert.equal(memory.takes(12 * mib), true, 'nothing was kept of what was taken')
  usedBytes = 512 * mib
  nowMs = 2000
  assert.equal(memory.takes(1), false)
})

test('what short patterns match counts, too', () =>
  simulate(1, async (world) => {
    const io = world.startNode('n')
    const journal = groupJournal()
    const [store] = await GroupStore.open({
      io,
      directory: dataDir,
      logger: silentLogger,
      journal,
      isInMemory: true,
    })
    const topics = new TopicDirectory()
    for (let id = 1; id <= 1000; id++) topics.put({ id, name: `topic-${id}`, partitionCount: 1 })
    const bounds = {
      membersMax: 100,
      membersBytesMax: mib,
      initialDelayMs: 0,
      sessionTimeoutMs: 10_000,
      heartbeatIntervalMs: 5000,
    }
    const ground = { io, store, bounds, topics, migration: 'disabled' as const }
    const table = new GroupTable(ground, new Map())
    assert.equal(table.memory.takes(509 * mib), true)
    const group = table.findOrMake('g')!
    for (let member = 0; member < 100; member++) {
      await world.sleep(100)
      const said = joiningOf({ memberId: `m${member}`, topics: null, pattern: `topic.{0,${member + 10}}` })
      assert.equal((await group.consumerHeartbeat(said)).error, 'none')
    }
    assert.equal(table.memory.takes(509 * mib), false)
    table.close()
    await store.close()
  }))
