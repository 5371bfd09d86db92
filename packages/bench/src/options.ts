// The options of `npm run bench`: one table, from which parsing and help come.

import { parseArgs } from 'node:util'
import { isTargetName, TARGET_NAMES } from './targets/target.ts'
import type { Durability, TargetName } from './targets/target.ts'

/** Which rules a consumer has in `flow`. */
const RULE_KINDS = ['none', 'patterns', 'captures'] as const
export type RuleKind = (typeof RULE_KINDS)[number]

export interface BenchOptions {
  readonly scenarios: readonly string[]
  readonly peers: readonly TargetName[]
  readonly seconds: number
  readonly rounds: number
  readonly payloadBytes?: number
  readonly messageCount?: number
  readonly batchCount: number
  readonly lanes: number
  readonly window: number
  readonly durabilities: readonly Durability[]
  readonly subjectCounts: readonly number[]
  readonly ruleKinds: readonly RuleKind[]
  readonly shardCounts: readonly number[]
  readonly rates: readonly number[]
  readonly consumerCounts: readonly number[]
  readonly parkedCount: number
  readonly memberCounts: readonly number[]
  readonly linkCount: number
  readonly storedBytes?: number
  readonly parentFolder?: string
  readonly profileFolder?: string
  readonly htmlPath?: string
  /** A broker that runs already; else every measurement starts its own. */
  readonly server?: string
  readonly isDirectIo: boolean
  readonly isJson: boolean
}

interface OptionRow {
  readonly value: string
  readonly default?: string
  readonly doc: string
}

const TABLE = {
  against: { value: 'LIST', default: '', doc: 'peers to measure too: nats, redis' },
  seconds: { value: 'N', default: '3', doc: 'how long each measurement takes' },
  rounds: { value: 'N', default: '1', doc: 'repeats each measurement; the median round is reported' },
  durability: { value: 'LIST', default: 'fsync', doc: 'fsync, os, memory; only where a scenario publishes' },
  payload: { value: 'BYTES', doc: 'size of a message; default 64, read and recovery 1024' },
  batch: { value: 'N', default: '256', doc: 'publish: messages in a batch' },
  out: { value: 'N', default: '8', doc: 'publish: batches without an answer at a time' },
  messages: { value: 'N', doc: 'read, flow, fan-out: messages that are stored before' },
  window: { value: 'N', default: '1000', doc: 'unsettled messages that a consumer may hold' },
  subjects: { value: 'LIST', default: '1,1000,1000000', doc: 'flow: numbers of subjects' },
  rules: { value: 'LIST', default: 'none,patterns,captures', doc: 'flow: none, patterns, captures' },
  shards: { value: 'LIST', default: '1,2', doc: 'shards, groups: numbers of shards' },
  members: { value: 'LIST', default: '200,1000', doc: 'groups: numbers of members' },
  links: { value: 'N', default: '10000', doc: 'connections: how many' },
  rates: { value: 'LIST', default: '1000,5000,20000', doc: 'latency: messages a second' },
  consumers: { value: 'LIST', default: '1,4', doc: 'fan-out: numbers of consumers' },
  parked: { value: 'N', default: '1000000', doc: 'isolation, memory: messages behind a subject' },
  megabytes: { value: 'N', doc: 'what is stored; default: recovery 256, compaction 1000' },
  server: { value: 'HOST:PORT', doc: 'measures a broker that runs there, in a stream of its own' },
  folder: { value: 'PATH', doc: 'where servers store; default the folder for temporary files' },
  profile: { value: 'PATH', doc: 'writes CPU profiles of the brokers and loaders, and prints what is hot' },
  html: { value: 'FILE', doc: 'writes a report with plots' },
} as const satisfies Record<string, OptionRow>

const SWITCHES = {
  'direct-io': 'publish: also with storage past the page cache',
  json: 'prints one JSON object instead of tables',
  help: 'this',
} as const

type OptionName = keyof typeof TABLE
type Given = { readonly [Name in OptionName]?: string }

/** Throws an Error whose message says which option is wrong. */
export function readOptions(
  args: readonly string[],
  scenarioNames: readonly string[],
): BenchOptions | 'help' {
  const values = Object.keys(TABLE).map((name) => [name, { type: 'string' }] as const)
  const switches = Object.keys(SWITCHES).map((name) => [name, { type: 'boolean' }] as const)
  const { positionals, values: given } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...Object.fromEntries(values), ...Object.fromEntries(switches) },
  })
  if (given['help'] === true || positionals.length === 0) return 'help'
  const scenarios = positionals.includes('all') ? [...scenarioNames] : positionals
  const unknown = scenarios.find((name) => !scenarioNames.includes(name))
  if (unknown !== undefined) throw new Error(`There is no scenario ${unknown}: ${scenarioNames.join(', ')}`)
  refuseContradictions(given as Given)
  return {
    ...optionsOf(given as Given, scenarios),
    isJson: given['json'] === true,
    isDirectIo: given['direct-io'] === true,
  }
}

/** A broker that runs is nobody's to profile, and peers beside it would have other conditions. */
function refuseContradictions(given: Given): void {
  if (given.server === undefined) return
  for (const name of ['against', 'profile', 'folder'] as const)
    if (given[name] !== undefined) throw new Error(`--server and --${name} exclude each other`)
}

function optionsOf(given: Given, scenarios: readonly string[]): Omit<BenchOptions, 'isJson' | 'isDirectIo'> {
  const text = (name: OptionName): string => given[name] ?? (TABLE[name] as OptionRow).default ?? ''
  const count = (name: OptionName): number => readCount(name, text(name))
  const counts = (name: OptionName): number[] => listOf(text(name)).map((each) => readCount(name, each))
  return {
    scenarios,
    peers: listOf(text('against')).map(readPeer),
    seconds: count('seconds'),
    rounds: count('rounds'),
    ...(given.payload !== undefined && { payloadBytes: count('payload') }),
    ...(given.messages !== undefined && { messageCount: count('messages') }),
    batchCount: count('batch'),
    lanes: count('out'),
    window: count('window'),
    durabilities: listOf(text('durability')).map(readDurability),
    subjectCounts: counts('subjects'),
    ruleKinds: listOf(text('rules')).map(readRuleKind),
    shardCounts: counts('shards'),
    rates: counts('rates'),
    consumerCounts: counts('consumers'),
    parkedCount: count('parked'),
    memberCounts: counts('members'),
    linkCount: count('links'),
    ...(given.megabytes !== undefined && { storedBytes: count('megabytes') * 1e6 }),
    ...(given.server !== undefined && { server: given.server }),
    ...(given.folder !== undefined && { parentFolder: given.folder }),
    ...(given.profile !== undefined && { profileFolder: given.profile }),
    ...(given.html !== undefined && { htmlPath: given.html }),
  }
}

function listOf(text: string): string[] {
  return text.split(',').filter((each) => each !== '')
}

function readCount(name: OptionName, text: string): number {
  const value = Number(text.replaceAll('_', ''))
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new Error(`--${name} is ${text}; it must be a whole number above 0`)
}

function readPeer(name: string): TargetName {
  if (isTargetName(name) && name !== 'sluice') return name
  const peers = TARGET_NAMES.filter((each) => each !== 'sluice')
  throw new Error(`--against takes ${peers.join(', ')}, not ${name}`)
}

function readDurability(name: string): Durability {
  if (name === 'fsync' || name === 'os' || name === 'memory') return name
  throw new Error(`--durability takes fsync, os, memory, not ${name}`)
}

function readRuleKind(name: string): RuleKind {
  const kind = RULE_KINDS.find((each) => each === name)
  if (kind !== undefined) return kind
  throw new Error(`--rules takes ${RULE_KINDS.join(', ')}, not ${name}`)
}

export function helpText(
  scenarios: readonly { name: string; doc: string }[],
  program = 'npm run bench --',
): string {
  const options = Object.entries(TABLE).map(([name, row]: [string, OptionRow]) => {
    const doc = row.default ? `${row.doc} (default ${row.default})` : row.doc
    return { name: `--${name} ${row.value}`, doc }
  })
  const flags = Object.entries(SWITCHES).map(([name, doc]) => ({ name: `--${name}`, doc }))
  return `${program} <scenario>... [options]

Scenarios
${rowsText([...scenarios, { name: 'all', doc: 'all of them' }])}
Options
${rowsText([...options, ...flags])}
Examples
${examples.map((line) => `  ${program} ${line}\n`).join('')}`
}

const examples = [
  'publish --against nats,redis --html bench.html',
  'flow --rules none,patterns,captures --subjects 1000,1000000 --rounds 5 --json',
  'latency --rates 1000,5000 --durability fsync,os',
  'publish flow --server 127.0.0.1:9898',
]

function rowsText(rows: readonly { name: string; doc: string }[]): string {
  return rows.map(({ name, doc }) => `  ${name.padEnd(18)} ${doc}\n`).join('')
}
