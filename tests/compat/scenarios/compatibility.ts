// All scenarios with one client library, against brokers with one shard and with two.

import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { openKafkajs } from '../clients/kafkajs-client.ts'
import { kafkaBrokerFor } from '../harness/kafka-broker.ts'
import type { ClientLibrary } from '../harness/kafka-client.ts'
import type { Ground, Length, Scenario } from '../harness/scenario.ts'
import { flowFromKafka, groupFromNative } from './doors.ts'
import { groupKills } from './group-kills.ts'
import { commits, membersUnderLoad, resumption, staticRestart } from './groups.ts'
import { idempotentKills } from './kills.ts'
import { migration } from './migration.ts'
import { patterns } from './patterns.ts'
import { positions } from './positions.ts'
import { acrossClients, everyCodec, largeMessages } from './records.ts'
import { deletedRecords, topics } from './topics.ts'

export const SCENARIOS: readonly Scenario[] = [
  everyCodec,
  acrossClients,
  largeMessages,
  positions,
  topics,
  deletedRecords,
  membersUnderLoad,
  staticRestart,
  commits,
  resumption,
  idempotentKills,
  patterns,
  groupKills,
  migration,
  flowFromKafka,
  groupFromNative,
]

/** What depends on who leads what; the rest is tried with one shard in short runs. */
const SPREAD: readonly Scenario[] = [membersUnderLoad, flowFromKafka]

/** Too slow for short runs. */
const AT_LENGTH_ONLY: readonly Scenario[] = [groupKills, migration]

/** Part of `npm test`. */
export function testCompatibility(library: ClientLibrary): void {
  const scenarios = SCENARIOS.filter((scenario) => !AT_LENGTH_ONLY.includes(scenario))
  testWith(library, { prefix: '', shards: 1, length: 'short', scenarios })
  testWith(library, { prefix: '', shards: 2, length: 'short', scenarios: SPREAD })
}

export interface LongRun {
  /** Before the names of the tests. */
  readonly prefix: string
  readonly shards: number
  /** In the name of each scenario that is run. */
  readonly only: string
}

/** Part of `npm run compat`. */
export function testAtLength(library: ClientLibrary, { prefix, shards, only }: LongRun): void {
  const scenarios = SCENARIOS.filter(({ name }) => name.includes(only))
  testWith(library, { prefix, shards, length: 'long', scenarios })
}

interface Run {
  readonly prefix: string
  readonly shards: number
  readonly length: Length
  readonly scenarios: readonly Scenario[]
}

function testWith(open: ClientLibrary, { prefix, shards, length, scenarios }: Run): void {
  test(`${prefix}with ${shards} ${shards === 1 ? 'shard' : 'shards'}`, async (t) => {
    const broker = await kafkaBrokerFor(t, shards)
    const client = await open(broker.address)
    t.after(() => client.close())
    const other = await openKafkajs(broker.address)
    t.after(() => other.close())
    const native = await broker.process.connect()
    t.after(() => native.close())
    const ground = { broker, client, other, native, length }
    for (const scenario of scenarios)
      if (scenario.suits(client)) await t.test(scenario.name, (t) => runOn(ground, scenario, t))
  })
}

/** A scenario that fails tells what the broker said last. */
async function runOn(ground: Ground, { run }: Scenario, test: TestContext): Promise<void> {
  try {
    await run(ground, test)
  } catch (error) {
    test.diagnostic(`the broker said: ${ground.broker.process.errorText.slice(-4000)}`)
    throw error
  }
}
