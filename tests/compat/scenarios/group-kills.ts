// A group at work while brokers are killed and shards end.

import { setTimeout as sleep } from 'node:timers/promises'
import type { TestContext } from 'node:test'
import type { Membership } from '../harness/kafka-client.ts'
import { LoadedGroup } from '../harness/loaded-group.ts'
import { forEachProtocol } from '../harness/scenario.ts'
import type { Ground, Scenario } from '../harness/scenario.ts'

const STRIKES = 5

export const groupKills: Scenario = {
  name: 'a group of 3 members under load loses nothing while brokers are killed and shards end',
  suits: (client) => client.join !== undefined && !client.lacks.includes('outages'),
  run: (ground, test) =>
    forEachProtocol(ground.client, test, (sharing, test) => workOn(ground, sharing, test)),
}

async function workOn(ground: Ground, sharing: Partial<Membership>, test: TestContext): Promise<void> {
  const { broker } = ground
  const group = await LoadedGroup.open(ground, test)
  for (let member = 0; member < 3; member++) await group.join(sharing)
  await group.settle()
  for (let turn = 0; turn < STRIKES; turn++) {
    await broker.strike(turn)
    await sleep(500 + turn * 137)
  }
  await group.settle()
  await group.end()
}
