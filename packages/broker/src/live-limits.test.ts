import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client, Consumer, Message, NewConsumer } from '@sluice/client'
import { Broker } from './broker.ts'

interface Opened {
  readonly client: Client
  readonly consumer: Consumer
  /** Deliveries, unsettled, in the order in which they came. */
  readonly held: Message[]
  readonly heldOf: (subject: string) => number
}

async function withConsumer(
  rules: NonNullable<NewConsumer['rules']>,
  { partitions = 1, bucket = true }: { partitions?: number; bucket?: boolean },
  body: (opened: Opened) => Promise<void>,
): Promise<void> {
  const broker = await Broker.start({ memory: true, areInvariantsChecked: true })
  const client = await broker.connect()
  try {
    await client.streams.create('jobs', { partitions })
    if (bucket) await client.streams.create('limits', { partitions: 2 })
    const consumer = await client.consumers.create('jobs', { name: 'work', rules })
    const held: Message[] = []
    consumer.subscribe(
      (message) => {
        held.push(message)
        return new Promise(() => {})
      },
      { concurrency: 1000 },
    )
    const heldOf = (subject: string): number => held.filter((message) => message.subject === subject).length
    await body({ client, consumer, held, heldOf })
  } finally {
    await broker.close()
  }
}

async function publishMany(client: Client, subjects: readonly string[], count: number): Promise<void> {
  for (let index = 0; index < count; index++)
    await Promise.all(subjects.map((subject) => client.publish('jobs', subject, `${index}`)))
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 400 && !condition(); turn++)
    await new Promise((resolve) => setTimeout(resolve, 5))
  assert.ok(condition())
}

/** Long enough for what must not happen to happen. */
const aWhile = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60))

const perTenant = [
  { match: 'jobs.{tenant}.*', limit: { bucket: 'limits', key: 'tenants.{tenant}', default: 2 } },
]

test('the limit of a captured pool is the value of its key, and follows it', async () => {
  await withConsumer(perTenant, { partitions: 3 }, async ({ client, heldOf, held, consumer }) => {
    await client.publish('limits', 'tenants.acme', '3')
    await publishMany(client, ['jobs.acme.a', 'jobs.acme.b', 'jobs.basic.a'], 6)
    const acme = (): number => heldOf('jobs.acme.a') + heldOf('jobs.acme.b')
    await until(() => acme() === 3 && heldOf('jobs.basic.a') === 2)
    await client.publish('limits', 'tenants.acme', '5')
    await until(() => acme() === 5)
    await client.publish('limits', 'tenants.acme', '1')
    await aWhile()
    assert.equal(acme(), 5)
    const { shared } = await consumer.explain('jobs.acme.a')
    assert.deepEqual(
      shared.map(({ captured, inFlight, limit }) => ({ captured, inFlight, limit })),
      [{ captured: { tenant: 'acme' }, inFlight: 5, limit: 1 }],
    )
    for (const message of held.splice(0)) if (message.subject.startsWith('jobs.acme.')) await message.ack()
    await until(() => acme() === 1)
    await aWhile()
    assert.equal(acme(), 1)
  })
})

test('without captures one key is the limit of every subject of the rule', async () => {
  const rules = [{ match: 'jobs.>', limit: { bucket: 'limits', key: 'all', default: 1 } }]
  await withConsumer(rules, {}, async ({ client, heldOf }) => {
    await publishMany(client, ['jobs.a', 'jobs.b'], 5)
    await until(() => heldOf('jobs.a') === 1 && heldOf('jobs.b') === 1)
    await client.publish('limits', 'all', '3')
    await until(() => heldOf('jobs.a') === 3 && heldOf('jobs.b') === 3)
    await client.publish('limits', 'all', null)
    await aWhile()
    assert.equal(heldOf('jobs.a'), 3)
  })
})

test('what is no limit, or has no key, or no bucket, leaves the default', async () => {
  await withConsumer(perTenant, { bucket: false }, async ({ client, heldOf }) => {
    await publishMany(client, ['jobs.acme.a', 'jobs.basic.a'], 5)
    await until(() => heldOf('jobs.acme.a') === 2 && heldOf('jobs.basic.a') === 2)
    await client.streams.create('limits')
    for (const value of ['0', '-1', '1.5', 'many', '1000001', '{"limit":4}', ''])
      await client.publish('limits', 'tenants.acme', value)
    await client.publish('limits', 'tenants.basic', '4')
    await until(() => heldOf('jobs.basic.a') === 4)
    assert.equal(heldOf('jobs.acme.a'), 2)
    await client.streams.delete('limits')
    await publishMany(client, ['jobs.acme.a', 'jobs.basic.a'], 1)
    await aWhile()
    assert.equal(heldOf('jobs.basic.a'), 4)
  })
})

test('who asks is shown the rule as it was given, in data that may go to another node', async () => {
  const whole = { match: 'jobs.basic.*', limit: { bucket: 'limits', key: 'basic', default: 1 } }
  await withConsumer([...perTenant, whole], {}, async ({ client, consumer, heldOf }) => {
    await client.publish('limits', 'basic', '2')
    await publishMany(client, ['jobs.acme.a', 'jobs.basic.a'], 4)
    await until(() => heldOf('jobs.acme.a') === 2 && heldOf('jobs.basic.a') === 2)
    const { shared } = await consumer.explain('jobs.acme.a')
    assert.deepEqual(
      shared.map(({ rule, limit }) => ({ rule, limit })),
      [{ rule: perTenant[0], limit: 2 }],
    )
    const { rule, limit } = await consumer.explain('jobs.basic.a')
    assert.deepEqual({ rule, limit }, { rule: whole, limit: 2 })
    const [row] = (await consumer.pools()).filter(({ subject }) => subject === 'jobs.basic.a')
    assert.deepEqual(row?.rule, whole)
  })
})

test('nothing is delivered before the bucket has been read, so that no start exceeds a limit', async () => {
  const broker = await Broker.start({ memory: true, areInvariantsChecked: true })
  const client = await broker.connect()
  try {
    await client.streams.create('jobs')
    await client.streams.create('limits')
    const large = 'x'.repeat(10_000)
    for (let index = 0; index < 3000; index++) void client.publish('limits', `other.${index}`, large)
    await client.publish('limits', 'tenants.acme', '1')
    await publishMany(client, ['jobs.acme.a'], 5)
    const consumer = await client.consumers.create('jobs', { name: 'work', rules: perTenant })
    let most = 0
    consumer.subscribe(
      () => {
        most++
        return new Promise(() => {})
      },
      { concurrency: 10 },
    )
    await until(() => most > 0)
    await aWhile()
    assert.equal(most, 1)
  } finally {
    await broker.close()
  }
})

test('a live limit that cannot hold is refused with the rule and the reason', async () => {
  const broker = await Broker.start({ memory: true })
  const client = await broker.connect()
  const refusals: [object, RegExp][] = [
    [
      { bucket: 'limits', key: 'x.{user}', default: 1 },
      /Rule 1 \('jobs\.\{tenant\}\.\*'\): .*does not capture \{user\}\. Correct the named rule\.$/,
    ],
    [{ bucket: 'limits', key: 'x.>', default: 1 }, /'>' says nothing/],
    [{ bucket: 'a/b', key: 'x', default: 1 }, /"a\/b" is no name for a stream\. Correct the named rule\.$/],
    [{ bucket: 'limits', key: 'x', default: 0 }, /'limit\.default' must be >= 1/],
    [{ bucket: 'limits', key: 'x' }, /lacks '(limit\.)?default'/],
    [{ bucket: 'limits', key: 'x', default: 1, more: 1 }, /there is no property 'limit\.more'/],
  ]
  try {
    await client.streams.create('jobs')
    for (const [limit, message] of refusals) {
      const rules = [{ match: 'jobs.{tenant}.*', limit }] as unknown as NonNullable<NewConsumer['rules']>
      await assert.rejects(client.consumers.create('jobs', { name: 'c', rules }), {
        code: 'invalid-rule',
        message,
      })
    }
  } finally {
    await broker.close()
  }
})

test('a key whose records have left the bucket has no value, or that of an older record', async () => {
  await withConsumer(perTenant, { partitions: 2 }, async ({ client, consumer }) => {
    const limitOf = async (tenant: string): Promise<number | undefined> =>
      (await consumer.explain(`jobs.${tenant}.a`)).shared[0]?.limit
    const untilLimit = async (tenant: string, limit: number): Promise<void> => {
      for (let turn = 0; turn < 400 && (await limitOf(tenant)) !== limit; turn++) await aWhile()
      assert.equal(await limitOf(tenant), limit)
    }
    await client.publish('limits', 'tenants.acme', '5')
    const newest = await client.publish('limits', 'tenants.acme', '7')
    await client.publish('limits', 'tenants.basic', '9')
    await untilLimit('acme', 7)
    await untilLimit('basic', 9)
    await client.streams.deleteMessages('limits', [{ partition: newest.partition, offset: newest.offset }])
    await untilLimit('acme', 5)
    assert.equal(await limitOf('basic'), 9)
    await client.streams.purge('limits')
    await untilLimit('acme', 2)
    await untilLimit('basic', 2)
    await client.publish('limits', 'tenants.acme', '3')
    await untilLimit('acme', 3)
  })
})

test('a bucket that was purged before it is followed says what is put there next', async () => {
  const broker = await Broker.start({ memory: true, areInvariantsChecked: true })
  const client = await broker.connect()
  try {
    await client.streams.create('jobs')
    await client.streams.create('limits')
    await client.publish('limits', 'tenants.acme', '5')
    await client.streams.purge('limits')
    const consumer = await client.consumers.create('jobs', { name: 'work', rules: perTenant })
    await aWhile()
    await client.publish('limits', 'tenants.acme', '3')
    await aWhile()
    await client.publish('limits', 'tenants.other', '4')
    await aWhile()
    assert.equal((await consumer.explain('jobs.acme.a')).shared[0]?.limit, 3)
  } finally {
    await broker.close()
  }
})
