// What operators ask of streams and consumers: what goes over the wire, and what comes back of the answer.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { opcodes } from '@sluice/protocol/native/frame'
import type { Client } from './client.ts'
import { connect } from './connect.ts'
import type { Consumer } from './consume/consumer.ts'
import { ScriptedBroker } from './testing/scripted-broker.contract.ts'

interface Call {
  readonly method: string
  readonly params: Record<string, unknown>
}

interface Scene {
  readonly client: Client
  readonly consumer: Consumer
  /** All calls after the consumer was made. */
  readonly calls: Call[]
  /** What is answered, by method; else the parameters. */
  readonly answers: Record<string, (params: Record<string, unknown>) => unknown>
}

async function scene(t: TestContext): Promise<Scene> {
  const calls: Call[] = []
  const answers: Scene['answers'] = {}
  const broker = await ScriptedBroker.start((request) => {
    if (request.opcode !== opcodes.call) return false
    const call = JSON.parse(Buffer.from(request.body).toString()) as Call
    calls.push(call)
    const result = answers[call.method]?.(call.params) ?? call.params
    request.peer.send(opcodes.call, request.correlation, (writer) =>
      writer.raw(Buffer.from(JSON.stringify(result))),
    )
    return true
  })
  t.after(() => broker.close())
  const client = await connect({ servers: [broker.address] })
  t.after(() => client.close())
  const consumer = await client.consumers.create('S', { name: 'C' })
  calls.length = 0
  return { client, consumer, calls, answers }
}

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof BrokerError && error.code === expected
}

const id = { stream: 'S', name: 'C' }

test('purge and deleteMessages say what goes, and return how many', async (t) => {
  const { client, calls, answers } = await scene(t)
  answers['streams.purge'] = () => ({ removed: 12 })
  answers['streams.deleteMessages'] = ({ messages }) => ({ removed: (messages as unknown[]).length })
  assert.equal(await client.streams.purge('S'), 12)
  await client.streams.purge('S', { match: 'orders.*.u1' })
  await client.streams.purge('S', { partition: 3, before: 100 })
  const message = { partition: 1, offset: 5, subject: 'not sent' }
  assert.equal(await client.streams.deleteMessages('S', [message, { partition: 0, offset: 9 }]), 2)
  assert.deepEqual(calls, [
    { method: 'streams.purge', params: { name: 'S' } },
    { method: 'streams.purge', params: { name: 'S', match: 'orders.*.u1' } },
    { method: 'streams.purge', params: { name: 'S', partition: 3, before: 100 } },
    {
      method: 'streams.deleteMessages',
      params: {
        name: 'S',
        messages: [
          { partition: 1, offset: 5 },
          { partition: 0, offset: 9 },
        ],
      },
    },
  ])
})

test('where a consumer begins may be a Date', async (t) => {
  const { client, calls } = await scene(t)
  const fromTime = new Date('2026-01-02T03:04:05.006Z')
  await client.consumers.create('S', { name: 'a', deliverFrom: { fromTime } })
  await client.consumers.create('S', { name: 'b', deliverFrom: { fromTime: '2026-01-02T03:04:05Z' } })
  await client.consumers.create('S', { name: 'c', deliverFrom: { fromOffset: 7 }, ackPolicy: 'none' })
  await client.consumers.create('S', { name: 'd', deliverFrom: 'last-per-subject', onExhausted: 'block' })
  assert.deepEqual(
    calls.map(({ params }) => params['config']),
    [
      { deliverFrom: { fromTime: '2026-01-02T03:04:05.006Z' } },
      { deliverFrom: { fromTime: '2026-01-02T03:04:05Z' } },
      { deliverFrom: { fromOffset: 7 }, ackPolicy: 'none' },
      { deliverFrom: 'last-per-subject', onExhausted: 'block' },
    ],
  )
  const wrong = { name: 'e', deliverFrom: { fromTime: new Date(Number.NaN) } }
  await assert.rejects(client.consumers.create('S', wrong), code('invalid-option'))
})

test('pause and resume, a pattern or all of it, with an end', async (t) => {
  const { consumer, calls, answers } = await scene(t)
  const pauses = [{ match: 'a.>', since: '2026-01-01T00:00:00Z' }]
  answers['consumers.pause'] = () => ({ ...id, pauses })
  answers['consumers.resume'] = () => ({ ...id, pauses: [] })
  await consumer.pause()
  await consumer.pause({ match: 'a.>', until: new Date(1000) })
  assert.deepEqual(consumer.info.pauses, pauses)
  await consumer.pause({ until: '2030-01-01T00:00:00Z' })
  await consumer.resume({ match: 'a.>' })
  assert.deepEqual(consumer.info.pauses, [])
  await consumer.resume()
  assert.deepEqual(calls, [
    { method: 'consumers.pause', params: id },
    { method: 'consumers.pause', params: { ...id, match: 'a.>', until: '1970-01-01T00:00:01.000Z' } },
    { method: 'consumers.pause', params: { ...id, until: '2030-01-01T00:00:00Z' } },
    { method: 'consumers.resume', params: { ...id, match: 'a.>' } },
    { method: 'consumers.resume', params: id },
  ])
  await assert.rejects(consumer.pause({ until: new Date(Number.NaN) }), code('invalid-option'))
})

test('drain, blocked, unblock and pools', async (t) => {
  const { consumer, calls, answers } = await scene(t)
  answers['consumers.drain'] = () => ({ drained: 3 })
  answers['consumers.unblock'] = () => ({ records: 2 })
  answers['consumers.blocked'] = () => [{ subject: 'a', partition: 0, offset: 1, attempts: 5, error: 'no' }]
  assert.equal(await consumer.drain('a.>'), 3)
  assert.equal((await consumer.blocked())[0]!.attempts, 5)
  await consumer.blocked({ count: 5 })
  assert.equal(await consumer.unblock('a', 'dead-letter'), 2)
  await consumer.pools({ top: 'oldest', count: 3 })
  assert.deepEqual(calls, [
    { method: 'consumers.drain', params: { ...id, match: 'a.>' } },
    { method: 'consumers.blocked', params: { ...id, count: 100 } },
    { method: 'consumers.blocked', params: { ...id, count: 5 } },
    { method: 'consumers.unblock', params: { ...id, subject: 'a', decision: 'dead-letter' } },
    { method: 'consumers.pools', params: { ...id, top: 'oldest', count: 3 } },
  ])
})

test('dead letters: one page, all pages, replayed, dropped', async (t) => {
  const { consumer, calls, answers } = await scene(t)
  const letters = [0, 1, 2, 3, 4].map((offset) => ({ partition: 0, offset }))
  answers['deadLetters.list'] = ({ count, after }) => {
    const start = after === undefined ? 0 : (after as { offset: number }[])[0]!.offset + 1
    const page = letters.slice(start, start + (count as number))
    const isLast = start + (count as number) >= letters.length
    return { deadLetterStream: 'S.dlq', letters: page, ...(!isLast && { next: [page.at(-1)] }) }
  }
  answers['deadLetters.replay'] = () => ({ replayed: 4 })
  answers['deadLetters.drop'] = () => ({ dropped: 1 })
  const { deadLetters } = consumer
  assert.equal((await deadLetters.list()).letters.length, 5)
  const sizes: number[] = []
  for await (const page of deadLetters.pages({ count: 2, match: 'a.>' })) sizes.push(page.letters.length)
  assert.deepEqual(sizes, [2, 2, 1])
  assert.equal(await deadLetters.replay({ match: '>' }), 4)
  assert.equal(await deadLetters.drop({ letters: [{ partition: 0, offset: 4 }] }), 1)
  assert.deepEqual(calls, [
    { method: 'deadLetters.list', params: { ...id, count: 100 } },
    { method: 'deadLetters.list', params: { ...id, count: 2, match: 'a.>' } },
    {
      method: 'deadLetters.list',
      params: { ...id, count: 2, match: 'a.>', after: [{ partition: 0, offset: 1 }] },
    },
    {
      method: 'deadLetters.list',
      params: { ...id, count: 2, match: 'a.>', after: [{ partition: 0, offset: 3 }] },
    },
    { method: 'deadLetters.replay', params: { ...id, match: '>' } },
    { method: 'deadLetters.drop', params: { ...id, letters: [{ partition: 0, offset: 4 }] } },
  ])
  await assert.rejects(deadLetters.list({ count: 0 }), code('invalid-option'))
})
