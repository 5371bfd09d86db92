// What is answered where a request about the broker itself fails as a whole, at every version; and the errors
// of DescribeCluster over a real socket.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { describeClusterApi } from '@sluice/protocol/kafka/generated/describe-cluster'
import { describeLogDirsApi } from '@sluice/protocol/kafka/generated/describe-log-dirs'
import { metadataApi } from '@sluice/protocol/kafka/generated/metadata'
import type { KafkaApi } from '@sluice/protocol/kafka/kafka-api'
import { zeroUuid } from '@sluice/protocol/kafka/kafka-fields'
import { KafkaReader } from '@sluice/protocol/kafka/kafka-reader'
import { KafkaWriter } from '@sluice/protocol/kafka/kafka-writer'
import { Broker } from '../../broker.ts'
import { kafkaErrors } from './kafka-errors.ts'
import { kafkaHandlers } from './kafka-handlers.ts'
import { KafkaPeer } from './kafka-peer.contract.ts'

const { UNKNOWN_SERVER_ERROR } = kafkaErrors
let broker: Broker
let peer: KafkaPeer

before(async () => {
  broker = await Broker.start({ memory: true, kafka: { port: 0 } })
  peer = await KafkaPeer.open(broker.kafkaAddresses[0]!.port)
})

after(async () => {
  peer.destroy()
  await broker.close()
})

/** As the client reads it. */
function refusalOf<Request, Response>(
  api: KafkaApi<Request, Response>,
  version: number,
  request: Request,
): Response {
  const { refuse } = kafkaHandlers.find((row) => row.api.key === api.key)!
  const writer = new KafkaWriter()
  api.writeResponse(writer, refuse!(request, UNKNOWN_SERVER_ERROR, version) as Response, version)
  const reader = new KafkaReader(Buffer.concat(writer.takeParts()), 0)
  const response = api.readResponse(reader, version)
  reader.finish()
  return response
}

test('Metadata that fails says so of each topic, and from 13 on of the whole', () => {
  for (let version = 0; version <= 13; version++) {
    const request = {
      topics: [{ name: 'a', topicId: zeroUuid }],
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    }
    const { topics, brokers, errorCode } = refusalOf(metadataApi, version, request)
    assert.deepEqual([topics[0]!.errorCode, topics[0]!.name], [UNKNOWN_SERVER_ERROR, 'a'])
    assert.deepEqual(brokers, [])
    if (version >= 13) assert.equal(errorCode, UNKNOWN_SERVER_ERROR)
    assert.deepEqual(refusalOf(metadataApi, version, { ...request, topics: [] }).topics, [])
  }
})

test('DescribeCluster and DescribeLogDirs that fail say so', () => {
  for (const version of [0, 1]) {
    const request = {
      includeClusterAuthorizedOperations: false,
      endpointType: 1,
      includeFencedBrokers: false,
    }
    const { errorCode, brokers } = refusalOf(describeClusterApi, version, request)
    assert.deepEqual([errorCode, brokers], [UNKNOWN_SERVER_ERROR, []])
  }
  for (let version = 1; version <= 4; version++) {
    const { errorCode, results } = refusalOf(describeLogDirsApi, version, { topics: null })
    assert.deepEqual(results, [])
    if (version >= 3) assert.equal(errorCode, UNKNOWN_SERVER_ERROR)
  }
})

test('DescribeCluster tells the brokers, and refuses to speak for controllers', async () => {
  const asked = { includeClusterAuthorizedOperations: true, includeFencedBrokers: false }
  const described = async (version: number, endpointType: number): Promise<string> => {
    const answer = await peer.ask(describeClusterApi, version, { ...asked, endpointType })
    assert.equal(answer.brokers.length, answer.errorCode === 0 ? 1 : 0)
    assert.match(answer.clusterId, /^.+$/)
    return Object.entries(kafkaErrors).find(([, code]) => code === answer.errorCode)![0]
  }
  assert.equal(await described(0, 1), 'NONE')
  assert.equal(await described(1, 1), 'NONE')
  assert.equal(await described(1, 2), 'MISMATCHED_ENDPOINT_TYPE')
  assert.equal(await described(1, 3), 'UNSUPPORTED_ENDPOINT_TYPE')
})
