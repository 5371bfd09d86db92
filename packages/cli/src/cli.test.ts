// The command line without a broker: help, mistakes, and what happens to its output.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { BrokerCommands, DumpRow } from './broker-commands.ts'
import { runCli } from './cli.ts'
import { commands } from './commands/all-commands.ts'
import { readCommandLine } from './program.ts'
import type { OutputStream } from './surroundings.ts'

async function* noRows(): AsyncGenerator<DumpRow> {}

const broker: BrokerCommands = {
  version: '1.2.3',
  serve: () => Promise.resolve(0),
  serveHelp: () => 'the help of serve\n',
  verifyLog: () => Promise.reject(new BrokerError('data-directory-invalid', 'There is nothing')),
  dumpLog: noRows,
}

class Written implements OutputStream {
  text = ''
  readonly #error: Error | undefined

  constructor(error?: Error) {
    this.#error = error
  }

  write(bytes: string | Uint8Array, done: (error?: Error | null) => void): void {
    if (this.#error === undefined) this.text += Buffer.from(bytes as Uint8Array).toString()
    queueMicrotask(() => done(this.#error))
  }

  on(): void {}
}

interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function* typing(text: string | undefined): AsyncGenerator<string> {
  if (text !== undefined) yield text
}

interface Given {
  readonly broker?: BrokerCommands
  readonly outError?: Error
  /** What a person at a terminal types; without it there is nobody. */
  readonly typed?: string
}

async function run(argv: string[], given: Given = {}): Promise<Outcome> {
  const { broker: commandsOfBroker = broker, outError, typed } = given
  const [stdout, stderr] = [new Written(outError), new Written()]
  const isTTY = typed !== undefined
  const code = await runCli(argv, commandsOfBroker, {
    environment: {},
    stdin: Object.assign(typing(typed), { isTTY: true }),
    stdout,
    stderr: Object.assign(stderr, { isTTY }),
    onInterrupt: () => () => {},
    exit: () => assert.fail('nobody interrupted'),
  })
  return { code, out: stdout.text, err: stderr.text }
}

/** As a shell splits a line; quotes only, which is all that examples use. */
function words(line: string): string[] {
  return (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''))
}

test('every example of every help page is a call of its own command', () => {
  for (const definition of commands) {
    assert.ok(definition.examples.length > 0, definition.path.join(' '))
    for (const example of definition.examples) {
      const [program, ...argv] = words(example)
      assert.equal(program, 'sluice')
      const selection = readCommandLine(argv, broker)
      assert.ok('definition' in selection && selection.definition === definition, example)
    }
  }
})

test('every command shows its examples and the options that all have', async () => {
  for (const { path, examples } of commands) {
    for (const argv of [
      [...path, '--help'],
      ['help', ...path],
    ]) {
      const { code, out, err } = await run(argv)
      assert.deepEqual([code, err], [0, ''])
      if (path[0] === 'serve') assert.equal(out, 'the help of serve\n')
      else
        for (const expected of [...examples, '--server', '--json'])
          assert.ok(out.includes(expected), argv.join(' '))
    }
  }
})

const mistakes: readonly (readonly [string, RegExp])[] = [
  ['bogus', /unknown command 'bogus'/],
  ['stream creat X', /Did you mean create\?.*see sluice stream --help/],
  ['help bogus', /unknown command 'bogus'/],
  ['help stream bogus', /unknown command 'bogus'; see sluice stream --help/],
  ['read S --limt 3', /unknown option '--limt'.*Did you mean --limit\?/],
  ['read S --limit 0', /'--limit <count>' argument '0' is invalid/],
  ['read S --partition -1', /'--partition <index>' argument '-1' is invalid/],
  ['read S --format xml', /'--format <format>' argument 'xml' is invalid/],
  ['read', /missing required argument 'stream'/],
  ['read S T', /too many arguments/],
  ['publish S s.x', /There is no data/],
  ['publish S s.x data --file f', /DATA and --file exclude each other/],
  ['publish S s.x data --lines', /--lines reads a file/],
  ['publish S s.x --lines --count 3', /cannot be used with/],
  ['publish S s.x data --header trace', /'--header <name=value>' argument 'trace' is invalid/],
  ['consumer create S c --rule a.>', /'--rule <rule>' argument 'a.>' is invalid. There is no limit/],
  ['consumer alter S c', /nothing to change/],
  ['stream alter S', /nothing to change/],
  ['stream purge S', /nobody to ask whether to remove all messages of S; add --yes/],
  ['stream purge S --match a.> --before 3 --yes', /--before needs --partition/],
  ['message delete S 0:1', /nobody to ask whether to remove 1 message of S/],
  ['message delete S 0-1 --yes', /value '0-1' is invalid for argument 'places'/],
  ['consumer drain S c a.>', /nobody to ask/],
  ['consumer pause S c --for 1m --until 2026-01-01', /exclude each other/],
  ['consumer unblock S c a.b forget', /Allowed choices are retry, dead-letter, drop/],
  [
    'consumer create S c --deliver-from yesterday',
    /'--deliver-from <place>' argument 'yesterday' is invalid/,
  ],
  ['consumer alter S c --deliver-from new', /unknown option '--deliver-from'/],
  ['dead-letter drop S c --yes', /Say which letters/],
  ['dead-letter replay S c 0:1 --all', /one of the three/],
  [
    'dead-letter drop S c --match a.>',
    /nobody to ask whether to remove the dead letters that match a.> of c/,
  ],
  ['group reset g', /required option '--to <place>' not specified/],
  ['group reset g --to yesterday', /'--to <place>' argument 'yesterday' is invalid/],
  ['group reset g --to latest --partition 0', /--partition needs --stream/],
  ['group reset g --to latest --force', /unknown option '--force'/],
  ['subscribe S c --ack none --exec x', /exclude each other/],
  ['log verify d --server h:1', /'log verify' talks to no broker; leave out --server/],
  ['log dump /nowhere', /\/nowhere cannot be read/],
  ['stream list --connect-timeout 0', /'--connect-timeout <duration>' argument '0' is invalid/],
  ['stream list --server', /argument missing/],
]

for (const [line, message] of mistakes) {
  test(`sluice ${line}`, async () => {
    const { code, out, err } = await run(line.split(' '))
    assert.deepEqual([code, out], [2, ''])
    assert.match(err, message)
    assert.match(err, /^sluice: [^\n]* \[usage\]\n$/)
    const asJson = await run(['--json', ...line.split(' ')])
    assert.equal(asJson.code, 2)
    const { error } = JSON.parse(asJson.err) as { error: Record<string, unknown> }
    assert.deepEqual([error['code'], error['exitCode']], ['usage', 2])
  })
}

test('a person is asked before something is destroyed, and silence is no consent', async () => {
  const argv = ['stream', 'purge', 'S', '--server', '127.0.0.1:1', '--connect-timeout', '50ms']
  for (const typed of ['n\n', '', '\n', 'yesterday\n']) {
    const { code, err } = await run(argv, { typed })
    assert.equal(code, 2, typed)
    assert.match(err, /^Really remove all messages of S\?.*Nothing was done \[usage\]\n$/s)
  }
  for (const typed of ['y\n', 'YES\n']) assert.match((await run(argv, { typed })).err, /\[no-server\]\n$/)
  assert.match((await run([...argv, '--yes'])).err, /^sluice: .*\[no-server\]\n$/)
  assert.match((await run([...argv, '--json'], { typed: 'y\n' })).err, /add --yes/)
})

test('a format that is no JSON and --json exclude each other', async () => {
  const { code, err } = await run(['read', 'S', '--json', '--format', 'raw'])
  assert.equal(code, 2)
  assert.match(err, /--json and --format raw exclude each other/)
})

test('what stands after -- is data, not an option', () => {
  const selection = readCommandLine(['publish', 'S', 's.x', '--', '--json'], broker)
  assert.ok('definition' in selection)
  assert.deepEqual([selection.args, selection.global.json], [['S', 's.x', '--json'], undefined])
})

test('without a command the help is on standard error', async () => {
  for (const argv of [[], ['stream']]) {
    const { code, out, err } = await run(argv)
    assert.deepEqual([code, out], [2, ''])
    assert.match(err, /^Usage: sluice/)
  }
})

test('serve is handed its flags as they are', async () => {
  const seen: (readonly string[])[] = []
  const serving: BrokerCommands = { ...broker, serve: async (flags) => (seen.push(flags), 7) }
  assert.equal((await run(['serve', '--data-dir', '/x', '--listen=:0'], { broker: serving })).code, 7)
  await run(['serve', '--name', 'n', '--json'], { broker: serving })
  assert.deepEqual(seen, [
    ['--data-dir', '/x', '--listen=:0'],
    ['--name', 'n', '--json'],
  ])
})

test('an error of the broker is one line with its code, and its exit code is by the table', async () => {
  const { code, err } = await run(['log', 'verify', 'd'])
  assert.equal(code, 2)
  assert.match(err, /^sluice: There is nothing\. .*\[data-directory-invalid\]\n$/)
})

test('no server', async () => {
  const { code, err } = await run([
    'stream',
    'list',
    '--server',
    '127.0.0.1:1',
    '--connect-timeout',
    '50ms',
    '--json',
  ])
  const { error } = JSON.parse(err) as { error: Record<string, unknown> }
  assert.deepEqual([code, error['code'], error['isRetryable']], [1, 'no-server', true])
})

test('a reader who leaves ends the command in silence; an output without room is an error', async () => {
  const broken = await run(['version'], { outError: Object.assign(new Error('gone'), { code: 'EPIPE' }) })
  assert.deepEqual(broken, { code: 0, out: '', err: '' })
  const full = await run(['version'], { outError: Object.assign(new Error('no space'), { code: 'ENOSPC' }) })
  assert.deepEqual([full.code, full.err], [1, 'sluice: The output cannot be written: no space [ENOSPC]\n'])
})

test('what a finding says is told as it comes, and damage has an exit code', async () => {
  const finding = {
    directory: 'd/1',
    kind: 'damaged-batch',
    file: 'd/1/0.log',
    position: 80,
    sizeBytes: 9,
    baseOffset: 3,
    nextOffset: 5,
    isDamage: true,
  }
  const counts = {
    logs: 1,
    segments: 1,
    batches: 2,
    records: 3,
    sizeBytes: 99,
    wasClosedCleanly: true,
    damages: 1,
    otherFindings: 0,
  }
  const damaged: BrokerCommands = {
    ...broker,
    verifyLog: async (_, onFinding) => (onFinding(finding), counts),
  }
  const { code, out } = await run(['log', 'verify', 'd'], { broker: damaged })
  assert.equal(code, 5)
  assert.match(out, /^damage {2}damaged-batch {2}d\/1\/0\.log at position 80, 9 bytes, offsets 3 to 4\n/)
  const lines = (await run(['log', 'verify', 'd', '--json'], { broker: damaged })).out.trim().split('\n')
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { kind: string }).kind),
    ['finding', 'summary'],
  )
})
