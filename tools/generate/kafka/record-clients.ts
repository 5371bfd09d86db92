// Records what real Kafka clients send: runs them against a broker through a socket that writes the first
// request of each client, API and version down, for broker/src/servers/kafka/client-requests.test.ts.
//
//   node tools/generate/kafka/record-clients.ts
//
// Needs Debian's kcat, python3-kafka and python3-confluent-kafka beside the clients of package.json.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Admin, Consumer, Producer } from '@platformatic/kafka'
import type { BaseOptions } from '@platformatic/kafka'
import { Kafka, logLevel } from 'kafkajs'
import { Broker } from '../../../packages/broker/src/broker.ts'

const target = new URL(
  '../../../packages/broker/src/servers/kafka/testdata/client-requests.txt',
  import.meta.url,
)
/** Requests that are larger say no more. */
const recordedBytesMax = 4096

/** By client, key and version. */
const recorded = new Map<string, string>()
let client = ''

function record(request: Buffer): void {
  const name = `${client} ${request.readInt16BE(4)} ${request.readInt16BE(6)}`
  if (!recorded.has(name) && request.length <= recordedBytesMax) recorded.set(name, request.toString('hex'))
}

function pass(socket: Socket, port: number): void {
  const broker = connect(port, '127.0.0.1')
  let pending = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 4 && pending.length >= pending.readInt32BE(0) + 4) {
      const end = pending.readInt32BE(0) + 4
      record(pending.subarray(0, end))
      pending = pending.subarray(end)
    }
  })
  socket.pipe(broker)
  broker.pipe(socket)
  for (const each of [socket, broker]) each.on('error', () => {})
}

async function runKafkajs(address: string): Promise<void> {
  const kafka = new Kafka({ clientId: 'kafkajs', brokers: [address], logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 'js', numPartitions: 2 }] })
  await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name: 'js' }] })
  await admin.createPartitions({ topicPartitions: [{ topic: 'js', count: 3 }] })
  await admin.fetchTopicOffsets('js')
  const producer = kafka.producer({ idempotent: true })
  await producer.connect()
  await producer.send({
    topic: 'js',
    messages: [{ key: 'a.b', value: 'x', headers: { h: '1' } }, { value: null }],
  })
  await producer.disconnect()
  const consumer = kafka.consumer({ groupId: 'js-group' })
  await consumer.connect()
  await consumer.subscribe({ topic: 'js', fromBeginning: true })
  await consumer.run({ eachMessage: async () => {} })
  await sleep(6000)
  await admin.describeGroups(['js-group'])
  await admin.listGroups()
  await consumer.disconnect()
  await admin.fetchOffsets({ groupId: 'js-group' })
  await admin.deleteGroups(['js-group'])
  await admin.deleteTopicRecords({ topic: 'js', partitions: [{ partition: 0, offset: '-1' }] })
  await admin.deleteTopics({ topics: ['js'] })
  await admin.disconnect()
}

async function runPlatformatic(address: string): Promise<void> {
  const options = { clientId: 'platformatic', bootstrapBrokers: [address] }
  const admin = new Admin(options)
  await admin.createTopics({ topics: ['plt'], partitions: 2, replicas: 1 })
  const producer = new Producer({ ...options, idempotent: true })
  await producer.send({ messages: [{ topic: 'plt', key: Buffer.from('a.b'), value: Buffer.from('x') }] })
  await producer.close()
  await consumeOnce(options, 'classic')
  await admin.listGroups().catch(() => {})
  await admin.describeGroups({ groups: ['plt-classic'] }).catch(() => {})
  await admin.deleteGroups({ groups: ['plt-classic'] }).catch(() => {})
  await consumeOnce(options, 'consumer').catch((error: unknown) => console.error(String(error)))
  await admin.deleteTopics({ topics: ['plt'] })
  await admin.close()
}

async function consumeOnce(options: BaseOptions, groupProtocol: 'classic' | 'consumer'): Promise<void> {
  const consumer = new Consumer({ ...options, groupId: `plt-${groupProtocol}`, groupProtocol })
  try {
    const stream = await consumer.consume({ topics: ['plt'], mode: 'earliest', autocommit: 500 })
    stream.on('data', () => {})
    stream.on('error', () => {})
    await sleep(4000)
  } finally {
    await consumer.close(true)
  }
}

async function runKcat(address: string): Promise<void> {
  await runProgram('kcat', ['-P', '-b', address, '-t', 'kcat', '-K', ':', '-X', 'client.id=kcat'], 'a.b:x\n')
  await runProgram('kcat', [
    '-C',
    '-b',
    address,
    '-t',
    'kcat',
    '-e',
    '-o',
    'beginning',
    '-X',
    'client.id=kcat',
  ])
  await runProgram('kcat', ['-Q', '-b', address, '-t', 'kcat:0:1'])
}

async function runProgram(program: string, args: readonly string[], input = ''): Promise<void> {
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'inherit'], timeout: 60_000 })
  child.stdin.end(input)
  await once(child, 'close')
}

const kafkaPython = `
import sys, time
from kafka import KafkaProducer, KafkaConsumer
from kafka.admin import KafkaAdminClient, NewTopic
where = dict(bootstrap_servers=sys.argv[1], client_id='kafka-python', api_version=(2, 6, 0))
admin = KafkaAdminClient(**where)
admin.create_topics([NewTopic('py', 1, 1)])
producer = KafkaProducer(compression_type='gzip', acks='all', **where)
producer.send('py', key=b'a.b', value=b'x').get(10)
reads = dict(group_id='py-group', auto_offset_reset='earliest', consumer_timeout_ms=5000)
consumer = KafkaConsumer('py', **reads, **where)
for _ in consumer: consumer.commit()
admin.describe_consumer_groups(['py-group'])
consumer.close(); producer.close(); admin.delete_topics(['py']); admin.close()
`
const librdkafka = `
import sys
from confluent_kafka import Producer, Consumer
from confluent_kafka.admin import AdminClient, NewTopic, ConfigResource
where = {'bootstrap.servers': sys.argv[1], 'client.id': 'librdkafka'}
admin = AdminClient(where)
admin.create_topics([NewTopic('rd', 1, 1)])['rd'].result()
for codec in ('none', 'lz4'):
    producer = Producer({**where, 'enable.idempotence': True, 'compression.codec': codec})
    producer.produce('rd', key='a.b', value='x' * 100); producer.flush(10)
reads = {'group.id': 'rd-group', 'auto.offset.reset': 'earliest', 'isolation.level': 'read_committed'}
consumer = Consumer({**where, **reads})
consumer.subscribe(['rd']); consumer.poll(8); consumer.commit(asynchronous=False)
consumer.close()
list(admin.describe_configs([ConfigResource(2, 'rd')]).values())[0].result()
admin.delete_topics(['rd'])['rd'].result()
`

let brokerPort = 0
const server = createServer((socket) => pass(socket, brokerPort)).listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
const advertised = { host: '127.0.0.1', port }
const broker = await Broker.start({
  memory: true,
  kafka: { port: 0, advertised },
  limits: { groupInitialRebalanceDelayMs: 0 },
})
brokerPort = broker.kafkaAddresses[0]!.port
const address = `127.0.0.1:${port}`
const clients: readonly (readonly [string, () => Promise<void>])[] = [
  ['kafkajs', () => runKafkajs(address)],
  ['platformatic', () => runPlatformatic(address)],
  ['kcat', () => runKcat(address)],
  ['kafka-python', () => runProgram('/usr/bin/python3', ['-c', kafkaPython, address])],
  ['librdkafka', () => runProgram('/usr/bin/python3', ['-c', librdkafka, address])],
]
for (const [name, run] of clients) {
  client = name
  await run().catch((error: unknown) => console.error(name, error))
}
const lines = Array.from(recorded, ([name, bytes]) => `${name} ${bytes}`)
writeFileSync(target, `${lines.toSorted().join('\n')}\n`)
console.log(`${lines.length} requests`)
await broker.close()
process.exit(0)
