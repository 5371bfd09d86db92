// Dead letters: written whatever the disk does, never in a circle, and looked after by operators.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { DeadLetterRow } from '@sluice/protocol/model/consumer'
import { settleVerbs } from '@sluice/protocol/native/flow-messages'
import { decodeRecords } from '@sluice/protocol/record/log-record'
import type { LogRecord } from '@sluice/protocol/record/log-record'
import { batchSizeOf } from '@sluice/protocol/record/record-batch'
import { silentLogger } from '../../base/logger.ts'
import { simulate } from '../../testing/sim-io.ts'
import { join, publishSubjects, settle, startFlow, startFlowIn } from './flow-life.fixture.ts'
import type { FlowLife, Received } from './flow-life.fixture.ts'

const decoder = new TextDecoder()

async function made(life: FlowLife, name = 'c', config: object = {}): Promise<void> {
  if (life.streams.find('S') === undefined) await life.streams.create('S', {})
  await life.flow.create('S', name, config)
}

/** Rejects everything that comes. */
async function rejectAll(life: FlowLife, name = 'c'): Promise<Received> {
  const received = join(life, name)
  await life.sleep(50)
  for (const delivery of received.deliveries) settle(received, delivery, settleVerbs.reject, { reason: 'no' })
  await received.membership.durable()
  received.membership.leave('closed')
  return received
}

async function letters(life: FlowLife, name = 'c', query: object = {}): Promise<readonly DeadLetterRow[]> {
  return (await life.flow.operations.listLetters('S', name, { count: 100, ...query })).letters
}

async function recordsOf(life: FlowLife, stream: string): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  for (const partition of life.streams.require(stream).partitions) {
    for (let offset = partition.logStart; offset < partition.highWatermark;) {
      const { bytes, start, end, nextOffset } = await partition.read(offset, 100_000)
      for (let at = start; at < end; at += batchSizeOf(bytes, at)) records.push(...decodeRecords(bytes, at))
      offset = nextOffset
    }
  }
  return records
}

function texts(record: LogRecord): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record.headers).map(([name, value]) => [name, decoder.decode(value ?? new Uint8Array())]),
  )
}

test('letters of this consumer alone are listed, page by page, by subject', () =>
  startFlow(1, async (life) => {
    await made(life)
    await made(life, 'other')
    assert.deepEqual(await life.flow.operations.listLetters('S', 'c', { count: 5 }), {
      deadLetterStream: 'S.dlq',
      letters: [],
    })
    await publishSubjects(life, ['a.1', 'b.1', 'a.2', 'b.2', 'a.3'])
    await rejectAll(life)
    await rejectAll(life, 'other')
    await publishSubjects(life, ['forged'], {
      stream: 'S.dlq',
      headers: { 'sluice-stream': 'S', 'sluice-consumer': 'c' },
    })
    const all = await letters(life)
    assert.deepEqual(
      all.map(({ subject, origin }) => [subject, origin.offset]),
      [
        ['a.1', 0],
        ['b.1', 1],
        ['a.2', 2],
        ['b.2', 3],
        ['a.3', 4],
      ],
    )
    const { reason, error, attempts, sizeBytes, at } = all[0]!
    assert.deepEqual([reason, error, attempts], ['rejected', 'no', 1])
    assert.ok(sizeBytes > 10 && Date.parse(at) > 0)
    const seen: string[] = []
    let after: readonly { partition: number; offset: number }[] | undefined = []
    while (after !== undefined) {
      const page = await life.flow.operations.listLetters('S', 'c', { count: 2, after, match: 'a.*' })
      assert.ok(page.letters.length <= 2)
      seen.push(...page.letters.map(({ subject }) => subject))
      after = page.next
    }
    assert.deepEqual(seen, ['a.1', 'a.2', 'a.3'])
    await assert.rejects(letters(life, 'c', { match: 'a..b' }), { code: 'invalid-pattern' })
  }))

test('replaying publishes the record with its own headers, says where from, and removes the letter', () =>
  startFlow(2, async (life) => {
    await life.streams.create('S', { partitions: 3 })
    await made(life)
    await publishSubjects(life, ['a', 'b', 'd'], { headers: { trace: '7' } })
    await rejectAll(life)
    const [, second] = await letters(life)
    const place = { partition: second!.partition, offset: second!.offset }
    const nowhere = { partition: 5, offset: 77 }
    const choice = { letters: [place, nowhere, place] }
    assert.equal(await life.flow.operations.replayLetters('S', 'c', choice), 1)
    assert.equal((await letters(life)).length, 2)
    assert.equal(await life.flow.operations.replayLetters('S', 'c', choice), 0, 'it is gone')
    const replayed = (await recordsOf(life, 'S')).filter(({ headers }) => 'sluice-replayed-from' in headers)
    assert.deepEqual(
      replayed.map((record) => [record.subject, decoder.decode(record.data!), texts(record)]),
      [
        [
          second!.subject,
          `of ${second!.subject}`,
          { trace: '7', 'sluice-replayed-from': `S.dlq/0/${place.offset}` },
        ],
      ],
    )
    const received = join(life, 'c')
    await life.sleep(50)
    assert.equal(received.deliveries.length, 1)
    settle(received, received.deliveries[0]!, settleVerbs.reject)
    await received.membership.durable()
    assert.equal(await life.flow.operations.replayLetters('S', 'c', { match: '>' }), 3)
    assert.deepEqual(await letters(life), [])
    const again = (await recordsOf(life, 'S')).filter(({ subject }) => subject === second!.subject).at(-1)!
    assert.deepEqual(Object.keys(again.headers), ['trace', 'sluice-replayed-from'])
  }))

test('dropping removes letters, others stay; what is chosen must be said in one way', () =>
  startFlow(3, async (life) => {
    await made(life)
    await made(life, 'other')
    await publishSubjects(life, ['a', 'b', 'a'])
    await rejectAll(life)
    await rejectAll(life, 'other')
    assert.equal(await life.flow.operations.dropLetters('S', 'c', { match: 'a' }), 2)
    assert.deepEqual(
      (await letters(life)).map(({ subject }) => subject),
      ['b'],
    )
    assert.equal((await letters(life, 'other')).length, 3)
    for (const choice of [{}, { match: 'a', letters: [] }]) {
      await assert.rejects(life.flow.operations.dropLetters('S', 'c', choice), { code: 'invalid-request' })
      await assert.rejects(life.flow.operations.replayLetters('S', 'c', choice), { code: 'invalid-request' })
    }
  }))

test('a replay that the stream refuses says so, and keeps the letter', () =>
  startFlow(4, async (life) => {
    await made(life)
    await publishSubjects(life, ['a'])
    await rejectAll(life)
    await life.streams.alter('S', { subjects: ['other.>'] })
    const replay = life.flow.operations.replayLetters('S', 'c', { match: '>' })
    await assert.rejects(replay, { code: 'subject-not-in-stream' })
    assert.equal((await letters(life)).length, 1)
  }))

test('a crash in a replay leaves the letter or the record, or both (30 seeds)', async () => {
  const outcomes = new Set<string>()
  for (let seed = 0; seed < 30; seed++) {
    await simulate(seed, async (world) => {
      const first = await startFlowIn(world)
      await made(first)
      await publishSubjects(first, ['a', 'b'])
      await rejectAll(first)
      void first.flow.operations.replayLetters('S', 'c', { match: '>' }).catch(() => undefined)
      await world.sleep(world.scheduler.random.between(0, 40))
      world.crash('n', 'power')
      const second = await startFlowIn(world)
      const left = (await letters(second)).map(({ subject }) => subject)
      const stored = (await recordsOf(second, 'S')).slice(2).map(({ subject }) => subject)
      for (const subject of ['a', 'b']) {
        assert.ok(left.includes(subject) || stored.includes(subject), `${subject} is lost, seed ${seed}`)
      }
      outcomes.add(`${left.length} ${stored.length}`)
      second.crash()
    })
  }
  assert.ok(outcomes.has('2 0') && outcomes.has('0 2'), [...outcomes].join(', '))
})

test('a circle of dead letters is refused, whichever consumer closes it, also by an alteration', () =>
  startFlow(5, async (life) => {
    await made(life)
    await life.streams.create('S.dlq', {})
    const closing = { deadLetterStream: 'S' }
    const refused = { code: 'dead-letter-loop', message: /back of S\.dlq → S, c of S → S\.dlq/ }
    await assert.rejects(life.flow.create('S.dlq', 'back', closing), refused)
    await life.flow.create('S.dlq', 'back', {})
    await assert.rejects(life.flow.alter('S.dlq', 'back', closing), refused)
    await life.flow.delete('S', 'c')
    await life.flow.alter('S.dlq', 'back', closing)
    await assert.rejects(life.flow.create('S', 'c', {}), { code: 'dead-letter-loop' })
  }))

test('a dead-letter stream that was deleted is made again', () =>
  startFlow(6, async (life) => {
    await made(life)
    await publishSubjects(life, ['a'])
    await rejectAll(life)
    await life.streams.delete('S.dlq')
    assert.deepEqual(await letters(life), [])
    await publishSubjects(life, ['b'])
    await rejectAll(life)
    assert.deepEqual(
      (await letters(life)).map(({ subject }) => subject),
      ['b'],
    )
  }))

test('while the disk is full the record stays and is told of; with space its letter is written', () =>
  simulate(7, async (world) => {
    const life = await startFlowIn(world)
    await made(life, 'c', { maxDeliver: 1, rules: [{ match: '>', limit: 1 }] })
    await life.streams.create('S.dlq', {})
    await publishSubjects(life, ['a', 'a', 'b'])
    const received = join(life, 'c')
    await life.sleep(50)
    const disk = world.disk('n')
    disk.capacityBytes = disk.usedBytes
    settle(received, received.deliveries[0]!, settleVerbs.nack, { reason: 'worker broke' })
    await life.sleep(5000)
    assert.deepEqual(
      received.deliveries.map(({ offset }) => offset),
      [0, 2],
    )
    assert.equal(life.flow.explain('S', 'c', 'a').reason, 'dead-lettering')
    const { inFlight, deadLettered } = life.flow.stats('S', 'c')
    assert.deepEqual([inFlight, deadLettered], [2, 0])
    disk.capacityBytes = Infinity
    await life.sleep(3000)
    assert.deepEqual(
      received.deliveries.map(({ offset }) => offset),
      [0, 2, 1],
    )
    const [letter] = await letters(life)
    assert.deepEqual([letter!.subject, letter!.reason, letter!.error], ['a', 'max-deliver', 'worker broke'])
    assert.equal(life.flow.stats('S', 'c').deadLettered, 1)
    life.crash()
  }))

test('replays and drops of the same letters at once: each letter goes once', () =>
  startFlow(9, async (life) => {
    await made(life)
    await publishSubjects(life, ['a', 'b', 'c'])
    await rejectAll(life)
    const { operations } = life.flow
    const all = { match: '>' }
    const counts = await Promise.all([
      operations.replayLetters('S', 'c', all),
      operations.replayLetters('S', 'c', all),
      operations.dropLetters('S', 'c', all),
    ])
    assert.deepEqual(counts, [3, 0, 0])
    assert.equal((await recordsOf(life, 'S')).length, 6)
    await assert.rejects(operations.replayLetters('S', 'c', {}), { code: 'invalid-request' })
    assert.equal(await operations.replayLetters('S', 'c', all), 0, 'one that failed holds nobody up')
  }))

test('letters whose stream is deleted meanwhile are told as that (40 seeds)', async () => {
  const told = new Set<string>()
  const attempt = async (action: Promise<unknown>): Promise<void> => {
    await action.catch((error: unknown) => told.add((error as BrokerError).code))
  }
  for (let seed = 0; seed < 40; seed++) {
    await startFlow(seed, async (life) => {
      await made(life)
      await publishSubjects(life, ['a', 'b', 'c', 'd', 'e'])
      await rejectAll(life)
      const { operations } = life.flow
      const asked = [
        operations.replayLetters('S', 'c', { match: '>' }),
        operations.dropLetters('S', 'c', { match: 'a' }),
        operations.listLetters('S', 'c', { count: 5 }),
      ].map(attempt)
      await life.sleep(seed % 4)
      await life.streams.delete('S.dlq')
      await Promise.all(asked)
    })
  }
  assert.deepEqual([...told], ['stream-deleted'])
})

test('many letters that a full disk refuses are one line for the operator, not thousands', () =>
  simulate(10, async (world) => {
    const lines: object[] = []
    const error = (fields: object, message: string): void => {
      if (message.startsWith('a dead letter')) lines.push(fields)
    }
    const life = await startFlowIn(world, { ...silentLogger, error })
    await made(life)
    await life.streams.create('S.dlq', {})
    await publishSubjects(
      life,
      Array.from({ length: 100 }, (_, index) => `s.${index}`),
    )
    const received = join(life, 'c')
    await life.sleep(50)
    const disk = world.disk('n')
    disk.capacityBytes = disk.usedBytes
    for (const delivery of received.deliveries) settle(received, delivery, settleVerbs.reject)
    await life.sleep(25_000)
    assert.equal(lines.length, 3)
    assert.ok((lines[1] as { untold: number }).untold > 500)
    disk.capacityBytes = Infinity
    await life.sleep(3000)
    assert.equal(life.flow.stats('S', 'c').deadLettered, 100)
    life.crash()
  }))
