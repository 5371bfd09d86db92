// From the classic protocol of groups to that in which the broker assigns, and back, member by member.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { LoadedGroup } from '../harness/loaded-group.ts'
import type { Ground, Scenario } from '../harness/scenario.ts'

export const migration: Scenario = {
  name: 'a group under load goes from the classic protocol to the consumer protocol and back, without loss',
  suits: ({ assignors }) => assignors?.classic !== undefined && assignors.consumer !== undefined,
  async run(ground, test) {
    for (const assignor of ground.client.assignors!.classic!)
      await test.test(`from and to ${assignor}`, (test) => goAndReturn(ground, assignor, test))
  },
}

async function goAndReturn(ground: Ground, assignor: string, test: TestContext): Promise<void> {
  const group = await LoadedGroup.open(ground, test)
  const classic = { protocol: 'classic', assignor } as const
  const consumer = { protocol: 'consumer' } as const
  const assertType = async (type: 'classic' | 'consumer'): Promise<void> =>
    assert.equal((await ground.native.groups.get(group.group)).type, type)
  const [first, second] = [await group.join(classic), await group.join(classic)]
  await group.settle()
  await assertType('classic')
  const third = await group.join(consumer)
  await group.settle()
  await assertType('consumer')
  await group.leave(first)
  await group.settle()
  await group.leave(second)
  const fourth = await group.join(consumer)
  await group.settle()
  await assertType('consumer')
  await group.join(classic)
  await group.settle()
  await group.leave(third)
  await group.leave(fourth)
  await group.join(classic)
  await group.settle()
  await assertType('classic')
  await group.end()
}
