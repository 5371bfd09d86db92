// Run by produce-kill.test.ts as a process of its own: a broker for Kafka clients, until it is killed. Tells
// the port that it listens at.

import { Broker } from '../../broker.ts'

const [dataDir] = process.argv.slice(2)
const broker = await Broker.start({ dataDir: dataDir!, kafka: { port: 0 }, limits: { segmentBytes: 65_536 } })
process.stdout.write(`${broker.kafkaAddresses[0]!.port}\n`)
