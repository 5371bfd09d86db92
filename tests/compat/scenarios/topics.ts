// Administration: topics, their partitions and configurations, records that are deleted.

import assert from 'node:assert/strict'
import { until } from '../harness/waiting.ts'
import { newName, newTopic, numbered, valuesOf } from '../harness/scenario.ts'
import type { Scenario } from '../harness/scenario.ts'

export const topics: Scenario = {
  name: 'topics are created, described, listed, grown, altered and deleted',
  suits: ({ admin }) => admin !== undefined,
  async run(ground) {
    const admin = ground.client.admin!
    const topic = newName()
    await admin.createTopic(topic, 3, { 'retention.ms': '86400000', 'cleanup.policy': 'compact' })
    assert.equal(await admin.partitionCount(topic), 3)
    assert.ok((await admin.topics()).includes(topic))
    await assert.rejects(admin.createTopic(topic, 1), 'it is there already')
    await assert.rejects(admin.createTopic('not a/name', 1))
    await assert.rejects(admin.createTopic(`${topic}.bad`, 1, { 'retention.ms': 'soon' }))
    assert.ok(!(await admin.topics()).includes(`${topic}.bad`))
    if (admin.configs !== undefined) {
      const configs = await admin.configs(topic)
      assert.equal(configs['retention.ms'], '86400000')
      assert.equal(configs['cleanup.policy'], 'compact')
      assert.equal(configs['min.insync.replicas'], '1', 'those that nobody set are told too')
    }
    if (admin.alterConfigs !== undefined) {
      await admin.alterConfigs(topic, { 'retention.ms': '3600000', 'max.message.bytes': '2000' })
      const configs = await admin.configs!(topic)
      assert.equal(configs['retention.ms'], '3600000')
      assert.equal(configs['max.message.bytes'], '2000')
      const tooLarge = { key: 'k', value: 'x'.repeat(5000), partition: 0 }
      await assert.rejects(ground.client.produce(topic, [tooLarge]), 'what was altered acts')
      await assert.rejects(admin.alterConfigs(topic, { 'no.such.config': '1' }))
    }
    if (admin.addPartitions !== undefined) {
      await admin.addPartitions(topic, 5)
      assert.equal(await admin.partitionCount(topic), 5)
      await assert.rejects(admin.addPartitions(topic, 4), 'partitions do not become fewer')
    }
    await admin.deleteTopic(topic)
    await until(
      async () => !(await admin.topics()).includes(topic),
      () => `${topic} is still listed`,
    )
    await assert.rejects(admin.deleteTopic(topic), 'it is gone')
    await admin.createTopic(topic, 1)
    assert.equal(await admin.partitionCount(topic), 1, 'a new one by the old name')
  },
}

export const deletedRecords: Scenario = {
  name: 'records before an offset are deleted, and reading begins after them',
  suits: ({ admin }) => admin?.deleteRecords !== undefined,
  async run(ground) {
    const { client } = ground
    const topic = await newTopic(ground)
    const sent = numbered(20).map((record) => ({ ...record, partition: 0 }))
    await client.produce(topic, sent)
    await client.admin!.deleteRecords!(topic, 0, 7)
    const seen = await client.read({ topic, partition: 0, from: 'first', count: 2 })
    assert.deepEqual(valuesOf(seen), ['7', '8'])
    await assert.rejects(client.admin!.deleteRecords!(topic, 0, 100), 'beyond the end')
    await client.admin!.deleteRecords!(topic, 0, 20)
    await client.produce(topic, [{ key: 'k', value: 'next', partition: 0 }])
    assert.deepEqual(valuesOf(await client.read({ topic, partition: 0, from: 'first', count: 1 })), ['next'])
  },
}
