// What is published natively as real Kafka clients read it: from one broker, from two shards, by several
// addresses; and what many connections that do nothing cost.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import type { Socket } from 'node:net'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Base, Consumer } from '@platformatic/kafka'
import { Kafka, logLevel } from 'kafkajs'
import { connect } from '@sluice/client'
import type { Client } from '@sluice/client'
import { brokerFor } from '../support/broker-process.ts'
import type { BrokerProcess } from '../support/broker-process.ts'
import { noProcessMemory, residentMiB } from '../support/process-memory.ts'

async function clientOf(t: TestContext, broker: BrokerProcess): Promise<Client> {
  const client = await connect({ servers: [broker.address], connectTimeoutMs: 20_000 })
  t.after(() => client.close())
  return client
}

function kafkaOf(address: string): Kafka {
  return new Kafka({ clientId: 'e2e', brokers: [address], logLevel: logLevel.NOTHING })
}

const messageCount = 3000

/** Every message of a stream with several partitions, with a subject of its own every tenth. */
async function publishAll(client: Client, stream: string): Promise<void> {
  await client.streams.create(stream, { partitions: 4 })
  const messages = Array.from({ length: messageCount }, (_unused, index) => ({
    subject: `s.${index % 300}`,
    data: `${index}`,
    headers: { index: `${index}` },
  }))
  for (let at = 0; at < messageCount; at += 500)
    await client.publishBatch(stream, messages.slice(at, at + 500))
}

/** As kafkajs reads them, in a group, until all have come. */
async function readWithKafkajs(address: string, topic: string): Promise<Map<string, number[]>> {
  const consumer = kafkaOf(address).consumer({ groupId: `${topic}-readers`, maxWaitTimeInMs: 200 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const bySubject = new Map<string, number[]>()
  let count = 0
  await new Promise<void>((resolve, reject) => {
    const all = consumer.run({
      eachMessage: async ({ message }) => {
        const subject = message.key!.toString()
        const value = Number(message.value!.toString())
        assert.equal(message.headers!['index']!.toString(), `${value}`)
        bySubject.set(subject, [...(bySubject.get(subject) ?? []), value])
        if (++count === messageCount) resolve()
      },
    })
    all.catch(reject)
  })
  // Why here and not when the test is over: the broker is stopped first then, and it would look for it.
  await consumer.disconnect()
  return bySubject
}

function checkWhole(bySubject: ReadonlyMap<string, readonly number[]>): void {
  assert.equal(bySubject.size, 300)
  for (const [subject, values] of bySubject) {
    const expected = Array.from({ length: 10 }, (_unused, round) => Number(subject.slice(2)) + 300 * round)
    assert.deepEqual(values, expected)
  }
}

for (const shards of [1, 2]) {
  test(`what is published natively is read by kafkajs from ${shards} shards`, async (t) => {
    const flags = ['--shards', `${shards}`, '--group-initial-rebalance-delay-ms', '0']
    const broker = await brokerFor(t, { isKafkaServed: true, flags })
    await publishAll(await clientOf(t, broker), 'T')
    checkWhole(await readWithKafkajs(broker.kafkaAddress, 'T'))
    const admin = kafkaOf(broker.kafkaAddress).admin()
    await admin.connect()
    const { brokers } = await admin.describeCluster()
    assert.deepEqual(
      brokers.map(({ nodeId }) => nodeId),
      Array.from({ length: shards }, (_unused, node) => node),
    )
    const { topics } = await admin.fetchTopicMetadata({ topics: ['T'] })
    assert.equal(new Set(topics[0]!.partitions.map(({ leader }) => leader)).size, shards)
    await admin.disconnect()
  })

  test(`and by @platformatic/kafka from ${shards} shards`, async (t) => {
    const flags = ['--shards', `${shards}`, '--group-initial-rebalance-delay-ms', '0']
    const broker = await brokerFor(t, { isKafkaServed: true, flags })
    await publishAll(await clientOf(t, broker), 'T')
    const consumer = new Consumer({
      clientId: 'e2e',
      groupId: 'readers',
      bootstrapBrokers: [broker.kafkaAddress],
    })
    const stream = await consumer.consume({ topics: ['T'], mode: 'earliest' })
    const bySubject = new Map<string, number[]>()
    let count = 0
    for await (const { key, value } of stream) {
      const subject = key.toString()
      bySubject.set(subject, [...(bySubject.get(subject) ?? []), Number(value.toString())])
      if (++count === messageCount) break
    }
    await consumer.close(true)
    checkWhole(bySubject)
  })
}

test('clients are told the address that is advertised where they came in', async (t) => {
  const flags = ['--kafka-listen', '127.0.0.1:0,127.0.0.2:0', '--kafka-advertised', 'one.test:91,two.test:92']
  const broker = await brokerFor(t, { isKafkaServed: true, flags })
  const [first, second] = broker.kafkaAddresses
  const told = async (address: string): Promise<unknown[]> => {
    const base = new Base({ clientId: 'e2e', bootstrapBrokers: [address] })
    const { brokers } = await base.metadata({ topics: [] })
    await base.close()
    return [...brokers.values()].map(({ host, port }) => `${host}:${port}`)
  }
  assert.deepEqual(await told(first!), ['one.test:91'])
  assert.deepEqual(await told(second!), ['two.test:92'])
})

test('what was confirmed before a kill is read after it, and the shards are where they were', async (t) => {
  const broker = await brokerFor(t, { isKafkaServed: true, flags: ['--shards', '2'] })
  const client = await clientOf(t, broker)
  await publishAll(client, 'T')
  await broker.kill()
  await broker.start()
  const bySubject = await readWithKafkajs(broker.kafkaAddress, 'T')
  checkWhole(bySubject)
})

const connectionCount = 10_000
/** Of one that has asked for nothing but what every client asks first. */
const connectionKiBMax = 16

test('10 000 connections that do nothing cost a bounded amount', { skip: noProcessMemory }, async (t) => {
  const broker = await brokerFor(t, { isKafkaServed: true })
  const port = Number(broker.kafkaAddress.split(':')[1])
  const before = residentMiB(broker.pid)
  const apiVersions = Buffer.from('0000000c0012000000000001000178', 'hex')
  apiVersions.writeInt32BE(apiVersions.length - 4)
  const sockets: Socket[] = []
  t.after(() => {
    for (const socket of sockets) socket.destroy()
  })
  while (sockets.length < connectionCount) {
    const batch = Array.from({ length: 200 }, () => connectSocket({ host: '127.0.0.1', port }))
    for (const socket of batch) socket.on('error', () => {})
    await Promise.all(
      batch.map(async (socket) => {
        await once(socket, 'connect')
        socket.write(apiVersions)
        await once(socket, 'data')
      }),
    )
    sockets.push(...batch)
  }
  await sleep(1000)
  const grownKiB = (residentMiB(broker.pid) - before) * 1024
  t.diagnostic(`${(grownKiB / connectionCount).toFixed(1)} KiB for each connection`)
  assert.ok(grownKiB / connectionCount < connectionKiBMax, `${grownKiB} KiB`)
  const turnedAway = connectSocket({ host: '127.0.0.1', port })
  await once(turnedAway, 'close')
  const client = await clientOf(t, broker)
  assert.deepEqual(await client.streams.list(), [])
})
