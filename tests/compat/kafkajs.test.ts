import { openKafkajs } from './clients/kafkajs-client.ts'
import { testCompatibility } from './scenarios/compatibility.ts'

testCompatibility(openKafkajs)
