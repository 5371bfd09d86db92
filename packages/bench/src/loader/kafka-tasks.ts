// Administration through the protocol of Kafka.

import { incrementalAlterConfigsApi } from '@sluice/protocol/kafka/generated/incremental-alter-configs'
import { KafkaLink } from '../targets/kafka-link.ts'
import { STREAM } from '../targets/target.ts'

const topicResource = 2
const setOperation = 0

/** From now on the stream keeps the newest record of each subject. */
export async function compactTopic({ kafkaAddress }: { kafkaAddress: string }): Promise<void> {
  const link = await KafkaLink.open(kafkaAddress)
  const configs = [{ name: 'cleanup.policy', configOperation: setOperation, value: 'compact' }]
  const resources = [{ resourceType: topicResource, resourceName: STREAM, configs }]
  const answer = await link.ask(incrementalAlterConfigsApi, { resources, validateOnly: false })
  link.close()
  const { errorCode, errorMessage } = answer.responses[0]!
  if (errorCode !== 0) throw new Error(`The topic is not altered: ${errorMessage ?? errorCode}`)
}
