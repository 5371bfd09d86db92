// A broker process with a Kafka door whose ports stay the same when it is killed and started again.

import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BrokerProcess } from '../../support/broker-process.ts'
import { crashableShardsFor } from '../../support/crashable-shards.ts'

/** For so long nobody listens. */
const AWAY_MS = 50

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
  const options = { isKafkaServed: true, flags }
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
