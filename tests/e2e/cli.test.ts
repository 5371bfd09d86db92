// The `sluice` program as users call it: every command as text and as JSON, exit codes, pipes and signals.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { brokerFor } from '../support/broker-process.ts'
import type { BrokerProcess } from '../support/broker-process.ts'

const program = new URL('../../packages/broker/src/main.ts', import.meta.url).pathname

interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

type Row = Record<string, unknown>

/** One run of the program, which may still go on. */
class Run {
  out = ''
  err = ''
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<Outcome>

  constructor(args: readonly string[], server: string | undefined) {
    const environment = { ...process.env, ...(server !== undefined && { SLUICE_SERVER: server }) }
    this.child = spawn(process.execPath, [program, ...args], { env: environment })
    this.child.stdout.on('data', (chunk: Buffer) => (this.out += chunk.toString()))
    this.child.stderr.on('data', (chunk: Buffer) => (this.err += chunk.toString()))
    this.ended = once(this.child, 'close').then(([code]) => ({
      code: code as number | null,
      out: this.out,
      err: this.err,
    }))
  }

  async until(isThere: (run: Run) => boolean, withinMs = 20_000): Promise<void> {
    const deadline = Date.now() + withinMs
    while (!isThere(this)) {
      assert.ok(Date.now() < deadline, `it did not come: ${this.out}${this.err}`)
      await sleep(10)
    }
  }
}

/** Calls the program against one broker. */
class Shell {
  readonly server: string | undefined

  constructor(server?: string) {
    this.server = server
  }

  start(t: TestContext, ...args: string[]): Run {
    const run = new Run(args, this.server)
    t.after(() => run.child.kill('SIGKILL'))
    return run
  }

  async run(args: readonly string[], input: string | Uint8Array = ''): Promise<Outcome> {
    const run = new Run(args, this.server)
    run.child.stdin.on('error', () => {})
    run.child.stdin.end(input)
    return run.ended
  }

  /** Its output; fails unless it ends with 0 and has nothing to complain. */
  async ok(...args: string[]): Promise<string> {
    const { code, out, err } = await this.run(args)
    assert.deepEqual([code, err], [0, ''], args.join(' '))
    return out
  }

  async json<Result = Row>(...args: string[]): Promise<Result> {
    return JSON.parse(await this.ok(...args, '--json')) as Result
  }

  async rows(...args: string[]): Promise<Row[]> {
    return rowsOf(await this.ok(...args, '--json'))
  }

  /** Fails unless it is refused, on one line and as a document, with this exit code and error code. */
  async refused(exitCode: number, code: string, ...args: string[]): Promise<string> {
    const [text, asJson] = await Promise.all([this.run(args), this.run([...args, '--json'])])
    assert.deepEqual([text.code, text.out], [exitCode, ''], `${args.join(' ')}: ${text.err}`)
    assert.match(text.err, /^sluice: [^\n]+\n$/)
    assert.ok(text.err.endsWith(` [${code}]\n`), text.err)
    const { error } = JSON.parse(asJson.err) as { error: Row }
    assert.deepEqual([asJson.code, error['code'], error['exitCode']], [exitCode, code, exitCode])
    return text.err
  }
}

function rowsOf(text: string): Row[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}

async function shellFor(t: TestContext): Promise<{ shell: Shell; broker: BrokerProcess }> {
  const broker = await brokerFor(t)
  return { shell: new Shell(broker.address), broker }
}

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

before(() => {
  // Why: those who run the tests may have set it for their own work.
  delete process.env['SLUICE_SERVER']
})

test('streams: created, listed, shown, altered, deleted', async (t) => {
  const { shell } = await shellFor(t)
  const created = await shell.ok('stream', 'create', 'ORDERS', '--subject', 'orders.>', '--partitions', '2')
  assert.match(created, /^stream +ORDERS$/m)
  assert.match(created, /^subjects +orders\.>$/m)
  await shell.ok('stream', 'create', 'ORDERS', '--subject', 'orders.>', '--partitions', '2')
  const kept = { maxAgeMs: 0, maxBytes: 0, maxMessages: 0 }
  const size = { partitions: 2, durability: 'fsync', messageBytesMax: 1_048_576 }
  const config = { subjects: ['orders.>'], ...size, ...kept }
  const shown = (await shell.json<{ config: object }>('stream', 'info', 'ORDERS')).config
  assert.deepEqual({ ...shown, ...config }, shown)
  assert.match(await shell.ok('stream', 'info', 'ORDERS'), /^PARTITION {2}LOG START/m)
  assert.match(await shell.ok('stream', 'list'), /^ORDERS +2 +0 /m)
  assert.deepEqual(
    (await shell.json<Row[]>('stream', 'list')).map(({ name }) => name),
    ['ORDERS'],
  )

  const altered = await shell.json(
    'stream',
    'alter',
    'ORDERS',
    '--partitions',
    '3',
    '--message-bytes-max',
    '64KiB',
  )
  assert.deepEqual(altered['config'], { ...shown, partitions: 3, messageBytesMax: 65_536 })
  const shorter = ['--max-age', '7d', '--max-bytes', '10GiB', '--max-messages', '1000000']
  assert.match(
    await shell.ok('stream', 'alter', 'ORDERS', ...shorter),
    /^kept +at most 7d, 10 GiB of a partition, 1000000 messages of a partition$/m,
  )
  assert.match(
    await shell.ok('stream', 'alter', 'ORDERS', '--max-age', '0', '--max-bytes', '0', '--max-messages', '0'),
    /^kept +for ever$/m,
  )

  await shell.refused(4, 'stream-exists', 'stream', 'create', 'ORDERS', '--partitions', '1')
  await shell.refused(2, 'invalid-stream-config', 'stream', 'alter', 'ORDERS', '--partitions', '1')
  await shell.refused(2, 'invalid-stream-name', 'stream', 'create', 'OR/DERS')
  await shell.refused(3, 'unknown-stream', 'stream', 'info', 'NOPE')

  assert.equal(await shell.ok('stream', 'delete', 'ORDERS'), 'Stream ORDERS is deleted\n')
  await shell.refused(3, 'unknown-stream', 'stream', 'delete', 'ORDERS')
  assert.deepEqual(await shell.json('stream', 'list'), [])
})

test('publishing: data from everywhere, and reading it back to the byte', async (t) => {
  const { shell } = await shellFor(t)
  const folder = folderFor(t)
  await shell.ok('stream', 'create', 'S')
  assert.equal(
    await shell.ok('publish', 'S', 'a.1', 'hello', '--header', 'trace=x=y'),
    'S: partition 0, offset 0\n',
  )
  assert.deepEqual(await shell.json('publish', 'S', 'a.2', '--tombstone'), {
    stream: 'S',
    partition: 0,
    offset: 1,
  })

  const bytes = Buffer.from([0xff, 0x00, 0x0a, 0x1b])
  writeFileSync(join(folder, 'binary'), bytes)
  await shell.ok('publish', 'S', 'a.3', '--file', join(folder, 'binary'))
  assert.equal((await shell.run(['publish', 'S', 'a.4'], 'piped\n')).code, 0)
  assert.equal((await shell.run(['publish', 'S', 'a.{n}', '--lines'], 'one\ntwo\r\nthree')).code, 0)
  assert.match(await shell.ok('publish', 'S', 'b.{n}', 'message {n}', '--count', '3'), /^ +0 +3 +7 +9$/m)
  assert.equal(await shell.ok('publish', 'S', 'a.5', '--', '--json'), 'S: partition 0, offset 10\n')

  const rows = await shell.rows('read', 'S')
  assert.deepEqual(
    rows.map(({ offset, subject, data, dataBase64 }) => [
      offset,
      subject,
      data === undefined ? dataBase64 : data,
    ]),
    [
      [0, 'a.1', 'hello'],
      [1, 'a.2', null],
      [2, 'a.3', bytes.toString('base64')],
      [3, 'a.4', 'piped\n'],
      [4, 'a.1', 'one'],
      [5, 'a.2', 'two'],
      [6, 'a.3', 'three'],
      [7, 'b.1', 'message 1'],
      [8, 'b.2', 'message 2'],
      [9, 'b.3', 'message 3'],
      [10, 'a.5', '--json'],
    ],
  )
  assert.deepEqual(rows[0]!['headers'], { trace: 'x=y' })
  const text = await shell.ok('read', 'S', '--limit', '3')
  assert.match(
    text,
    /^0:0 \S+ a\.1 \{trace=x=y\} hello\n0:1 \S+ a\.2 \(tombstone\)\n0:2 \S+ a\.3 base64:\/wAKGw==\n$/,
  )
  const out = openSync(join(folder, 'copy'), 'w')
  const copy = spawn(
    process.execPath,
    [program, 'read', 'S', '--from', '2', '--limit', '1', '--format', 'bytes'],
    {
      stdio: ['ignore', out, 'inherit'],
      env: { ...process.env, SLUICE_SERVER: shell.server },
    },
  )
  assert.deepEqual(await once(copy, 'exit'), [0, null])
  assert.deepEqual(readFileSync(join(folder, 'copy')), bytes)

  await shell.refused(3, 'unknown-stream', 'publish', 'NOPE', 'a.1', 'x')
  await shell.refused(2, 'invalid-subject', 'publish', 'S', 'a..b', 'x')
  await shell.refused(2, 'usage', 'publish', 'S', 'a.1', '--file', join(folder, 'missing'))
  const { code, err } = await shell.run(['publish', 'S', 'a.1', '--lines'], `fine\n${'x'.repeat(2 << 20)}\n`)
  assert.equal(code, 2)
  assert.match(err, /^sluice: 1 message published before this failed:\nsluice: .*\[message-too-large\]\n$/)
})

test('reading: places, limits, partitions, following, and readers who leave', async (t) => {
  const { shell } = await shellFor(t)
  await shell.ok('stream', 'create', 'ONE')
  await shell.ok('publish', 'ONE', 'a', 'm{n}', '--count', '5000')
  const datas = async (...args: string[]): Promise<unknown[]> =>
    (await shell.rows('read', 'ONE', ...args)).map(({ data }) => data)
  assert.deepEqual(await datas('--from', '4998'), ['m4999', 'm5000'])
  assert.deepEqual(await datas('--from', 'last'), ['m5000'])
  assert.deepEqual(await datas('--from', 'next'), [])
  assert.deepEqual(await datas('--from', '2000-01-01T00:00:00Z', '--limit', '2'), ['m1', 'm2'])
  assert.equal((await datas()).length, 5000)
  assert.equal(await shell.ok('read', 'ONE', '--from', '10', '--limit', '2', '--format', 'raw'), 'm11\nm12\n')
  await shell.refused(2, 'offset-out-of-range', 'read', 'ONE', '--from', '5001')
  await shell.refused(3, 'unknown-partition', 'read', 'ONE', '--partition', '1')
  await shell.refused(3, 'unknown-stream', 'read', 'NOPE')

  await shell.ok('stream', 'create', 'TWO', '--partitions', '2')
  await shell.ok('publish', 'TWO', 's.{n}', 'x', '--count', '100')
  const rows = await shell.rows('read', 'TWO')
  assert.deepEqual([rows.length, new Set(rows.map(({ partition }) => partition)).size], [100, 2])
  await shell.refused(2, 'usage', 'read', 'TWO', '--from', '3')

  const follower = shell.start(t, 'read', 'TWO', '--follow', '--from', 'last', '--format', 'raw')
  await follower.until(({ out }) => out === 'x\nx\n')
  await shell.ok('publish', 'TWO', 's.{n}', 'y', '--count', '20')
  await follower.until(({ out }) => out.length === 44)
  follower.child.kill('SIGINT')
  assert.deepEqual(await follower.ended, { code: 0, out: `x\nx\n${'y\n'.repeat(20)}`, err: '' })

  const left = shell.start(t, 'read', 'ONE')
  left.child.stdout.once('data', () => left.child.stdout.destroy())
  const { code, err } = await left.ended
  assert.deepEqual([code, err], [0, ''])
})

test('consumers: created with rules, listed, altered, explained, deleted', async (t) => {
  const { shell } = await shellFor(t)
  await shell.ok('stream', 'create', 'S')
  const rules = ['--rule', 'premium.>=30', '--rule', 'freemium.>=1']
  const times = ['--ack-wait', '1m', '--backoff', '100,1s', '--max-deliver', '5', '--max-inflight', '500']
  const created = await shell.json('consumer', 'create', 'S', 'gw', '--filter', '>', ...rules, ...times)
  assert.deepEqual(created['config'], {
    filter: ['>'],
    rules: [
      { match: 'premium.>', limit: 30 },
      { match: 'freemium.>', limit: 1 },
    ],
    maxInflight: 500,
    ackWaitMs: 60_000,
    maxDeliver: 5,
    backoffMs: [100, 1000],
    deadLetterStream: 'S.dlq',
    deliverFrom: 'all',
    ackPolicy: 'explicit',
    onExhausted: 'dead-letter',
  })
  assert.match(await shell.ok('consumer', 'create', 'S', 'all'), /^rules +none$/m)
  await shell.refused(4, 'consumer-exists', 'consumer', 'create', 'S', 'gw')
  await shell.refused(3, 'unknown-stream', 'consumer', 'create', 'NOPE', 'gw')
  await shell.refused(2, 'usage', 'consumer', 'create', 'S', 'x', '--rule', 'a.>=0')
  assert.match(await shell.ok('consumer', 'list', 'S'), /^gw +500 +1m +5 +> +premium\.>=30, freemium\.>=1$/m)
  const listed = await shell.json<Row[]>('consumer', 'list', 'S')
  assert.deepEqual(new Set(listed.map(({ name }) => name)), new Set(['all', 'gw']))

  const change = [
    '--rule',
    'premium.>=5',
    '--rule',
    'new=2',
    '--remove-rule',
    'freemium.>',
    '--ack-wait',
    '2m',
  ]
  const altered = (await shell.json('consumer', 'alter', 'S', 'gw', ...change))['config'] as Row
  assert.deepEqual(altered['rules'], [
    { match: 'premium.>', limit: 5 },
    { match: 'new', limit: 2 },
  ])
  assert.deepEqual([altered['ackWaitMs'], altered['maxInflight']], [120_000, 500])
  await shell.refused(2, 'usage', 'consumer', 'alter', 'S', 'gw', '--remove-rule', 'freemium.>')

  const idle = await shell.json('consumer', 'explain', 'S', 'gw', 'premium.u1')
  assert.deepEqual([idle['reason'], idle['limit']], ['idle', 5])
  const sentence = (await shell.ok('consumer', 'explain', 'S', 'gw', 'premium.u1')).split('\n')
  assert.deepEqual(sentence.slice(0, 2), [idle['text'], ''])
  await shell.refused(2, 'invalid-subject', 'consumer', 'explain', 'S', 'gw', 'premium.>')

  assert.equal(await shell.ok('consumer', 'delete', 'S', 'gw'), 'Consumer gw of S is deleted\n')
  await shell.refused(3, 'unknown-consumer', 'consumer', 'info', 'S', 'gw')
  await shell.refused(3, 'unknown-consumer', 'subscribe', 'S', 'gw')
})

test('rules with all their fields, where a consumer begins, and what is shown of it', async (t) => {
  const { shell } = await shellFor(t)
  await shell.ok('stream', 'create', 'S')
  await shell.ok('publish', 'S', 'o.acme.1', 'before')
  const words = 'o.{tenant}.> limit=1 total=5 rate=100/s burst=20 weight=2'
  const json = JSON.stringify({ match: 'free.>', limit: 3 })
  const more = ['--deliver-from', 'new', '--on-exhausted', 'block', '--max-deliver', '1']
  const created = await shell.ok('consumer', 'create', 'S', 'gw', '--rule', words, '--rule', json, ...more)
  assert.ok(created.includes(`${words}, free.>=3`), created)
  assert.match(created, /^exhausted +block$/m)
  assert.match(created, /^began with +new$/m)
  await shell.refused(2, 'invalid-rule', 'consumer', 'create', 'S', 'x', '--rule', '{"match":"a","limit":0}')
  await shell.ok('consumer', 'create', 'S', 'later', '--deliver-from', '1', '--ack-policy', 'none')

  await shell.ok('publish', 'S', 'o.acme.{n}', 'm{n}', '--count', '2')
  const holder = shell.start(t, 'subscribe', 'S', 'gw', '--ack', 'none', '--format', 'raw')
  await holder.until(({ out }) => out === 'm1\n')
  const text = await shell.ok('consumer', 'explain', 'S', 'gw', 'o.acme.2')
  assert.match(text, /^SHARED +CAPTURED/m)
  assert.match(text, /^capture +tenant=acme +1 +1 +1 /m)
  const [row] = await shell.json<Row[]>('consumer', 'pools', 'S', 'gw', '--by', 'oldest')
  assert.deepEqual([row!['subject'], row!['parked'], row!['nextOffset']], ['o.acme.2', 1, 2])
  assert.match(await shell.ok('consumer', 'info', 'S', 'gw'), /^held back +1 by their pool's limit$/m)
})

test('fetching, pausing, draining, and deciding on what is blocked', async (t) => {
  const { shell } = await shellFor(t)
  await shell.ok('stream', 'create', 'S')
  const strict = ['--rule', '>=1', '--max-deliver', '1', '--on-exhausted', 'block']
  await shell.ok('consumer', 'create', 'S', 'gw', ...strict)
  await shell.ok('publish', 'S', 'a.{n}', 'm{n}', '--count', '4')
  await shell.ok('publish', 'S', 'b.1', 'other')

  const paused = await shell.ok('consumer', 'pause', 'S', 'gw', '--match', 'a.>', '--for', '1h')
  assert.match(paused, /^PAUSED +SINCE +UNTIL$/m)
  assert.match(paused, /^a\.> +\S+Z +\S+Z$/m)
  assert.deepEqual(
    (await shell.rows('consumer', 'fetch', 'S', 'gw', '--count', '10', '--timeout', '300ms')).map(
      ({ data }) => data,
    ),
    ['other'],
  )
  assert.equal((await shell.json('consumer', 'explain', 'S', 'gw', 'a.1'))['reason'], 'paused')
  await shell.refused(4, 'not-paused', 'consumer', 'resume', 'S', 'gw')
  await shell.ok('consumer', 'resume', 'S', 'gw', '--match', 'a.>')
  await shell.refused(2, 'usage', 'consumer', 'drain', 'S', 'gw', 'a.4')
  assert.equal(
    await shell.ok('consumer', 'drain', 'S', 'gw', 'a.4', '--yes'),
    '1 message settled undelivered\n',
  )

  const { code, err } = await shell.run(['subscribe', 'S', 'gw', '--exec', 'exit 1', '--limit', '3'])
  assert.equal(code, 0, err)
  const blocked = await shell.json<Row[]>('consumer', 'blocked', 'S', 'gw')
  assert.deepEqual(
    blocked.map(({ subject, attempts }) => [subject, attempts]),
    [
      ['a.1', 1],
      ['a.2', 1],
      ['a.3', 1],
    ],
  )
  assert.match(await shell.ok('consumer', 'blocked', 'S', 'gw'), /^a\.1 +0:0 +1 +the command ended with 1$/m)
  assert.equal(await shell.ok('consumer', 'unblock', 'S', 'gw', 'a.1', 'retry'), 'a.1: 1 message, retry\n')
  await shell.ok('consumer', 'unblock', 'S', 'gw', 'a.2', 'drop')
  await shell.ok('consumer', 'unblock', 'S', 'gw', 'a.3', 'dead-letter')
  await shell.refused(4, 'not-blocked', 'consumer', 'unblock', 'S', 'gw', 'a.3', 'drop')
  const again = await shell.rows('consumer', 'fetch', 'S', 'gw', '--timeout', '300ms')
  assert.deepEqual(
    again.map(({ subject, attempt }) => [subject, attempt]),
    [['a.1', 1]],
  )
})

test('dead letters: listed, replayed, dropped', async (t) => {
  const { shell } = await shellFor(t)
  await shell.ok('stream', 'create', 'S')
  await shell.ok('consumer', 'create', 'S', 'gw', '--max-deliver', '1')
  await shell.ok('publish', 'S', 'a.{n}', 'm{n}', '--count', '3')
  await shell.run(['subscribe', 'S', 'gw', '--exec', 'exit 3', '--limit', '3'])
  const letters = await shell.json<Row[]>('dead-letter', 'list', 'S', 'gw')
  assert.deepEqual(
    letters.map(({ subject, error, attempts }) => [subject, error, attempts]),
    [1, 2, 3].map((n) => [`a.${n}`, 'the command ended with 3', 1]),
  )
  assert.match(await shell.ok('dead-letter', 'list', 'S', 'gw', '--match', 'a.2'), /^0:1 +a\.2 +S 0:1 /m)
  const short = await shell.run(['dead-letter', 'list', 'S', 'gw', '--limit', '1'])
  assert.match(short.err, /There are more letters/)
  assert.equal(await shell.ok('dead-letter', 'replay', 'S', 'gw', '0:0'), '1 dead letter replayed to S\n')
  const [replayed] = await shell.rows('consumer', 'fetch', 'S', 'gw', '--timeout', '300ms')
  assert.deepEqual([replayed!['subject'], replayed!['data'], replayed!['offset']], ['a.1', 'm1', 3])
  await shell.refused(2, 'usage', 'dead-letter', 'drop', 'S', 'gw', '--all')
  assert.equal(
    await shell.ok('dead-letter', 'drop', 'S', 'gw', '--match', 'a.3', '--yes'),
    '1 dead letter removed\n',
  )
  const left = await shell.json<Row[]>('dead-letter', 'list', 'S', 'gw')
  assert.deepEqual(
    left.map(({ subject }) => subject),
    ['a.2'],
  )
})

test('messages are removed for good, one by one and in bulk', async (t) => {
  const { shell } = await shellFor(t)
  await shell.ok('stream', 'create', 'S')
  await shell.ok('publish', 'S', 'a.{n}', 'm{n}', '--count', '6')
  const datas = async (): Promise<unknown[]> => (await shell.rows('read', 'S')).map(({ data }) => data)
  await shell.refused(2, 'usage', 'message', 'delete', 'S', '0:1')
  assert.equal(await shell.ok('message', 'delete', 'S', '0:1', '0:4', '--yes'), 'S: 2 messages removed\n')
  assert.deepEqual(await datas(), ['m1', 'm3', 'm4', 'm6'])
  assert.equal(await shell.ok('message', 'delete', 'S', '0:1', '--yes'), 'S: 0 messages removed\n')
  await shell.ok('stream', 'purge', 'S', '--match', 'a.4', '--yes')
  await shell.ok('stream', 'purge', 'S', '--partition', '0', '--before', '1', '--yes')
  assert.deepEqual(await datas(), ['m3', 'm6'])
  await shell.refused(2, 'usage', 'stream', 'purge', 'S')
  assert.deepEqual(await shell.json('stream', 'purge', 'S', '--yes'), { stream: 'S', removed: 2 })
  assert.deepEqual(await datas(), [])
})

test('subscribing: a held message keeps its subject full until the command ends', async (t) => {
  const { shell } = await shellFor(t)
  await shell.ok('stream', 'create', 'S')
  await shell.ok('consumer', 'create', 'S', 'gw', '--rule', 'free.>=1')
  await shell.ok('publish', 'S', 'free.u1', 'm{n}', '--count', '3')
  const holder = shell.start(t, 'subscribe', 'S', 'gw', '--ack', 'none', '--format', 'raw')
  await holder.until(({ out }) => out === 'm1\n')

  const explained = await shell.json('consumer', 'explain', 'S', 'gw', 'free.u1')
  assert.deepEqual([explained['reason'], explained['parked']], ['pool full', 2])
  const text = await shell.ok('consumer', 'explain', 'S', 'gw', 'free.u1')
  assert.match(text, /^rule +free\.>=1$/m)
  assert.match(text, /^OFFSET {2}ATTEMPT {2}MEMBER/m)
  const { stats, pools } = await shell.json<{ stats: Row; pools: Row[] }>('consumer', 'info', 'S', 'gw')
  assert.deepEqual([stats['members'], stats['inFlight'], stats['parked']], [1, 1, 2])
  assert.deepEqual(
    pools.map(({ subject, inFlight, parked }) => [subject, inFlight, parked]),
    [['free.u1', 1, 2]],
  )
  const info = await shell.ok('consumer', 'info', 'S', 'gw', '--by', 'inflight')
  assert.match(info, /^free\.u1 +0 +1 +2 +0 +0 +1 +no +free\.>=1$/m)

  holder.child.kill('SIGINT')
  assert.deepEqual(await holder.ended, { code: 0, out: 'm1\n', err: '' })
  const rows = await shell.rows('subscribe', 'S', 'gw', '--limit', '3')
  assert.deepEqual(
    rows.map(({ data, attempt, stream }) => [data, attempt, stream]),
    [
      ['m1', 1, 'S'],
      ['m2', 1, 'S'],
      ['m3', 1, 'S'],
    ],
  )
  const after = await shell.json<{ stats: Row }>('consumer', 'info', 'S', 'gw')
  assert.deepEqual([after.stats['acked'], after.stats['released'], after.stats['inFlight']], [3, 1, 0])
})

test('subscribing: a command per message acks with 0 and nacks with anything else', async (t) => {
  const { shell } = await shellFor(t)
  const folder = folderFor(t)
  await shell.ok('stream', 'create', 'S')
  await shell.ok('consumer', 'create', 'S', 'gw', '--rule', '>=1')
  await shell.ok('publish', 'S', 'a.b', 'one')
  const log = join(folder, 'seen')
  const place = '"$SLUICE_SUBJECT $SLUICE_PARTITION $SLUICE_OFFSET $SLUICE_ATTEMPT"'
  const command = `{ printf '%s:' ${place}; cat; } >> ${log}; test "$SLUICE_ATTEMPT" = 2`
  const { code, out, err } = await shell.run(['subscribe', 'S', 'gw', '--exec', command, '--limit', '2'])
  assert.deepEqual([code, out, err], [0, '', 'sluice: a.b (0:0) is nacked: the command ended with 1\n'])
  assert.equal(readFileSync(log, 'utf8'), 'a.b 0 0 1:onea.b 0 0 2:one')
  const { stats } = await shell.json<{ stats: Row }>('consumer', 'info', 'S', 'gw')
  assert.deepEqual([stats['acked'], stats['nacked']], [1, 1])

  await shell.ok('publish', 'S', 'a.c', 'two')
  const marks = [join(folder, 'begun'), join(folder, 'done')]
  const slow = shell.start(
    t,
    'subscribe',
    'S',
    'gw',
    '--exec',
    `touch ${marks[0]}; sleep 1; touch ${marks[1]}`,
  )
  await slow.until(() => readdirSync(folder).includes('begun'))
  slow.child.kill('SIGTERM')
  assert.equal((await slow.ended).code, 0)
  assert.ok(readdirSync(folder).includes('done'))
  const ended = await shell.json<{ stats: Row }>('consumer', 'info', 'S', 'gw')
  assert.equal(ended.stats['acked'], 2)
})

test('subscribing: over a kill of the broker, and until the consumer is deleted', async (t) => {
  const { shell, broker } = await shellFor(t)
  await shell.ok('stream', 'create', 'S')
  await shell.ok('consumer', 'create', 'S', 'gw')
  await shell.ok('publish', 'S', 'a', 'before')
  const member = shell.start(t, 'subscribe', 'S', 'gw', '--format', 'raw')
  await member.until(({ out }) => out === 'before\n')
  await broker.kill()
  await member.until(({ err }) => err.includes('broke, looking for another'))
  await broker.start()
  await shell.ok('publish', 'S', 'a', 'after')
  await member.until(({ out }) => out.endsWith('after\n'))
  assert.match(member.err, /Connected again/)
  await shell.ok('consumer', 'delete', 'S', 'gw')
  const { code, err } = await member.ended
  assert.equal(code, 4)
  assert.match(err, /\[consumer-deleted\]\n$/)
})

test('logs offline: verified, dumped, and a flipped bit named', async (t) => {
  const { shell, broker } = await shellFor(t)
  await shell.ok('stream', 'create', 'S')
  for (const data of ['first', 'second', 'third'])
    await shell.ok('publish', 'S', 'a.b', data, '--header', 'h=1')
  const offline = new Shell()
  await offline.refused(4, 'data-directory-locked', 'log', 'verify', broker.dataDir)
  assert.equal(await broker.stop(), 0)
  assert.match(await offline.ok('log', 'verify', broker.dataDir), / is sound: .* closed in order\n$/)

  const streamDir = join(broker.dataDir, 'streams')
  const rows = await offline.rows('log', 'dump', streamDir, '--records')
  assert.deepEqual(
    rows.map(({ kind, baseOffset, records }) => [
      kind,
      baseOffset,
      (records as Row[]).map(({ subject, data }) => [subject, data]),
    ]),
    [
      ['batch', 0, [['a.b', 'first']]],
      ['batch', 1, [['a.b', 'second']]],
      ['batch', 2, [['a.b', 'third']]],
    ],
  )
  assert.deepEqual(
    (await offline.rows('log', 'dump', streamDir, '--from', '1', '--limit', '1')).map(
      (row) => row['baseOffset'],
    ),
    [1],
  )
  const text = await offline.ok('log', 'dump', broker.dataDir, '--records')
  assert.match(text, /at position \d+: offsets 1 to 1, 1 record, .*\n {4}1 \S+ a\.b \{h=1\} second\n/)

  const { file, position } = rows[1] as { file: string; position: number }
  const bytes = readFileSync(file)
  bytes[position + 70]! ^= 4
  writeFileSync(file, bytes)
  const damaged = await offline.run(['log', 'verify', broker.dataDir])
  assert.equal(damaged.code, 5)
  const line = damaged.out.split('\n').find((one) => one.startsWith('damage'))!
  assert.ok(line.includes(`${file} at position ${position}, `) && line.includes('offsets 1 to 1'), line)
  assert.match(damaged.out, / is damaged in 1 place: /)
  const asJson = await offline.run(['log', 'verify', broker.dataDir, '--json'])
  const [finding, summary] = rowsOf(asJson.out)
  assert.deepEqual(
    [finding!['kind'], finding!['position'], summary!['kind'], summary!['damages']],
    ['finding', position, 'summary', 1],
  )
  assert.equal((await offline.run(['log', 'dump', streamDir])).code, 5)
  await offline.refused(2, 'usage', 'log', 'dump', join(broker.dataDir, 'nowhere'))
})

test('version, several servers, and none', async (t) => {
  const { shell, broker } = await shellFor(t)
  const nowhere = new Shell('127.0.0.1:1')
  assert.match(await nowhere.ok('version'), /^sluice \d+\.\d+\.\d+\n$/)
  assert.match(await nowhere.ok('version', '-s', broker.address), /^sluice \S+\nbroker sluice \S+\n$/)
  const { version, broker: asked } = await shell.json<{ version: string; broker: Row }>(
    'version',
    '-s',
    broker.address,
  )
  assert.equal(asked['version'], version)
  assert.equal(
    await nowhere.ok('--server', '127.0.0.1:1', '--server', broker.address, 'stream', 'list', '--json'),
    '[]\n',
  )
  assert.equal(await new Shell(`127.0.0.1:1, ${broker.address}`).ok('stream', 'list', '--json'), '[]\n')
  await nowhere.refused(1, 'no-server', 'stream', 'list', '--connect-timeout', '200ms')
  await nowhere.refused(2, 'usage', 'stream', 'lits')
  await nowhere.refused(2, 'invalid-config', 'serve', '--lisen', 'x')
  await nowhere.refused(
    4,
    'data-directory-locked',
    'serve',
    '--data-dir',
    broker.dataDir,
    '--listen',
    '127.0.0.1:0',
    '--kafka-listen',
    'off',
  )
})
