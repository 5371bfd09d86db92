// A broker process with a Kafka door whose ports stay the same when it is killed and started again.

import { createServer } from 'node:net'
import type { Server } from 'node:net'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BrokerProcess } from '../../support/broker-process.ts'
import { crashableShardsFor } from '../../support/crashable-shards.ts'

/** For so long nobody listens. */
const AWAY_MS = 50

/** Linux takes the ports that it gives away from above. */
const [PORT_MIN, PORT_MAX] = [10_240, 32_768]

export interface KafkaBroker {
  readonly process: BrokerProcess
  /** Of the Kafka door. */
  readonly address: string
  /**
   * Resolves when all is served again. By turns: the broker is killed and started again; where it has
   * several shards, each of them ends in its turn, and the broker starts it again.
   */
  strike(turn: number): Promise<void>
}

/** Ends, with its folder, when the test does. */
export async function kafkaBrokerFor(test: TestContext, shards = 1): Promise<KafkaBroker> {
  const flags = ['--shards', String(shards), '--group-initial-rebalance-delay-ms', '0']
  const ports = shards + 1
  const port = await freePorts(2 * ports)
  const options = { isKafkaServed: true, port, kafkaPort: port + ports, flags }
  const { broker, crash, restarts, restarted } = await crashableShardsFor(test, options)
  const strike = async (turn: number): Promise<void> => {
    const kind = turn % (shards + 1)
    if (shards > 1 && kind > 0) {
      const before = restarts()
      crash(kind - 1)
      return restarted(before + 1)
    }
    await broker.kill()
    await sleep(AWAY_MS)
    await broker.start()
  }
  return { process: broker, address: broker.kafkaAddress, strike }
}

/**
 * The first of so many ports in a row that nobody listens at: shards take those above the first. Why none
 * that the system gives away: it would give one to a client while the broker is dead.
 */
async function freePorts(count: number): Promise<number> {
  const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN - count))
  const servers: Server[] = []
  try {
    for (let next = port; next < port + count; next++) servers.push(await listen(next))
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
