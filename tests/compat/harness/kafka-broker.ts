// A broker process with a Kafka door whose ports stay the same when it is killed and started again.

import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import type { TestContext } from 'node:test'
import { brokerFor } from '../../support/broker-process.ts'
import type { BrokerProcess } from '../../support/broker-process.ts'

export interface KafkaBroker {
  readonly process: BrokerProcess
  /** Of the Kafka door. */
  readonly address: string
}

/** Ends, with its folder, when the test does. */
export async function kafkaBrokerFor(test: TestContext, shards = 1): Promise<KafkaBroker> {
  const flags = ['--shards', String(shards), '--log-level', 'warn', '--group-initial-rebalance-delay-ms', '0']
  const kafkaPort = await freePorts(shards + 1)
  const process = await brokerFor(test, { isKafkaServed: true, kafkaPort, flags })
  return { process, address: process.kafkaAddress }
}

/** The first of so many ports in a row that nobody listens at: shards take those above the first. */
async function freePorts(count: number): Promise<number> {
  const first = await listen(0)
  const { port } = first.address() as AddressInfo
  const servers = [first]
  try {
    for (let next = port + 1; next < port + count; next++) servers.push(await listen(next))
    return port
  } catch {
    return freePorts(count)
  } finally {
    for (const server of servers) await new Promise((resolve) => server.close(resolve))
  }
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
