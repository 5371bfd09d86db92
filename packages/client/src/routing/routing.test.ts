// Several nodes that lead different partitions: each request finds its own, and finds it again.

import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { partitionOfKey } from '@sluice/protocol/bytes/murmur2'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { opcodes } from '@sluice/protocol/native/frame'
import type { Client } from '../client.ts'
import type { ClientOptions } from '../client-options.ts'
import { connect } from '../connect.ts'
import { subscriptionOf, until } from '../testing/scripted-broker.contract.ts'
import { ScriptedCluster } from '../testing/scripted-cluster.contract.ts'
import { nodePlatform } from '../transport/node-platform.ts'

interface Scene {
  readonly cluster: ScriptedCluster
  readonly client: Client
  readonly events: string[]
}

/** Two nodes, the client's home is node 0; node 0 leads partition 0 and node 1 partition 1, unless told. */
async function scene(
  t: TestContext,
  { leaders = [0, 1], ...options }: ClientOptions & { leaders?: number[] } = {},
): Promise<Scene> {
  const cluster = await ScriptedCluster.start(2, leaders)
  t.after(() => cluster.close())
  const servers = [cluster.nodes[0]!.address]
  const client = await connect({ servers, reconnect: { minMs: 1, maxMs: 20 }, ...options })
  t.after(() => client.close())
  const events: string[] = []
  client.on('disconnect', ({ server }) => events.push(`lost ${server}`))
  client.on('reconnect', ({ server }) => events.push(`back ${server}`))
  return { cluster, client, events }
}

/** A subject of a partition, of two. */
function subjectOf(partition: number, seed = 0): string {
  for (let index = seed; ; index++) {
    const subject = `s.${index}`
    if (partitionOfKey(Buffer.from(subject), 2) === partition) return subject
  }
}

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof BrokerError && error.code === expected
}

function storedAt(cluster: ScriptedCluster, partition: number): string[] {
  return cluster.stored[partition]!.map(({ data, node }) => `${data}@${node}`)
}

test('a node is connected to when something that it leads is needed, once, and not before', async (t) => {
  const { cluster, client } = await scene(t)
  const [home, other] = cluster.nodes
  await client.publish('S', subjectOf(0), 'a')
  await client.streams.list()
  assert.deepEqual([home!.peers.length, other!.peers.length], [1, 0])
  await Promise.all([client.publish('S', subjectOf(1), 'b'), client.publishBatch('S', [])])
  await client.publish('S', subjectOf(1), 'c')
  assert.deepEqual([home!.peers.length, other!.peers.length], [1, 1])
  assert.deepEqual([storedAt(cluster, 0), storedAt(cluster, 1)], [['a@0'], ['b@1', 'c@1']])
  assert.equal(home!.count(opcodes.publish) + other!.count(opcodes.publish), 3, 'nothing was tried in vain')
})

test('publishBatch over several leaders: each gets its own, answers are in the order given', async (t) => {
  const { cluster, client } = await scene(t, { leaders: [1, 0] })
  const partitions = [0, 1, 1, 0, 1, 0]
  const messages = partitions.map((partition, index) => ({ subject: subjectOf(partition), data: `${index}` }))
  assert.deepEqual(await client.publishBatch('S', messages), [
    { partition: 0, offset: 0 },
    { partition: 1, offset: 0 },
    { partition: 1, offset: 1 },
    { partition: 0, offset: 1 },
    { partition: 1, offset: 2 },
    { partition: 0, offset: 2 },
  ])
  assert.deepEqual(storedAt(cluster, 0), ['0@1', '3@1', '5@1'])
  assert.deepEqual(storedAt(cluster, 1), ['1@0', '2@0', '4@0'])
})

test('single messages and a publisher go to their leaders in order', async (t) => {
  const { cluster, client } = await scene(t)
  const singles = Array.from({ length: 40 }, (_, index) =>
    client.publish('S', subjectOf(index % 2), `${index}`),
  )
  await Promise.all(singles)
  const publisher = client.publisher('S', { batchBytes: 1_000 })
  for (let index = 40; index < 200; index++) await publisher.send(subjectOf(index % 2), `${index}`)
  await publisher.close()
  for (const partition of [0, 1]) {
    const expected = Array.from({ length: 100 }, (_, index) => `${index * 2 + partition}@${partition}`)
    assert.deepEqual(storedAt(cluster, partition), expected)
  }
})

test('a leader that moved is followed: nothing is lost, nothing comes twice, order holds', async (t) => {
  const { cluster, client } = await scene(t, { leaders: [0, 0] })
  await client.publish('S', subjectOf(1), 'before')
  cluster.leaders = [0, 1]
  await Promise.all(['a', 'b', 'c'].map((data) => client.publish('S', subjectOf(1), data)))
  await client.publishBatch('S', [
    { subject: subjectOf(1), data: 'd' },
    { subject: subjectOf(0), data: 'e' },
  ])
  cluster.leaders = [1, 1]
  const publisher = client.publisher('S')
  await publisher.send(subjectOf(0), 'f')
  await publisher.close()
  assert.deepEqual(storedAt(cluster, 1), ['before@0', 'a@1', 'b@1', 'c@1', 'd@1'])
  assert.deepEqual(storedAt(cluster, 0), ['e@0', 'f@1'])
})

test('a broker that keeps refusing is asked so long and not longer, and not in a hurry', async (t) => {
  const { cluster, client } = await scene(t, { requestTimeoutMs: 400 })
  await client.publish('S', subjectOf(0), 'a')
  const refusing = new BrokerError('not-leader', 'Not me')
  cluster.scripts.set(0, (request) => {
    if (request.opcode === opcodes.publish) request.peer.refuse(request, refusing)
    return request.opcode === opcodes.publish
  })
  const startedMs = Date.now()
  await assert.rejects(client.publish('S', subjectOf(0), 'b'), code('not-leader'))
  const tries = cluster.nodes[0]!.count(opcodes.publish) - 1
  assert.ok(tries >= 3 && tries <= 12, `${tries} tries`)
  assert.ok(Date.now() - startedMs < 2_000)
})

test('a node that is down stops what it leads and nothing else, and is there again afterwards', async (t) => {
  const { cluster, client, events } = await scene(t)
  await Promise.all([client.publish('S', subjectOf(0), 'a'), client.publish('S', subjectOf(1), 'b')])
  const address = cluster.nodes[1]!.address
  await cluster.stop(1)
  await until(() => !client.isConnected)
  let isStored = false
  const waiting = client.publish('S', subjectOf(1), 'c').then(() => (isStored = true))
  for (let index = 0; index < 5; index++) await client.publish('S', subjectOf(0), `d${index}`)
  await delay(50)
  assert.equal(isStored, false)
  assert.equal(client.isConnected, false)
  await cluster.restart(1)
  await waiting
  assert.equal(client.isConnected, true)
  assert.deepEqual(storedAt(cluster, 1), ['b@1', 'c@1'])
  assert.equal(cluster.stored[0]!.length, 6)
  assert.deepEqual(events, [`lost ${address}`, `back ${address}`])
})

test('a publish of which one leader is down is partly stored, and says which part', async (t) => {
  const { cluster, client } = await scene(t, { requestTimeoutMs: 300 })
  const both = [0, 1].map((partition) => ({ subject: subjectOf(partition), data: `${partition}` }))
  await client.publishBatch('S', both)
  await cluster.stop(1)
  await until(() => !client.isConnected)
  await assert.rejects(client.publishBatch('S', both), (error: BrokerError) => {
    assert.equal(error.code, 'partly-stored')
    assert.match(error.message, /stored, in partition 0 from offset 1; not confirmed is partition 1: /)
    return true
  })
  const results = await Promise.allSettled(both.map(({ subject }) => client.publish('S', subject, 'x')))
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
  const failures: [string, number][] = []
  const publisher = client.publisher('S', { onError: ({ kind }, count) => failures.push([kind, count]) })
  for (const { subject } of [...both, ...both]) await publisher.send(subject, 'y')
  await assert.rejects(publisher.close(), /^BrokerError: 2 messages were not confirmed/)
  assert.deepEqual(failures, [['unavailable', 2]])
  await assert.rejects(client.publishBatch('S', [both[1]!]), ({ code }: BrokerError) => {
    return code === 'node-unavailable' || code === 'disconnected'
  })
})

test('a node that comes back elsewhere is found there', async (t) => {
  const { cluster, client } = await scene(t)
  await client.publish('S', subjectOf(1), 'a')
  await cluster.stop(1)
  await until(() => !client.isConnected)
  await cluster.restart(1, 0)
  await client.publish('S', subjectOf(1), 'b')
  assert.deepEqual(storedAt(cluster, 1), ['a@1', 'b@1'])
  assert.equal(client.isConnected, true)
})

test('the log is read from the leader of its partition, also from one that moved', async (t) => {
  const { cluster, client } = await scene(t, { leaders: [0, 1] })
  const read = async (): Promise<void> => {
    for await (const _ of client.log('S').read({ partition: 1 })) assert.fail('there is nothing')
  }
  await read()
  assert.deepEqual(
    cluster.nodes.map((node) => node.count(opcodes.read)),
    [1, 1],
  )
  cluster.leaders = [0, 0]
  await read()
  assert.deepEqual(
    cluster.nodes.map((node) => node.count(opcodes.read)),
    [2, 2],
  )
})

test('a member joins where its consumer is served, and follows it', async (t) => {
  const { cluster, client } = await scene(t)
  cluster.consumerNode = 1
  const consumer = await client.consumers.create('S', { name: 'C' })
  const stream = consumer.messages()
  const next = stream.next()
  await until(() => cluster.nodes[1]!.count(opcodes.subscribe) === 1)
  assert.equal(cluster.nodes[0]!.count(opcodes.subscribe), 0)
  const subscribed = cluster.nodes[1]!.requests.find(({ opcode }) => opcode === opcodes.subscribe)!
  subscribed.peer.deliver(subscriptionOf(subscribed), [{ subject: 'a', offset: 1 }])
  await (await next).value!.ack()
  assert.equal(cluster.nodes[1]!.settles.length, 1)
  cluster.consumerNode = 0
  subscribed.peer.end(subscriptionOf(subscribed), new BrokerError('not-leader', 'Node 0 serves it'))
  await until(() => cluster.nodes[0]!.count(opcodes.subscribe) === 1)
  const moved = cluster.nodes[0]!.requests.find(({ opcode }) => opcode === opcodes.subscribe)!
  moved.peer.deliver(subscriptionOf(moved), [{ subject: 'a', offset: 2 }])
  const { value } = await stream.next()
  await value!.ack()
  assert.equal(value!.offset, 2)
  assert.equal(cluster.nodes[0]!.settles.length, 1)
  await stream.return()
  assert.equal(cluster.nodes[0]!.count(opcodes.unsubscribe), 1)
})

test('a member whose node is gone joins the one that serves the consumer now', async (t) => {
  const { cluster, client } = await scene(t)
  cluster.consumerNode = 1
  const consumer = await client.consumers.create('S', { name: 'C' })
  const next = consumer.messages().next()
  await until(() => cluster.nodes[1]!.count(opcodes.subscribe) === 1)
  cluster.consumerNode = 0
  await cluster.stop(1)
  await until(() => cluster.nodes[0]!.count(opcodes.subscribe) === 1)
  const joined = cluster.nodes[0]!.requests.find(({ opcode }) => opcode === opcodes.subscribe)!
  joined.peer.deliver(subscriptionOf(joined), [{ subject: 'a', offset: 7 }])
  assert.equal((await next).value!.offset, 7)
})

test('when the home is gone, another node that is known takes its place', async (t) => {
  const { cluster, client, events } = await scene(t)
  await client.publish('S', subjectOf(1), 'a')
  const [home, other] = cluster.nodes.map(({ address }) => address)
  await cluster.stop(0)
  await until(() => events.length === 2)
  assert.deepEqual(events, [`lost ${home}`, `back ${other}`])
  assert.equal((await client.streams.get('S')).name, 'S')
  await client.publish('S', subjectOf(1), 'b')
  assert.deepEqual(storedAt(cluster, 1), ['a@1', 'b@1'])
  await cluster.restart(0)
  await client.publish('S', subjectOf(0), 'c')
  assert.deepEqual(storedAt(cluster, 0), ['c@0'])
})

test('a question is asked again while the node that knows is not there; an order is not', async (t) => {
  const { cluster, client } = await scene(t)
  let refusals = 0
  cluster.scripts.set(0, (request) => {
    if (request.opcode !== opcodes.call || refusals >= 2) return false
    refusals++
    request.peer.refuse(request, new BrokerError('node-unavailable', 'It is being started'))
    return true
  })
  assert.equal((await client.streams.get('S')).name, 'S')
  assert.equal(refusals, 2)
  refusals = 1
  await assert.rejects(client.streams.purge('S'), code('node-unavailable'))
})

test('a stream that gains partitions is noticed without a refusal', async (t) => {
  let skippedMs = 0
  const platform = { ...nodePlatform, monotonicMs: () => performance.now() + skippedMs }
  const { cluster, client } = await scene(t, { leaders: [0], platform })
  await client.publish('S', subjectOf(1), 'a')
  cluster.leaders = [0, 1]
  cluster.stored.push([])
  await client.publish('S', subjectOf(1), 'b')
  skippedMs = 11_000
  await client.publish('S', subjectOf(1), 'c')
  await delay(50)
  await client.publish('S', subjectOf(1), 'd')
  assert.deepEqual([storedAt(cluster, 0), storedAt(cluster, 1)], [['a@0', 'b@0', 'c@0'], ['d@1']])
})

test('single messages keep their order, each stored once, while leaders move all the time', async (t) => {
  const { cluster, client } = await scene(t)
  const published: Promise<unknown>[] = []
  for (let index = 0; index < 600; index++) {
    published.push(client.publish('S', subjectOf(index % 2), `${index}`))
    if (index % 7 === 0) cluster.leaders = [(index / 7) % 2, ((index / 7) >> 1) % 2]
    if (index % 3 === 0) await delay(1)
  }
  await Promise.all(published)
  for (const partition of [0, 1]) {
    assert.deepEqual(
      cluster.stored[partition]!.map(({ data }) => Number(data)),
      Array.from({ length: 300 }, (_, index) => index * 2 + partition),
    )
  }
})

test('closing the client while a node is down ends what waits for it', async (t) => {
  const { cluster, client } = await scene(t)
  await client.publish('S', subjectOf(1), 'a')
  await cluster.stop(1)
  await until(() => !client.isConnected)
  const waiting = assert.rejects(client.publish('S', subjectOf(1), 'b'), code('client-closed'))
  const reading = client.log('S').read({ partition: 1 }).next()
  const read = assert.rejects(reading, code('client-closed'))
  await client.close()
  await Promise.all([waiting, read])
})
